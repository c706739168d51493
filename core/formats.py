"""Which picture format some bytes hold, told by their content, and whether they stop before their own end."""

from __future__ import annotations

from enum import StrEnum
from io import BytesIO
from typing import TYPE_CHECKING

from PIL import Image

from core.jpeg import is_cut_short as jpeg_is_cut_short

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["PhotoFormat", "ends_early", "open_lazily", "sniff"]

BMP_HEADERS = {12, 16, 40, 52, 56, 64, 108, 124}
"""Sizes in bytes that the second header of a BMP has had over the years."""
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
AVIF_BRANDS = {b"avif", b"avis"}
SHARED_BRANDS = {b"mif1", b"mif2", b"msf1", b"miaf"}
"""Brands of the HEIF container that do not say which codec is inside."""

Image.MAX_IMAGE_PIXELS = 200_000_000
"""Pillow warns above this size, and refuses twice as much; Eva's own limits are in `core.photos`."""


class PhotoFormat(StrEnum):
    """A format that Eva reads; the value is its usual name."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"
    GIF = "GIF"
    BMP = "BMP"
    TIFF = "TIFF"
    HEIF = "HEIF"
    AVIF = "AVIF"


SIGNATURES = {
    b"\xff\xd8\xff": PhotoFormat.JPEG,
    b"\x89PNG\r\n\x1a\n": PhotoFormat.PNG,
    b"GIF87a": PhotoFormat.GIF,
    b"GIF89a": PhotoFormat.GIF,
    b"II*\0": PhotoFormat.TIFF,
    b"MM\0*": PhotoFormat.TIFF,
    b"II+\0": PhotoFormat.TIFF,
    b"MM\0+": PhotoFormat.TIFF,
}


def sniff(data: bytes) -> PhotoFormat | None:
    """The format that the first bytes announce, or None if it is none that Eva reads."""
    for signature, form in SIGNATURES.items():
        if data.startswith(signature):
            return form
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return PhotoFormat.WEBP
    if data.startswith(b"BM") and int.from_bytes(data[14:18], "little") in BMP_HEADERS:
        return PhotoFormat.BMP
    if data[4:8] == b"ftyp":
        return _sniff_brands(data)
    return None


def open_lazily(data: bytes, form: PhotoFormat) -> Image.Image:
    """Read the header with Pillow's reader of this format alone; no pixel is decoded yet.

    Raises:
        Exception: whatever the reader raises on a header that it cannot follow.
    """
    if form is PhotoFormat.HEIF:
        # Loads libheif, which most processes never need.
        import pillow_heif  # noqa: PLC0415

        pillow_heif.register_heif_opener()
    return Image.open(BytesIO(data), formats=[form.value])


def ends_early(data: bytes, form: PhotoFormat) -> bool:
    """Whether the file announces more bytes than there are, where its reader does not say so itself."""
    check = ENDINGS.get(form)
    return check is not None and check(data)


def _sniff_brands(data: bytes) -> PhotoFormat | None:
    major = data[8:12]
    brands = data[16 : int.from_bytes(data[:4], "big")]
    compatible = {brands[at : at + 4] for at in range(0, len(brands), 4)}
    if major in AVIF_BRANDS or (major in SHARED_BRANDS and compatible & AVIF_BRANDS):
        return PhotoFormat.AVIF
    if major in HEIC_BRANDS or major in SHARED_BRANDS:
        return PhotoFormat.HEIF
    return None


def _chunks_end_early(data: bytes) -> bool:
    """PNG: length, name, content and checksum, one chunk after the other, up to IEND."""
    at = 8
    while at + 12 <= len(data):
        if data[at + 4 : at + 8] == b"IEND":
            return False
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    return True


def _boxes_end_early(data: bytes) -> bool:
    """ISO base media file: boxes, each led by its size (1: eight more bytes hold it, 0: up to the end)."""
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size == 0:
            return False
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size < 8:
            return False
        at += size
    return at != len(data)


ENDINGS: dict[PhotoFormat, Callable[[bytes], bool]] = {
    PhotoFormat.JPEG: jpeg_is_cut_short,
    PhotoFormat.PNG: _chunks_end_early,
    PhotoFormat.WEBP: lambda data: len(data) < 8 + int.from_bytes(data[4:8], "little"),
    PhotoFormat.HEIF: _boxes_end_early,
    PhotoFormat.AVIF: _boxes_end_early,
}
"""Formats whose readers do not tell an incomplete file from a damaged one."""
