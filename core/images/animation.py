"""Animations: the frames after the first one, which often shows nothing, as titles and transitions begin."""

import struct
import zlib
from collections.abc import Iterator

from PIL import Image

from core.errors import PhotoError
from core.images.codecs import open_header
from core.images.formats import ImageFormat
from core.images.gif_file import reduce_gif
from core.images.png_file import reduce_png
from core.images.webp_file import reduce_webp

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


def is_blank(image: Image.Image) -> bool:
    """Whether all pixels of an image without transparency have nearly the same color."""
    extrema = image.getextrema()
    ranges = [extrema] if isinstance(extrema[0], int | float) else extrema
    return all(high - low <= MAX_BLANK_RANGE for low, high in ranges)


def iter_later_frames(data: bytes, image_format: ImageFormat) -> Iterator[Image.Image]:
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
    match image_format:
        case ImageFormat.GIF:
            return reduce_gif(data, max_frames=MAX_FRAMES)
        case ImageFormat.PNG:
            return reduce_png(data, max_frames=MAX_FRAMES)
        case ImageFormat.WEBP:
            return reduce_webp(data, max_frames=MAX_FRAMES)
        case _:
            return data
