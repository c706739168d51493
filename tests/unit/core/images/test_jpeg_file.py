"""JPEG files reduced to what their pixels need: hidden scans, endless metadata, markers within other data."""

import re
import struct
import time

import pytest

from core.errors import DecompressionBombError, TruncatedPhotoError
from core.images.decoding import decode_photo
from core.images.jpeg_file import MAX_SCANS, parse_jpeg
from tests import images
from tests.unit.core.images.checks import find_wrong_quadrants

PHOTO = images.encode_image(images.make_quadrants())
PROGRESSIVE = images.encode_image(images.make_quadrants(), progressive=True)
SECONDS = 10.0
"""Ten times what a busy machine needs; without limits the files below take minutes."""


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def insert(segments: bytes, photo: bytes = PHOTO) -> bytes:
    """A photo with segments before its others."""
    return photo[:2] + segments + photo[2:]


def scan_bomb(width: int, height: int, scans: int, *, between: bytes = b"") -> bytes:
    """A progressive gray JPEG of many passes that are short, because a code for 32767 empty blocks exists."""
    blocks = -(-width // 8) * -(-height // 8)
    runs = -(-blocks // 0x7FFF)
    bits = "0" * blocks
    first = int(bits.ljust(-(-blocks // 8) * 8, "1"), 2).to_bytes(-(-blocks // 8), "big")
    bits = ("0" + "1" * 14) * runs
    run = (
        int(bits.ljust(-(-len(bits) // 8) * 8, "1"), 2).to_bytes(-(-len(bits) // 8), "big").replace(b"\xff", b"\xff\0")
    )
    refinement = segment(0xDA, bytes([1, 1, 0, 1, 63, 0])) + run + between
    return b"".join(
        (
            b"\xff\xd8",
            segment(0xDB, b"\0" + b"\1" * 64),
            segment(0xC2, struct.pack(">BHHB", 8, height, width, 1) + bytes([1, 0x11, 0])),
            segment(0xC4, bytes([0x00, 1, 1, *[0] * 14, 0, 1])),
            segment(0xC4, bytes([0x10, 1, 1, *[0] * 14, 0xE0, 0])),
            segment(0xDA, bytes([1, 1, 0, 0, 0, 0])) + first,
            between,
            refinement * scans,
            b"\xff\xd9",
        )
    )


@pytest.mark.parametrize(
    "between",
    [
        b"",
        segment(0xFE, b"\xff\xd9"),
        segment(0xE1, b"Exif\0\0\xff\xd9"),
        b"\xff\x02\xff\xff",
        b"\xff\xd0",
        b"\xff" * 10,
    ],
    ids=["plain", "end marker in a comment", "end marker in EXIF", "reserved marker", "restart marker", "fill bytes"],
)
def test_scans_are_counted_to_the_end_of_the_image(between: bytes) -> None:
    started = time.monotonic()
    with pytest.raises(DecompressionBombError):
        decode_photo(scan_bomb(6000, 4000, 2000, between=between))
    assert time.monotonic() - started < SECONDS


def test_fewer_scans_are_accepted_the_larger_the_image_is() -> None:
    assert decode_photo(scan_bomb(800, 600, MAX_SCANS - 1)).size == (800, 600)
    assert decode_photo(scan_bomb(8000, 6000, 16)).size == (1000, 750)
    for width, height, scans in ((800, 600, MAX_SCANS), (8000, 6000, 40)):
        with pytest.raises(DecompressionBombError):
            decode_photo(scan_bomb(width, height, scans))


@pytest.mark.parametrize(
    "metadata",
    [
        segment(0xE1, b"Exif\0\0" + b"a" * 8),
        segment(0xE1, b"Exif\0\0" + b"a" * 100),
        segment(0xE2, b"ICC_PROFILE\0\1\1"),
        segment(0xED, b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0\0\0\0\4aaaa"),
        segment(0xFE, b""),
        segment(0xEF, b""),
    ],
    ids=["short EXIF", "EXIF", "profile", "Photoshop", "comment", "other"],
)
def test_thousands_of_segments_are_refused_at_once(metadata: bytes) -> None:
    started = time.monotonic()
    with pytest.raises(DecompressionBombError):
        decode_photo(insert(metadata * 100_000))
    assert time.monotonic() - started < SECONDS


@pytest.mark.parametrize("filler", [b"\xff" * 4_000_000, b"\xff\0" * 2_000_000, b"\0" * 4_000_000])
def test_bytes_between_segments_are_passed_over(filler: bytes) -> None:
    started = time.monotonic()
    jfif_end = 20
    assert find_wrong_quadrants(decode_photo(PHOTO[:jfif_end] + filler + PHOTO[jfif_end:])) == {}
    assert time.monotonic() - started < SECONDS


def test_metadata_of_a_photo_editor_is_accepted() -> None:
    metadata = segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + b"x" * 60_000) * 200
    assert find_wrong_quadrants(decode_photo(insert(metadata))) == {}


def test_only_what_the_pixels_need_is_kept() -> None:
    photo = images.encode_image(
        images.make_quadrants(), exif=images.phone_exif(), icc_profile=images.display_p3_profile(), comment="Nobody"
    )
    extra = b"".join(
        segment(marker, content)
        for marker, content in (
            (0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>"),
            (0xE2, b"MPF\0junk"),
            (0xED, b"Photoshop 3.0\0"),
            (0xFE, b"\xff\xd9\xff\xda"),
        )
    )
    file = parse_jpeg(insert(extra, photo) + b"trailing video")
    for dropped in (b"Nobody\xff", b"xap", b"MPF", b"Photoshop", b"video"):
        assert dropped not in file.body
    for kept in (b"Exif\0\0", b"ICC_PROFILE", b"JFIF"):
        assert file.body.count(kept) == 1


def test_first_exif_block_counts() -> None:
    blocks = b"".join(segment(0xE1, images.phone_exif(orientation)) for orientation in (6, 3))
    assert decode_photo(insert(blocks)).size == (80, 120)


@pytest.mark.parametrize(
    ("marker", "name"),
    [(0xE0, b"JFIF"), (0xE0, b"JFIF\0"), (0xE1, b"Exif\0\0"), (0xE2, b"ICC_PROFILE\0"), (0xEE, b"Adobe")],
)
def test_metadata_segment_that_is_too_short_does_not_matter(marker: int, name: bytes) -> None:
    for length in range(len(name), 15):
        short = segment(marker, name.ljust(length, b"\1"))
        assert find_wrong_quadrants(decode_photo(insert(short))) == {}
        assert decode_photo(insert(short * 2)).size == (120, 80)


def test_short_segment_does_not_hide_the_next_one() -> None:
    photo = images.encode_image(images.make_quadrants().convert("CMYK"))
    assert b"Adobe" in photo
    whole = decode_photo(photo)
    assert decode_photo(insert(segment(0xEE, b"Adobe\0"), photo)).tobytes() == whole.tobytes()


@pytest.mark.parametrize("photo", [PHOTO, PROGRESSIVE])
def test_pixels_stay_the_same(photo: bytes) -> None:
    reduced = parse_jpeg(insert(segment(0xFE, b"\xff\xda" * 1000), photo))
    assert decode_photo(reduced.complete).tobytes() == decode_photo(photo).tobytes()
    assert reduced.has_end


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_progressive_jpeg_without_a_scan_lacks_bands(mode: str) -> None:
    photo = images.encode_image(images.make_scene(200, 150).convert(mode), progressive=True)
    starts = [match.start() for match in re.finditer(b"\xff\xda", photo)]
    assert parse_jpeg(photo[:-2]).has_all_bands
    assert decode_photo(photo[:-2]).tobytes() == decode_photo(photo).tobytes()
    for start in starts[1:]:
        assert not parse_jpeg(photo[:start]).has_all_bands
        with pytest.raises(TruncatedPhotoError):
            decode_photo(photo[:start])


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.97])
def test_progressive_jpeg_that_ends_in_its_first_scan_is_truncated(mode: str, share: float) -> None:
    """Also with an end marker: its lower part is missing, which smoothing hides."""
    photo = images.encode_image(images.make_scene(480, 360).convert(mode), progressive=True)
    first, second = [match.start() for match in re.finditer(b"\xff\xda", photo)][:2]
    cut = photo[: first + round(share * (second - first))].removesuffix(b"\xff")
    with pytest.raises(TruncatedPhotoError):
        decode_photo(cut + b"\xff\xd9")
    whole = decode_photo(photo[:second] + b"\xff\xd9")
    assert whole.size == (480, 360), "a coarse image is a whole one"


def test_file_without_a_scan_is_truncated() -> None:
    start = PHOTO.index(b"\xff\xda")
    for data in (PHOTO[:start], PHOTO[: start + 5], PHOTO[:30], b"\xff\xd8\xff", b"\xff\xd8\xff\xd9"):
        with pytest.raises(TruncatedPhotoError):
            parse_jpeg(data)
