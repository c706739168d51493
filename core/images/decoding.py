"""Untrusted bytes in, one upright sRGB picture out, or an error with a name.

The order matters. The first bytes say which format it is (names and media types are not believed). One reader
is opened on it and only reads the header; the sizes it announces are judged before any pixel is decoded. Then
the picture is decoded no larger than Eva needs, and everything that is not pixels (place, time, camera,
thumbnail) is left behind.

Two lines are drawn for size. A picture of more than 50 megapixels is too large. It is a decompression bomb if
it announces more than 200 megapixels, beyond every phone, or if it is over 16 megapixels and more than 1000
pixels would have to come out of each byte: a photo holds a few pixels a byte, a blank PNG in colour 340.
"""

import struct
import threading
from contextlib import nullcontext
from dataclasses import dataclass

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
from core.images.color import flatten_on_white, to_averageable_mode, to_srgb
from core.images.formats import ImageFormat, detect_format, is_truncated, open_header
from core.images.jpeg import decode_jpeg

MAX_BYTES = 20 * 2**20
MAX_PIXELS = 50_000_000
MIN_SIDE = 64
"""Shortest side in px."""
MAX_ASPECT_RATIO = 5
"""Longest side over shortest."""
MAX_WORKING_SIDE = 1280
"""Longest side in px of the picture that Eva works with."""

MAX_DECLARED_PIXELS = 200_000_000
MAX_PIXELS_PER_BYTE = 1000
"""Pixels per byte of the file."""
LARGE_IMAGE_PIXELS = 16_000_000
"""Below this size a picture is decoded whatever its density, and any number of them at the same time."""
STRIP_PIXELS = 2_000_000
"""Pixels that are converted at a time while a large picture is made smaller."""

TIFF_TILE_SIDES = (322, 323)
"""Tags of the width and the height of a tile."""

EXIF_TRANSPOSES = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation to what turns the picture upright; everything else is upright already."""
ROTATED_ORIENTATIONS = range(5, 9)
"""The orientations that swap width and height."""

_large_decode_lock = threading.Lock()
"""Decoding one may take hundreds of MB for a moment (735 MB: a WebP of 48 megapixels), so one at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedImage:
    """A photo as Eva sees it."""

    image: Image.Image
    """Upright, RGB in sRGB, without metadata; long side at most the side that was asked for."""
    width: int
    """Of the upright original, in px."""
    height: int
    """Of the upright original, in px."""
    format: str
    """What the bytes were: JPEG, PNG, WEBP, GIF, BMP, TIFF, HEIF or AVIF."""


def decode_photo(data: bytes, *, side: int = MAX_WORKING_SIDE) -> DecodedImage:
    """Decode a photo of unknown origin. May be called from any number of threads.

    Args:
        data: the file. Of an animation the first frame is taken.
        side: longest side in px of the picture that is wanted. A larger original is divided by a whole number
            (JPEG: by 2, 4 or 8, within the decoder), so at least half of `side` is left; a smaller one is not
            enlarged.

    Raises:
        EmptyPhotoError: there are no bytes.
        NotAnImageError: the bytes are in no format that Eva reads.
        TruncatedPhotoError: the picture stops before it is complete.
        CorruptPhotoError: the picture cannot be decoded for another reason.
        DecompressionBombError: the announced size is out of all proportion.
        PhotoTooLargeError: more than 20 MB or 50 megapixels.
        PhotoTooSmallError: less than 64 px on one side.
        PhotoAspectRatioError: one side is more than five times the other.
    """
    if not data:
        raise EmptyPhotoError
    form = detect_format(data)
    if form is None:
        raise NotAnImageError
    if len(data) > MAX_BYTES:
        raise PhotoTooLargeError(f"{len(data)} bytes")
    try:
        return _decode_image(data, form, side)
    except PhotoError:
        raise
    except Image.DecompressionBombError as error:
        raise DecompressionBombError(form) from error
    except Exception as error:
        # The decoders raise whatever comes to hand on damaged bytes, from KeyError to RuntimeError.
        kind = TruncatedPhotoError if "truncated" in str(error) or is_truncated(data, form) else CorruptPhotoError
        raise kind(f"{form}, {type(error).__name__}") from error


def _decode_image(data: bytes, image_format: ImageFormat, side: int) -> DecodedImage:
    source: Image.Image = open_header(data, image_format)
    width, height = source.size
    _check_size(source, data, image_format)
    with _large_decode_lock if width * height > LARGE_IMAGE_PIXELS else nullcontext():
        if image_format is ImageFormat.JPEG:
            source = decode_jpeg(data, side)
        else:
            source.load()
        small = _downscale(source, side)
    orientation = _orientation(source)
    if orientation in ROTATED_ORIENTATIONS:
        width, height = height, width
    plain = to_srgb(flatten_on_white(small), source.info.get("icc_profile"))
    image = plain.transpose(EXIF_TRANSPOSES[orientation]) if orientation in EXIF_TRANSPOSES else plain
    image.info.clear()
    return DecodedImage(image=image, width=width, height=height, format=image_format.value)


def _check_size(source: Image.Image, data: bytes, image_format: ImageFormat) -> None:
    width, height = source.size
    pixels = max(width * height, _tile_pixels(source))
    seen = f"{width} x {height} px"
    if pixels > MAX_DECLARED_PIXELS:
        raise DecompressionBombError(seen)
    if pixels > max(LARGE_IMAGE_PIXELS, MAX_PIXELS_PER_BYTE * len(data)):
        kind = TruncatedPhotoError if is_truncated(data, image_format) else DecompressionBombError
        raise kind(f"{seen} in {len(data)} bytes")
    if pixels > MAX_PIXELS:
        raise PhotoTooLargeError(seen)
    if min(width, height) < MIN_SIDE:
        raise PhotoTooSmallError(seen)
    if max(width, height) > MAX_ASPECT_RATIO * min(width, height):
        raise PhotoAspectRatioError(seen)


def _tile_pixels(source: Image.Image) -> int:
    """Pixels of one tile of a TIFF, which may be larger than its picture; 0 where there are no tiles."""
    tags = getattr(source, "tag_v2", {})
    width, height = (tags.get(tag) for tag in TIFF_TILE_SIDES)
    return width * height if isinstance(width, int) and isinstance(height, int) else 0


def _orientation(source: Image.Image) -> int:
    """EXIF orientation, 1 to 8. Damaged EXIF says nothing, and is no reason to refuse the picture."""
    try:
        return int(source.getexif().get(ExifTags.Base.Orientation, 1))
    except (SyntaxError, ValueError, TypeError, struct.error):
        return 1


def _downscale(source: Image.Image, side: int) -> Image.Image:
    """Divide by the smallest whole number that brings the long side to at most `side`, averaging."""
    width, height = source.size
    factor = -(-max(width, height) // side)
    if factor == 1:
        return to_averageable_mode(source)
    rows = factor * max(1, STRIP_PIXELS // (width * factor))
    strips = [
        to_averageable_mode(source.crop((0, top, width, min(top + rows, height)))).reduce(factor)
        for top in range(0, height, rows)
    ]
    whole = Image.new(strips[0].mode, (strips[0].width, sum(strip.height for strip in strips)))
    for index, strip in enumerate(strips):
        whole.paste(strip, (0, index * rows // factor))
    return whole
