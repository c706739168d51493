"""Decoding of untrusted image files to upright sRGB images without metadata.

The format is detected from the first bytes; file names and media types are ignored. Its decoder reads the header, and
the declared size is checked before any pixel is decoded. Then the image is decoded no larger than needed, and all
metadata (place, time, camera, thumbnail) is dropped.

There are two size limits. An image of more than 54 megapixels, or a WebP of more than 32, is too large: the largest
sensors of phones have 50. An image that declares more than 200 megapixels, which no phone has, or more than 16
megapixels and over 1000 pixels for each byte of its file, is refused as a decompression bomb, a small file that fills
the memory: a photo has a few pixels a byte, a blank PNG in color 340.
"""

import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import nullcontext

from PIL import ExifTags, Image

from core.errors import (
    CorruptPhotoError,
    DecompressionBombError,
    EmptyPhotoError,
    NotAnImageError,
    PhotoAspectRatioError,
    PhotoError,
    PhotoTooLargeError,
    PhotoTooSmallError,
    TruncatedPhotoError,
)
from core.images.color_space import (
    ColorSpace,
    MeasuredColorSpace,
    convert_to_srgb,
    flatten_on_white,
    to_averageable_mode,
    to_srgb,
)
from core.images.formats import ImageFormat, detect_format, is_camera_raw, is_truncated, open_header
from core.images.gif_file import reduce_gif
from core.images.heif_file import check_heif, read_heif_color_space
from core.images.jpeg_file import decode_jpeg, parse_jpeg
from core.images.png_file import read_png_color_space, reduce_png
from core.images.webp_file import reduce_webp

MAX_BYTES = 20 * 2**20
MAX_PIXELS = 54_000_000
"""8160 x 6144 and 8192 x 6144 are usual sizes of phones, 8660 x 5773 of cameras."""
MAX_WEBP_PIXELS = 32_000_000
"""Pillow's decoder of WebP takes 16 bytes a pixel; no camera writes WebP."""
MIN_SIDE = 64
"""Shortest accepted side in px."""
MAX_ASPECT_RATIO = 5
"""Longest side over shortest."""
MAX_WORKING_SIDE = 1280
"""Longest side in px of decoded images. A larger one is divided by a whole number (JPEG: by 2, 4 or 8, in the decoder),
so at least half of it remains; a smaller one is not enlarged."""

MAX_DECLARED_PIXELS = 200_000_000
MAX_PIXELS_PER_BYTE = 1000
LARGE_IMAGE_PIXELS = 16_000_000
"""Up to this size, images are decoded regardless of pixels per byte and of how many are being decoded."""
STRIP_PIXELS = 2_000_000
"""Pixels that are converted at a time while a large image is downscaled."""

TIFF_TILE_SIDES = (322, 323)
"""TIFF tags of a tile's width and height."""

EXIF_TRANSPOSES = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation to the operation that makes the image upright; images with other values are upright."""

REDUCERS: dict[ImageFormat, Callable[[bytes], bytes]] = {
    ImageFormat.PNG: reduce_png,
    ImageFormat.WEBP: reduce_webp,
    ImageFormat.GIF: reduce_gif,
    ImageFormat.HEIF: check_heif,
    ImageFormat.AVIF: check_heif,
}
"""Functions that reduce a file to what its pixels need, or find that they are missing; JPEG has one of its own."""

_large_image_lock = threading.Lock()
"""Decoding a large image may take up to 500 MB, so one at a time."""
ANIMATED_FORMATS = {ImageFormat.GIF, ImageFormat.PNG, ImageFormat.WEBP, ImageFormat.AVIF}
MAX_FRAMES = 24
"""Frames that are looked at; blank ones are at the start."""
MAX_FRAME_PIXELS = 24_000_000
"""Pixels of all frames that are decoded, so that an animation takes no longer than a photo."""
MAX_BLANK_RANGE = 8
"""Difference of the smallest and the largest 8-bit value of a channel, up to which an image shows nothing."""
DECODER_ERRORS = (
    *(ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, OSError, RuntimeError, SyntaxError),
    *(TypeError, ValueError, struct.error, zlib.error, Image.DecompressionBombError, PhotoError),
)
"""What Pillow's decoders raise on damaged bytes."""


