"""WebP files with faults of their container."""

import struct

import pytest
from PIL import Image

from core.errors import CorruptPhotoError, TruncatedPhotoError
from core.images.decoding import decode_photo
from core.images.webp_file import reduce_webp
from tests import images
from tests.unit.core.images.checks import find_wrong_quadrants

QUADRANTS = images.make_quadrants()
PLAIN = images.encode_image(QUADRANTS, "WEBP", quality=95)
EXTENDED = images.encode_image(
    QUADRANTS, "WEBP", quality=95, exif=images.phone_exif(), icc_profile=images.display_p3_profile()
)
ALL = {
    "plain": PLAIN,
    "lossless": images.encode_image(QUADRANTS, "WEBP", lossless=True),
    "with EXIF": images.encode_image(QUADRANTS, "WEBP", quality=95, exif=images.phone_exif()),
    "animation": images.encode_image(
        QUADRANTS, "WEBP", quality=95, save_all=True, append_images=[Image.new("RGB", QUADRANTS.size)] * 3
    ),
    "with alpha": images.encode_image(QUADRANTS.convert("RGBA"), "WEBP", quality=95),
}


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("length", [0, 100, 10**9])
def test_length_of_the_file_may_be_wrong(name: str, length: int) -> None:
    data = ALL[name]
    assert find_wrong_quadrants(decode_photo(data[:4] + struct.pack("<I", length) + data[8:])) == {}


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("junk", [b"junk", b"JUNK\xff\xff\xff\x7f", b"EXIF\3\0\0\0abc", b"\0" * 1000])
def test_bytes_after_the_image_do_not_matter(name: str, junk: bytes) -> None:
    data = ALL[name]
    assert find_wrong_quadrants(decode_photo(data + junk)) == {}
    counted = data[:4] + struct.pack("<I", len(data) + len(junk) - 8) + data[8:] + junk
    assert find_wrong_quadrants(decode_photo(counted)) == {}


def test_metadata_that_the_flags_do_not_announce_are_ignored() -> None:
    data = bytearray(images.encode_image(QUADRANTS, "WEBP", quality=95, exif=images.phone_exif(6)))
    assert decode_photo(bytes(data)).size == (80, 120)
    data[20] = 0
    assert find_wrong_quadrants(decode_photo(bytes(data))) == {}


def test_further_frames_and_metadata_are_dropped() -> None:
    assert reduce_webp(ALL["animation"]).count(b"ANMF") == 1
    reduced = reduce_webp(EXTENDED + b"XMP \4\0\0\0abcd")
    assert b"XMP " not in reduced
    assert b"ICCP" in reduced


@pytest.mark.parametrize("name", ALL)
def test_truncated_or_damaged_image_is_refused(name: str) -> None:
    # Half of an animation may hold its first frame.
    end = ALL[name].index(b"VP8") + 30
    with pytest.raises(TruncatedPhotoError):
        decode_photo(ALL[name][:end])
    with pytest.raises((TruncatedPhotoError, CorruptPhotoError)):
        decode_photo(ALL[name][:12])
