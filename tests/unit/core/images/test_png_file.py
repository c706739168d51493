"""PNG files with damaged, oversized and countless chunks that hold no pixels."""

import struct
import time
import zlib

import pytest
from PIL import Image

from core.errors import CorruptPhotoError, DecompressionBombError, TruncatedPhotoError
from core.images.decoding import decode_photo
from core.images.png_file import MAX_PROFILE_BYTES, reduce_png
from tests import images
from tests.unit.core.images.checks import find_wrong_quadrants

PHOTO = images.encode_image(images.make_quadrants(), "PNG")
HEADER_END = 33
MEGABYTE_OF_TEXT = zlib.compress(b"a" * 2**20)
SECONDS = 10.0


def chunk(name: bytes, content: bytes, checksum: int | None = None) -> bytes:
    correct = zlib.crc32(name + content)
    return (
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", correct if checksum is None else checksum)
    )


def insert(chunks: bytes, photo: bytes = PHOTO) -> bytes:
    """A photo with chunks before its pixels."""
    return photo[:HEADER_END] + chunks + photo[HEADER_END:]


@pytest.mark.parametrize(
    "name",
    [
        "tRNS",
        "PLTE",
        "tEXt",
        "zTXt",
        "iTXt",
        "iCCP",
        "cHRM",
        "gAMA",
        "sRGB",
        "pHYs",
        "tIME",
        "eXIf",
        "sBIT",
        "bKGD",
        "hIST",
    ],
)
@pytest.mark.parametrize("content", [b"", b"\0", b"a\0\7", b"\xff" * 50, b"a\0\0" + b"\xff" * 20])
def test_damaged_metadata_do_not_matter(name: str, content: bytes) -> None:
    assert find_wrong_quadrants(decode_photo(insert(chunk(name.encode(), content)))) == {}
    assert find_wrong_quadrants(decode_photo(insert(chunk(name.encode(), content, checksum=7)))) == {}


@pytest.mark.parametrize("name", ["acTL", "fcTL", "fdAT", "sPLT", "vpAg", "caNv", "abCd"])
def test_animation_and_private_chunks_do_not_matter(name: str) -> None:
    assert find_wrong_quadrants(decode_photo(insert(chunk(name.encode(), b"\0" * 8)))) == {}


@pytest.mark.parametrize(
    "chunks",
    [
        chunk(b"zTXt", b"a\0\0" + MEGABYTE_OF_TEXT) * 3000,
        chunk(b"iTXt", b"a\0\1\0\0\0" + MEGABYTE_OF_TEXT) * 3000,
        chunk(b"iCCP", b"a\0\0" + MEGABYTE_OF_TEXT) * 3000,
        chunk(b"iCCP", b"a\0\0" + zlib.compress(b"a" * 2**26)),
    ],
    ids=["zTXt", "iTXt", "iCCP", "large iCCP"],
)
def test_compressed_metadata_are_not_inflated(chunks: bytes) -> None:
    started = time.monotonic()
    assert find_wrong_quadrants(decode_photo(insert(chunks))) == {}
    assert time.monotonic() - started < SECONDS


@pytest.mark.parametrize("name", [b"tEXt", b"abCd", b"IDAT"])
def test_countless_chunks_are_refused(name: bytes) -> None:
    started = time.monotonic()
    with pytest.raises(DecompressionBombError):
        decode_photo(insert(chunk(name, b"") * 300_000))
    assert time.monotonic() - started < SECONDS


def test_damaged_pixels_are_refused() -> None:
    start = PHOTO.index(b"IDAT") + 4
    with pytest.raises(CorruptPhotoError):
        decode_photo(PHOTO[:start] + b"\x77" * 40 + PHOTO[start + 40 :])
    with pytest.raises(TruncatedPhotoError):
        decode_photo(PHOTO[: start + 40])


def test_orientation_and_profile_are_kept() -> None:
    photo = images.encode_image(
        images.make_quadrants(), "PNG", exif=images.phone_exif(6), icc_profile=images.display_p3_profile()
    )
    reduced = reduce_png(photo)
    assert b"eXIf" in reduced
    assert b"iCCP" in reduced
    assert decode_photo(photo).size == (80, 120)


@pytest.mark.parametrize("size", [1_500_000, MAX_PROFILE_BYTES, MAX_PROFILE_BYTES + 1])
def test_profile_of_any_size_does_not_refuse_the_photo(size: int) -> None:
    photo = insert(chunk(b"iCCP", b"big\0\0" + zlib.compress(bytes(size))))
    assert find_wrong_quadrants(decode_photo(photo)) == {}
    assert (b"iCCP" in reduce_png(photo)) == (size <= MAX_PROFILE_BYTES)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P"])
def test_transparency_of_the_wrong_length_does_not_matter(mode: str) -> None:
    image = images.make_quadrants().convert(mode)
    photo = images.encode_image(image, "PNG")
    pixels = photo.index(b"IDAT") - 4
    lengths = {"L": [0, 1, 3, 6], "RGB": [0, 1, 2, 5, 7], "P": [0, 257, 300]}.get(mode, [0, 1, 2, 6])
    for length in lengths:
        decoded = decode_photo(photo[:pixels] + chunk(b"tRNS", bytes(length)) + photo[pixels:])
        assert decoded.tobytes() == decode_photo(photo).tobytes()


def test_transparency_of_the_right_length_is_kept() -> None:
    photo = images.encode_image(Image.new("RGB", (80, 80), (200, 30, 30)), "PNG")
    transparent = chunk(b"tRNS", struct.pack(">3H", 200, 30, 30))
    assert decode_photo(insert(transparent, photo)).getpixel((40, 40)) == (255, 255, 255)
    damaged = transparent[:-1] + bytes([transparent[-1] ^ 1])
    assert decode_photo(insert(damaged, photo)).getpixel((40, 40)) == (200, 30, 30)


def test_orientation_that_only_xmp_tells_is_not_applied() -> None:
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    for form in ("JPEG", "WEBP", "AVIF"):
        assert decode_photo(images.encode_image(images.make_quadrants(), form, xmp=xmp)).size == (120, 80)
    assert find_wrong_quadrants(decode_photo(insert(chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp)))) == {}
