"""Image formats: their detection by content, and by the names and media types that senders give their files.

See ADR 0019.
"""

from enum import StrEnum
from mimetypes import MimeTypes
from pathlib import PurePath

BMP_HEADERS = {12, 16, 40, 52, 56, 64, 108, 124}
"""Sizes in bytes of the known versions of BMP's second header."""
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
AVIF_BRANDS = {b"avif", b"avis"}
SHARED_BRANDS = {b"mif1", b"mif2", b"msf1", b"miaf"}
"""Brands of the HEIF container that do not name the codec."""


class ImageFormat(StrEnum):
    """A supported format; the value is Pillow's name of it."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"
    GIF = "GIF"
    BMP = "BMP"
    TIFF = "TIFF"
    HEIF = "HEIF"
    AVIF = "AVIF"


SUFFIXES = {
    ImageFormat.JPEG: (".jpg", ".jpeg", ".jpe", ".jfif"),
    ImageFormat.PNG: (".png", ".apng"),
    ImageFormat.WEBP: (".webp",),
    ImageFormat.GIF: (".gif",),
    ImageFormat.BMP: (".bmp", ".dib"),
    ImageFormat.TIFF: (".tif", ".tiff"),
    ImageFormat.HEIF: (".heic", ".heif", ".hif", ".heics", ".heifs"),
    ImageFormat.AVIF: (".avif", ".avifs"),
}
"""In lower case."""
UNSPECIFIC_MEDIA_TYPES = {"", "application/octet-stream", "binary/octet-stream"}
SIGNATURES = {
    b"\xff\xd8\xff": ImageFormat.JPEG,
    b"\x89PNG\r\n\x1a\n": ImageFormat.PNG,
    b"GIF87a": ImageFormat.GIF,
    b"GIF89a": ImageFormat.GIF,
    b"II*\0": ImageFormat.TIFF,
    b"MM\0*": ImageFormat.TIFF,
    b"II+\0": ImageFormat.TIFF,
    b"MM\0+": ImageFormat.TIFF,
}


def detect_format(data: bytes) -> ImageFormat | None:
    """Return the format that the first bytes announce, or None if it is not supported."""
    for signature, image_format in SIGNATURES.items():
        if data.startswith(signature):
            return image_format
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return ImageFormat.WEBP
    if data.startswith(b"BM") and int.from_bytes(data[14:18], "little") in BMP_HEADERS:
        return ImageFormat.BMP
    if data[4:8] == b"ftyp":
        return _detect_heif_brand(data)
    return None


def _detect_heif_brand(data: bytes) -> ImageFormat | None:
    major = data[8:12]
    brands = data[16 : int.from_bytes(data[:4], "big")]
    compatible = {brands[at : at + 4] for at in range(0, len(brands), 4)}
    if major in AVIF_BRANDS or (major in SHARED_BRANDS and compatible & AVIF_BRANDS):
        return ImageFormat.AVIF
    if major in HEIC_BRANDS or major in SHARED_BRANDS:
        return ImageFormat.HEIF
    return None


def has_photo_suffix(name: str) -> bool:
    """Whether a file name ends as the names of photos do, in any case and with spaces after it."""
    return PurePath(name.strip()).suffix.lower() in _ALL_SUFFIXES


def may_be_photo(name: str | None, media_type: str | None) -> bool:
    """Whether a file that a person sends may be a photo, so that it is fetched and its bytes decide.

    Args:
        name: the file name that the sender's app claims.
        media_type: the media type that it claims. Where it says nothing, only a name that is known as that of
            something else speaks against a photo: apps write `photo.jpg_large`, `a.bin` and `IMG.20261129`.
    """
    kind = (media_type or "").partition(";")[0].strip().lower()
    if kind in UNSPECIFIC_MEDIA_TYPES and not has_photo_suffix(name or ""):
        kind = _KNOWN_TYPES.get(PurePath((name or "").strip()).suffix.lower(), "")
    return kind in UNSPECIFIC_MEDIA_TYPES or kind.startswith("image/")


_KNOWN_TYPES = MimeTypes().types_map[True]
"""Media types by suffix, without those that the system adds."""
_ALL_SUFFIXES = frozenset(suffix for suffixes in SUFFIXES.values() for suffix in suffixes)
