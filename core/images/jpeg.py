"""JPEG decoding at a reduced scale, with a check that every block of the image is there.

A JPEG stores 8 x 8 blocks as frequencies, so decoding at 1/2, 1/4 or 1/8 needs only the lowest of them ("DCT scaling").
Where blocks are missing, libjpeg fills them with medium gray and reports no error.
"""

from io import BytesIO

from PIL import Image, ImageChops

from core.errors import TruncatedPhotoError
from core.images.jpeg_file import END_OF_IMAGE, JpegFile

SCALES = (1, 2, 4, 8)
PADDING = bytes(range(1, 255)) * 4
"""Bytes that any Huffman table decodes to something."""
MISSING_BLOCK_VALUES = range(127, 129)
"""What libjpeg shows for blocks whose data are missing: the middle of the range in every channel (127 where CMYK is
stored inverted)."""


def decode_jpeg(file: JpegFile, side: int) -> Image.Image:
    """Decode at the finest of the scales 1, 1/2, 1/4, 1/8 whose long side is at most `side` px, at least 1/8.

    A JPEG whose end marker alone is missing (some phones write them) is complete. Of a
    progressive one, the last pass may have been cut where the scale shows nothing of it.

    Args:
        file: the file.
        side: longest side in px that is wanted.

    Returns:
        The image in the file's own mode (L, RGB or CMYK), not turned.

    Raises:
        TruncatedPhotoError: the image's data stop before its last block, end marker or not.
        Exception: any error of Pillow on invalid data.
    """
    if not file.has_end and not file.has_all_bands:
        # The image does not show whether the last passes are present.
        raise TruncatedPhotoError("progressive JPEG without its end")
    header = _open(file.complete)
    longest = max(header.size)
    scale = next((scale for scale in SCALES if -(-longest // scale) <= side), SCALES[-1])
    image = _decode(file.complete, scale)
    if not file.has_end or _may_lack_last_block(image):
        probe = _decode(file.body + PADDING + END_OF_IMAGE, scale)
        if ImageChops.difference(image, probe).getbbox(alpha_only=False) is not None:
            raise TruncatedPhotoError("JPEG with missing blocks")
    return image


def _open(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data), formats=["JPEG"])


def _decode(data: bytes, scale: int) -> Image.Image:
    image = _open(data)
    image.draft(None, (max(1, image.width // scale), max(1, image.height // scale)))
    image.load()
    return image


def _may_lack_last_block(image: Image.Image) -> bool:
    """Whether the last pixels look as if their block never came; a gray wall looks so too."""
    width, height = image.size
    corner = image.crop((max(0, width - 2), max(0, height - 2), width, height))
    return all(
        low == high and low in MISSING_BLOCK_VALUES for low, high in (band.getextrema() for band in corner.split())
    )