class LargeImageError(Exception):
    """The image is so large that it must be decoded alone."""


def decode_photo(data: bytes, *, may_be_large: bool = True) -> Image.Image:
    """Decode an untrusted image file in this process. Thread-safe. Servers use `core.images.decode_pool`.

    Args:
        data: the file. Of an animation, the first frame that shows something is decoded.
        may_be_large: whether a large image is decoded, one at a time, so that they do not fill the memory together.

    Returns:
        An upright RGB image in sRGB without metadata, no side longer than `MAX_WORKING_SIDE`.

    Raises:
        LargeImageError: the image is large and may not be.
        EmptyPhotoError: there are no bytes.
        NotAnImageError: the bytes are not in a supported format.
        TruncatedPhotoError: the file ends before the image does.
        CorruptPhotoError: the image cannot be decoded for another reason.
        DecompressionBombError: the declared size is out of proportion.
        PhotoTooLargeError: more than 20 MB or 54 megapixels (WebP: 32).
        PhotoTooSmallError: less than 64 px on one side.
        PhotoAspectRatioError: one side is more than five times the other.
    """
    if not data:
        raise EmptyPhotoError
    image_format = detect_format(data)
    if image_format is None:
        raise NotAnImageError
    if len(data) > MAX_BYTES:
        raise PhotoTooLargeError(f"{len(data)} bytes")
    try:
        return _decode_image(data, image_format, may_be_large=may_be_large)
    except (PhotoError, LargeImageError):
        raise
    except (Image.DecompressionBombError, MemoryError) as error:
        raise DecompressionBombError(image_format) from error
    except Exception as error:
        # Pillow's decoders raise many types on damaged bytes, from KeyError to RuntimeError.
        is_incomplete = "truncated" in str(error) or is_truncated(data, image_format)
        kind = TruncatedPhotoError if is_incomplete else CorruptPhotoError
        raise kind(f"{image_format}, {type(error).__name__}") from error


def _decode_image(data: bytes, image_format: ImageFormat, *, may_be_large: bool) -> Image.Image:
    jpeg = parse_jpeg(data) if image_format is ImageFormat.JPEG else None
    if image_format is ImageFormat.TIFF and is_camera_raw(data):
        raise NotAnImageError("raw data of a camera")
    reduced = jpeg.complete if jpeg is not None else REDUCERS.get(image_format, bytes)(data)
    source: Image.Image = open_header(reduced, image_format)
    _check_size(source, data, image_format)
    is_large = source.width * source.height > LARGE_IMAGE_PIXELS
    if is_large and not may_be_large:
        raise LargeImageError
    with _large_image_lock if is_large else nullcontext():
        if jpeg is not None:
            source = decode_jpeg(jpeg, MAX_WORKING_SIDE)
        else:
            source.load()
        small = flatten_on_white(_downscale(source))
        if image_format in ANIMATED_FORMATS and _is_blank(small):
            frames = (flatten_on_white(_downscale(frame)) for frame in _iter_later_frames(data, image_format))
            small = next((frame for frame in frames if not _is_blank(frame)), small)
    orientation = _orientation(source)
    srgb = _to_srgb(small, source.info.get("icc_profile"), reduced, image_format)
    image = srgb.transpose(EXIF_TRANSPOSES[orientation]) if orientation in EXIF_TRANSPOSES else srgb
    image.info.clear()
    return image


def _check_size(source: Image.Image, data: bytes, image_format: ImageFormat) -> None:
    width, height = source.size
    pixels = max(width * height, _tile_pixels(source))
    size = f"{width} x {height} px"
    if pixels > MAX_DECLARED_PIXELS:
        raise DecompressionBombError(size)
    if pixels > max(LARGE_IMAGE_PIXELS, MAX_PIXELS_PER_BYTE * len(data)):
        kind = TruncatedPhotoError if is_truncated(data, image_format) else DecompressionBombError
        raise kind(f"{size} in {len(data)} bytes")
    if pixels > (MAX_WEBP_PIXELS if image_format is ImageFormat.WEBP else MAX_PIXELS):
        raise PhotoTooLargeError(size)
    if min(width, height) < MIN_SIDE:
        raise PhotoTooSmallError(size)
    if max(width, height) > MAX_ASPECT_RATIO * min(width, height):
        raise PhotoAspectRatioError(size)


