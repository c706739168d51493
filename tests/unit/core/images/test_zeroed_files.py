"""Files of the right length whose end was never written: downloads that broke off, cards that failed."""

import zlib
from itertools import product

import pytest
from PIL import Image

from core.errors import CorruptPhotoError, TruncatedPhotoError
from core.images.decoding import decode_photo
from tests import images

SCENE = images.make_scene(400, 300)
FILES = {
    "lossy WebP": images.encode_image(SCENE, "WEBP", quality=90),
    "lossless WebP": images.encode_image(SCENE, "WEBP", lossless=True),
    "AVIF": images.encode_image(SCENE, "AVIF", quality=90),
    "HEIC": images.encode_image(SCENE, "HEIF", quality=90),
    "PNG": images.encode_image(SCENE, "PNG"),
}


@pytest.mark.parametrize(("name", "share"), [*product(FILES, (0.3, 0.6, 0.8)), ("PNG", 0.9), ("PNG", 0.99)])
def test_file_that_ends_in_zeros_is_refused(name: str, share: float) -> None:
    data = FILES[name]
    start = int(len(data) * share)
    with pytest.raises((TruncatedPhotoError, CorruptPhotoError)):
        decode_photo(data[:start] + bytes(len(data) - start))


@pytest.mark.parametrize("name", FILES)
def test_whole_file_is_accepted(name: str) -> None:
    assert decode_photo(FILES[name]).size == SCENE.size
    if name != "PNG":
        assert decode_photo(FILES[name] + bytes(5000)).size == SCENE.size, "zeros after the image"


@pytest.mark.parametrize("form", ["WEBP", "AVIF", "HEIF", "PNG"])
def test_plain_image_is_accepted(form: str) -> None:
    for color in ("black", "white"):
        assert decode_photo(images.encode_image(Image.new("RGB", (300, 200), color), form)).size == (300, 200)


def test_wrong_checksum_of_whole_pixels_does_not_matter() -> None:
    data = FILES["PNG"]
    at = data.index(b"IDAT")
    stop = at + 4 + int.from_bytes(data[at - 4 : at], "big")
    assert zlib.crc32(data[at:stop]) == int.from_bytes(data[stop : stop + 4], "big")
    assert decode_photo(data[:stop] + b"\0\0\0\0" + data[stop + 4 :]).tobytes() == decode_photo(data).tobytes()
    middle = (at + stop) // 2
    damaged = data[:middle] + bytes([data[middle] ^ 0x55]) + data[middle + 1 :]
    with pytest.raises((TruncatedPhotoError, CorruptPhotoError)):
        decode_photo(damaged)
