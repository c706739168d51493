"""Raw data of cameras, which begin as TIFF files do."""

import struct

import pytest

from core.errors import NotAnImageError, PhotoError
from core.images.decoding import decode_photo
from tests import images
from tests.unit.core.images.checks import find_wrong_quadrants

PHOTO = images.encode_image(images.make_quadrants(), "TIFF")


def with_tag(tag: int, value: int, data: bytes = PHOTO) -> bytes:
    """The file with a new first directory that has one more entry."""
    (directory,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, directory)
    entries = [data[directory + 2 + 12 * index :][:12] for index in range(count)]
    entries = [entry for entry in entries if struct.unpack_from("<H", entry)[0] != tag]
    entries.append(struct.pack("<HHII", tag, 4, 1, value))
    entries.sort(key=lambda entry: struct.unpack_from("<H", entry)[0])
    new = struct.pack("<H", len(entries)) + b"".join(entries) + b"\0" * 4
    return data[:4] + struct.pack("<I", len(data)) + data[8:] + new


@pytest.mark.parametrize(
    ("tag", "value"),
    [(50706, 0x00000401), (254, 1), (262, 32803), (262, 34892)],
    ids=["DNG", "preview first", "color filter array", "linear raw"],
)
def test_camera_raw_is_no_image(tag: int, value: int) -> None:
    with pytest.raises(NotAnImageError):
        decode_photo(with_tag(tag, value))


def test_raw_file_of_canon_is_no_image() -> None:
    with pytest.raises(NotAnImageError):
        decode_photo(b"II*\0\x10\0\0\0CR\2\0" + b"\0" * 500)


@pytest.mark.parametrize(("tag", "value"), [(254, 0), (305, 0), (65000, 7)])
def test_other_tags_do_not_matter(tag: int, value: int) -> None:
    assert find_wrong_quadrants(decode_photo(with_tag(tag, value))) == {}


@pytest.mark.parametrize(
    "data",
    [b"II*\0", b"MM\0*\xff\xff\xff\xff", b"II+\0\x08\0\0\0" + b"\xff" * 8, PHOTO[:100]],
    ids=["signature only", "directory beyond the file", "big TIFF", "cut directory"],
)
def test_damaged_directory_is_no_crash(data: bytes) -> None:
    with pytest.raises(PhotoError):
        decode_photo(data)