def _tile_pixels(source: Image.Image) -> int:
    """Pixels of one tile of a TIFF, which may be larger than the image; 0 without tiles."""
    tags = getattr(source, "tag_v2", {})
    width, height = (tags.get(tag) for tag in TIFF_TILE_SIDES)
    return width * height if isinstance(width, int) and isinstance(height, int) else 0


def _to_srgb(image: Image.Image, profile: object, data: bytes, image_format: ImageFormat) -> Image.Image:
    """Convert to sRGB. Code points count before the profile of a PNG, and after that of HEIC and AVIF."""
    color_space: ColorSpace | MeasuredColorSpace | None = None
    if image_format is ImageFormat.PNG:
        color_space = read_png_color_space(data)
    elif image_format in (ImageFormat.HEIF, ImageFormat.AVIF) and not profile:
        color_space = read_heif_color_space(data)
    if color_space is None:
        return to_srgb(image, profile)
    return convert_to_srgb(image.convert("RGB"), color_space)


def _orientation(source: Image.Image) -> int:
    """EXIF orientation, 1 to 8; 1 where the EXIF data are damaged, or only XMP tells it (as in browsers)."""
    exif, tags = source.info.get("exif"), getattr(source, "tag_v2", {})
    try:
        if isinstance(exif, bytes):
            tags = Image.Exif()
            tags.load(exif)
        return int(tags.get(ExifTags.Base.Orientation, 1))
    except (SyntaxError, ValueError, TypeError, struct.error):
        return 1


def _downscale(source: Image.Image) -> Image.Image:
    """Divide by the smallest whole number that brings the longest side to at most `MAX_WORKING_SIDE`, averaging."""
    width, height = source.size
    factor = -(-max(width, height) // MAX_WORKING_SIDE)
    if factor == 1:
        return to_averageable_mode(source)
    rows = factor * max(1, STRIP_PIXELS // (width * factor))
    strips = [
        to_averageable_mode(source.crop((0, top, width, min(top + rows, height)))).reduce(factor)
        for top in range(0, height, rows)
    ]
    image = Image.new(strips[0].mode, (strips[0].width, sum(strip.height for strip in strips)))
    for index, strip in enumerate(strips):
        image.paste(strip, (0, index * rows // factor))
    return image


def _is_blank(image: Image.Image) -> bool:
    """Whether all pixels of an image without transparency have nearly the same color."""
    extrema = image.getextrema()
    ranges = [extrema] if isinstance(extrema[0], int | float) else extrema
    return all(high - low <= MAX_BLANK_RANGE for low, high in ranges)


def _iter_later_frames(data: bytes, image_format: ImageFormat) -> Iterator[Image.Image]:
    """The frames after the first one as a player shows them, up to a limit or the first damaged one.

    Args:
        data: the file, of one of `ANIMATED_FORMATS`, with a first frame that can be decoded.
        image_format: its format.
    """
    try:
        image = open_header(_with_frames(data, image_format), image_format)
        count = min(MAX_FRAMES, MAX_FRAME_PIXELS // (image.width * image.height))
        for number in range(1, min(count, getattr(image, "n_frames", 1))):
            image.seek(number)
            image.load()
            yield image.copy()
    except DECODER_ERRORS:
        # The first frame is whole, so the file is accepted.
        return


def _with_frames(data: bytes, image_format: ImageFormat) -> bytes:
    """The file without what is neither pixels nor colors, with its first frames."""
    reducers = {ImageFormat.GIF: reduce_gif, ImageFormat.PNG: reduce_png, ImageFormat.WEBP: reduce_webp}
    return reducers[image_format](data, max_frames=MAX_FRAMES) if image_format in reducers else data
