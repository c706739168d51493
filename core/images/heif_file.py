"""The container of HEIC and AVIF files (ISO base media file): boxes that begin with their size and name."""

from collections.abc import Iterator

from core.errors import TruncatedPhotoError
from core.images.color_space import ColorSpace

COLOR_BOX = b"colrnclx"
MAX_BOXES = 10_000
MIN_ZEROS = 8 * 2**10


def is_truncated_heif(data: bytes) -> bool:
    """Whether the last box ends beyond the file."""
    end = 0
    for _, _, stop in _boxes(data):
        end = stop
    return end > len(data)


def check_heif(data: bytes) -> bytes:
    """Return the file if its pixels seem to be there.

    Raises:
        TruncatedPhotoError: so many bytes at the end of the media data are zero that they were never written. Metadata
            there may end in a few kilobytes of zeros.
    """
    for name, start, stop in _boxes(data):
        if name == b"mdat":
            content = data[start:stop]
            zeros = len(content) - len(content.rstrip(b"\0"))
            if zeros > max(MIN_ZEROS, len(content) // 8):
                raise TruncatedPhotoError("HEIF whose media data end in zeros")
    return data


def read_heif_color_space(data: bytes) -> ColorSpace | None:
    """The first color space that the file names by code points; tiles and previews have that of their image."""
    for name, start, stop in _boxes(data):
        if name == b"meta":
            at = data.find(COLOR_BOX, start, min(stop, len(data)))
            code_points = data[at + len(COLOR_BOX) :][:4] if at >= 0 else b""
            if len(code_points) == 4:
                return ColorSpace(int.from_bytes(code_points[:2], "big"), int.from_bytes(code_points[2:], "big"))
    return None


def _boxes(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, start of the content and end of the outermost boxes."""
    at = 0
    for _ in range(MAX_BOXES):
        if at + 8 > len(data):
            return
        size, header = int.from_bytes(data[at : at + 4], "big"), 8
        if size == 1:
            size, header = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        if size == 0:
            size = len(data) - at
        if size < header:
            return
        yield data[at + 4 : at + 8], at + header, at + size
        at += size
