"""GIF files with comments and frames without end."""

import time

import pytest
from PIL import Image

from core.errors import DecompressionBombError, TruncatedPhotoError
from core.images.decoding import decode_photo
from core.images.gif_file import reduce_gif
from tests import images
from tests.unit.core.images.checks import find_wrong_quadrants

PHOTO = images.encode_image(images.make_quadrants(), "GIF")
START = 13 + 3 * 2 ** (1 + PHOTO[10] % 8)
"""Where the color table ends."""
SECONDS = 10.0


@pytest.mark.parametrize(
    "extensions",
    [b"\x21\xfe\x01a\0" * 500_000, b"\x21\xfe" + b"\x01a" * 1_000_000 + b"\0", b"\0" * 500_000],
    ids=["many", "long", "filler"],
)
def test_endless_comments_and_filler_are_refused(extensions: bytes) -> None:
    started = time.monotonic()
    with pytest.raises(DecompressionBombError):
        decode_photo(PHOTO[:START] + extensions + PHOTO[START:])
    assert time.monotonic() - started < SECONDS


@pytest.mark.parametrize("extension", [b"\x21\xfe\x05hello\0", b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0", b"\0\0\0"])
def test_what_is_no_frame_is_dropped(extension: bytes) -> None:
    assert find_wrong_quadrants(decode_photo(PHOTO[:START] + extension + PHOTO[START:] + b"trailing")) == {}


def test_thousands_of_frames_take_no_time() -> None:
    frame = PHOTO[PHOTO.index(b"\x2c", START) : -1]
    started = time.monotonic()
    data = PHOTO[:-1] + frame * 2000 + b"\x3b"
    assert find_wrong_quadrants(decode_photo(data)) == {}
    assert len(reduce_gif(data)) <= len(PHOTO)
    assert time.monotonic() - started < SECONDS


def test_transparency_of_the_first_frame_is_kept() -> None:
    image = Image.new("P", (100, 100), 1)
    image.putpalette([10, 20, 30, 40, 50, 60])
    data = images.encode_image(image, "GIF", transparency=1, save_all=True, append_images=[Image.new("P", (100, 100))])
    assert decode_photo(data).getpixel((50, 50)) == (255, 255, 255)


def test_file_without_a_whole_frame_is_truncated() -> None:
    for end in (13, START, len(PHOTO) // 2, len(PHOTO) - 2):
        with pytest.raises(TruncatedPhotoError):
            decode_photo(PHOTO[:end])
    assert find_wrong_quadrants(decode_photo(PHOTO[:-1])) == {}
