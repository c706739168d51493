"""Image formats: detected by content, by the names and media types that senders give, and opened by their decoders.

Pillow's decoders are loaded one by one, opened for one format only, and helped where they miss that a file ends early.

See ADR 0019.
"""

import struct
from collections.abc import Callable, Iterator
from enum import StrEnum
from importlib import import_module
from io import BytesIO
from mimetypes import MimeTypes
from pathlib import PurePath

from PIL import Image

from core.images.heif_file import is_truncated_heif
from core.images.png_file import MAX_PROFILE_BYTES, is_truncated_png

BMP_HEADERS = {12, 16, 40, 52, 56, 64, 108, 124}
"""Sizes in bytes of the known versions of BMP's second header."""
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
AVIF_BRANDS = {b"avif", b"avis"}
SHARED_BRANDS = {b"mif1", b"mif2", b"msf1", b"miaf"}
"""Brands of the HEIF container that do not name the codec."""
MAX_TIFF_ENTRIES = 4000
"""Entries of a directory; cameras and scanners write up to 100."""
SUBFILE_TYPE, PHOTOMETRIC, DNG_VERSION = 254, 262, 50706
TIFF_PREVIEW = 1
"""Bit of SUBFILE_TYPE: a smaller version of another image of the file."""
RAW_PHOTOMETRICS = {32803, 34892}
"""Color filter array, linear raw."""
CANON_RAW = b"CR"
CANON_RAW_AT = 8


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
_KNOWN_TYPES = MimeTypes().types_map[True]
"""Media types by suffix, without those that the system adds."""
_ALL_SUFFIXES = frozenset(suffix for suffixes in SUFFIXES.values() for suffix in suffixes)
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
Image.MAX_IMAGE_PIXELS = 200_000_000
"""Pillow warns above this size and refuses twice as much; the limits that apply first are in `core.images.decoding`."""
PLUGINS = {
    ImageFormat.JPEG: "JpegImagePlugin",
    ImageFormat.WEBP: "WebPImagePlugin",
    ImageFormat.GIF: "GifImagePlugin",
    ImageFormat.BMP: "BmpImagePlugin",
    ImageFormat.TIFF: "TiffImagePlugin",
    ImageFormat.AVIF: "AvifImagePlugin",
}
"""Modules of Pillow's decoders, without that of PNG."""
TRUNCATION_CHECKS: dict[ImageFormat, Callable[[bytes], bool]] = {
    ImageFormat.PNG: is_truncated_png,
    ImageFormat.HEIF: is_truncated_heif,
    ImageFormat.AVIF: is_truncated_heif,
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


def is_camera_raw(data: bytes) -> bool:
    """Whether a TIFF holds sensor data and, at best, a small preview (DNG, NEF, ARW, CR2).

    Args:
        data: the file, from its signature.
    """
    if data[CANON_RAW_AT : CANON_RAW_AT + 2] == CANON_RAW:
        return True
    entries = dict(_first_tiff_directory(data))
    is_preview = bool(entries.get(SUBFILE_TYPE, 0) & TIFF_PREVIEW)
    return DNG_VERSION in entries or is_preview or entries.get(PHOTOMETRIC) in RAW_PHOTOMETRICS


def _first_tiff_directory(data: bytes) -> Iterator[tuple[int, int]]:
    """Tag and value of the entries; the value is 0 unless it is a single short or long integer."""
    order = "<" if data.startswith(b"II") else ">"
    is_big = data[2:3] == b"+" or data[3:4] == b"+"
    offset, count, entry = ("Q", "Q", "HHQ8s") if is_big else ("I", "H", "HHI4s")
    try:
        (at,) = struct.unpack_from(order + offset, data, 8 if is_big else 4)
        (entries,) = struct.unpack_from(order + count, data, at)
        at += struct.calcsize(order + count)
        for index in range(min(entries, MAX_TIFF_ENTRIES)):
            tag, kind, values, raw = struct.unpack_from(
                order + entry, data, at + index * struct.calcsize(order + entry)
            )
            form = {3: "H", 4: "I"}.get(kind) if values == 1 else None
            yield tag, 0 if form is None else struct.unpack_from(order + form, raw)[0]
    except struct.error:
        return


def load_codecs() -> None:
    """Load the decoders of all formats, for a process that cannot open files later."""
    for image_format in ImageFormat:
        _load_codec(image_format)


def open_header(data: bytes, image_format: ImageFormat) -> Image.Image:
    """Read the header with Pillow's decoder of this format only; no pixel is decoded yet.

    Raises:
        Exception: any error of the decoder on an invalid header.
    """
    _load_codec(image_format)
    return Image.open(BytesIO(data), formats=[image_format.value])


def is_truncated(data: bytes, image_format: ImageFormat) -> bool:
    """Whether the file declares more bytes than it has, for formats whose decoders do not report it."""
    check = TRUNCATION_CHECKS.get(image_format)
    return check is not None and check(data)


def _load_codec(image_format: ImageFormat) -> None:
    """Load the decoder of one format; Pillow would load those of all that it knows, 40 more."""
    if image_format is ImageFormat.HEIF:
        # Loads libheif, which most processes never need.
        import pillow_heif  # noqa: PLC0415

        pillow_heif.register_heif_opener()
    elif image_format is ImageFormat.PNG:
        from PIL import PngImagePlugin  # noqa: PLC0415

        # Pillow refuses the whole image if a profile is larger; `reduce_png` keeps none that is.
        PngImagePlugin.MAX_TEXT_CHUNK = MAX_PROFILE_BYTES
    elif image_format not in Image.OPEN:
        import_module(f"PIL.{PLUGINS[image_format]}")
