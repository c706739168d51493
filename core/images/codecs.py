"""Pillow's decoders: loaded one by one, opened for one format only, and helped where they miss that a file ends early.

See ADR 0019.
"""

from collections.abc import Callable
from importlib import import_module
from io import BytesIO

from PIL import Image

from core.images.formats import ImageFormat
from core.images.heif_file import is_truncated_heif
from core.images.png_file import MAX_PROFILE_BYTES

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


def _png_is_truncated(data: bytes) -> bool:
    """PNG: chunks of length, name, content and checksum up to IEND."""
    at = 8
    while at + 12 <= len(data):
        if data[at + 4 : at + 8] == b"IEND":
            return False
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    return True


TRUNCATION_CHECKS: dict[ImageFormat, Callable[[bytes], bool]] = {
    ImageFormat.PNG: _png_is_truncated,
    ImageFormat.HEIF: is_truncated_heif,
    ImageFormat.AVIF: is_truncated_heif,
}
