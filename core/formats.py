"""Which picture format some bytes hold, told by their content, and whether they stop before their own end."""

from __future__ import annotations

import struct
from enum import StrEnum
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING, cast

from core.jpeg import is_cut_short as jpeg_is_cut_short

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.ImageFile import ImageFile

__all__ = ["PhotoFormat", "ends_early", "open_lazily", "sniff"]

BMP_HEADERS = {12, 16, 40, 52, 56, 64, 108, 124}
"""Sizes in bytes that the second header of a BMP has had over the years."""
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
AVIF_BRANDS = {b"avif", b"avis"}
SHARED_BRANDS = {b"mif1", b"mif2", b"msf1", b"miaf"}
"""Brands of the HEIF container that do not say which codec is inside."""
TIFF_SHORT = 3
TIFF_TYPES = {TIFF_SHORT: 2, 4: 4, 5: 8, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
"""Bytes that one value of a TIFF type takes, where not 1."""
STRIP_TAGS = {273, 279, 324, 325}
"""TIFF tags: places and lengths of strips, places and lengths of tiles."""


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


READERS = {
    PhotoFormat.JPEG: ("PIL.JpegImagePlugin", "JpegImageFile"),
    PhotoFormat.PNG: ("PIL.PngImagePlugin", "PngImageFile"),
    PhotoFormat.WEBP: ("PIL.WebPImagePlugin", "WebPImageFile"),
    PhotoFormat.GIF: ("PIL.GifImagePlugin", "GifImageFile"),
    PhotoFormat.BMP: ("PIL.BmpImagePlugin", "BmpImageFile"),
    PhotoFormat.TIFF: ("PIL.TiffImagePlugin", "TiffImageFile"),
    PhotoFormat.HEIF: ("pillow_heif", "HeifImageFile"),
    PhotoFormat.AVIF: ("PIL.AvifImagePlugin", "AvifImageFile"),
}
"""Pillow's reader of each format, imported when its first photo comes."""

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


def open_lazily(data: bytes, form: PhotoFormat) -> ImageFile:
    """Read the header with the one reader of this format; no pixel is decoded yet.

    The reader is called by itself and not through `Image.open`: no other reader can then claim the bytes, and
    neither Pillow's registry nor its process-wide pixel limit (a warning at 89 megapixels) takes part.

    Raises:
        Exception: whatever the reader raises on a header that it cannot follow.
    """
    module, name = READERS[form]
    return cast("ImageFile", getattr(import_module(module), name)(BytesIO(data)))


def ends_early(data: bytes, form: PhotoFormat) -> bool:
    """Whether the container announces more bytes than there are."""
    return ENDINGS[form](data)


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


def _strips_end_early(data: bytes) -> bool:
    """TIFF: a directory of tags; two of them say where the strips or tiles lie and how long they are.

    BigTIFF, which no camera writes, is not followed.
    """
    order = "<" if data.startswith(b"II") else ">"
    if b"+" in data[2:4]:
        return False
    try:
        (directory,) = struct.unpack_from(f"{order}I", data, 4)
        (entries,) = struct.unpack_from(f"{order}H", data, directory)
        values: dict[int, tuple[int, ...]] = {}
        for at in range(directory + 2, directory + 2 + 12 * entries, 12):
            tag, kind, count, place = struct.unpack_from(f"{order}HHII", data, at)
            length = count * TIFF_TYPES.get(kind, 1)
            if length > 4 and place + length > len(data):
                return True
            if tag in STRIP_TAGS:
                letter = "H" if kind == TIFF_SHORT else "I"
                values[tag] = struct.unpack_from(f"{order}{count}{letter}", data, at + 8 if length <= 4 else place)
    except struct.error:
        return True
    places = values.get(273, ()) + values.get(324, ())
    lengths = values.get(279, ()) + values.get(325, ())
    return any(place + length > len(data) for place, length in zip(places, lengths, strict=False))


ENDINGS: dict[PhotoFormat, Callable[[bytes], bool]] = {
    PhotoFormat.JPEG: jpeg_is_cut_short,
    PhotoFormat.PNG: _chunks_end_early,
    PhotoFormat.WEBP: lambda data: len(data) < 8 + int.from_bytes(data[4:8], "little"),
    PhotoFormat.GIF: lambda data: not data.rstrip(b"\0").endswith(b";"),
    PhotoFormat.BMP: lambda data: len(data) < int.from_bytes(data[2:6], "little"),
    PhotoFormat.TIFF: _strips_end_early,
    PhotoFormat.HEIF: _boxes_end_early,
    PhotoFormat.AVIF: _boxes_end_early,
}
"""How each format tells that it is not complete."""
