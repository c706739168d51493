"""Names and media types of image files: what is worth a look at the bytes, which alone decide."""

from mimetypes import MimeTypes
from pathlib import PurePath

from core.images.formats import ImageFormat

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
