"""JPEG decoding at a reduced scale, with a check that every block of the image is there.

A JPEG stores 8 x 8 blocks as frequencies, so decoding at 1/2, 1/4 or 1/8 needs only the lowest of them ("DCT scaling").
Where blocks are missing, libjpeg fills them with medium gray and reports no error.
"""

from io import BytesIO

from PIL import Image, ImageChops

from core.errors import DecompressionBombError, TruncatedPhotoError

SCALES = (1, 2, 4, 8)
MAX_SCANS = 100
"""Passes over the image; encoders write about ten. Each costs time by the image's size."""
SOS = 0xDA
START_OF_SCAN = b"\xff\xda"
END_OF_IMAGE = b"\xff\xd9"
PADDING = bytes(range(1, 255)) * 4
"""Bytes that any Huffman table decodes to something."""
MISSING_BLOCK_VALUES = range(127, 129)
"""What libjpeg shows for blocks whose data are missing: the middle of the range in every channel (127 where CMYK is
stored inverted)."""


def decode_jpeg(data: bytes, side: int) -> Image.Image:
    """Decode at the finest of the scales 1, 1/2, 1/4, 1/8 whose long side is at most `side` px, at least 1/8.

    A sequential JPEG whose end marker alone is missing (some phones write them) is complete.

    Args:
        data: the file.
        side: longest side in px that is wanted.

    Returns:
        The image in the file's own mode (L, RGB or CMYK), not turned, with the file's metadata in `info`.

    Raises:
        TruncatedPhotoError: the image's data stop before its last block, end marker or not.
        DecompressionBombError: the image is stored in more passes than any encoder writes.
        Exception: any error of Pillow on invalid data.
    """
    start = _find_entropy_coded_data(data)
    if start < 0:
        raise TruncatedPhotoError("JPEG without a scan")
    end = data.find(END_OF_IMAGE, start)
    has_end = end >= 0
    body = data[:end] if has_end else data.rstrip(b"\0")
    if body.endswith(b"\xff"):
        # Within entropy-coded data 0xFF is followed by zero; without it the next byte would be read as a marker.
        body += b"\0"
    if body.count(START_OF_SCAN, start) >= MAX_SCANS:
        raise DecompressionBombError(f"JPEG of over {MAX_SCANS} scans")
    header = _open(data)
    if not has_end and "progressive" in header.info:
        # The image does not show whether the last passes are present.
        raise TruncatedPhotoError("progressive JPEG without its end")
    longest = max(header.size)
    scale = next((scale for scale in SCALES if -(-longest // scale) <= side), SCALES[-1])
    image = _decode(data if has_end else body + END_OF_IMAGE, scale)
    if not has_end or _may_lack_last_block(image):
        probe = _decode(body + PADDING + END_OF_IMAGE, scale)
        if ImageChops.difference(image, probe).getbbox(alpha_only=False) is not None:
            raise TruncatedPhotoError("JPEG with missing blocks")
    return image


def lacks_image_data(data: bytes) -> bool:
    """Whether the file stops before the image's first scan."""
    return _find_entropy_coded_data(data) < 0


def _open(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data), formats=["JPEG"])


def _decode(data: bytes, scale: int) -> Image.Image:
    image = _open(data)
    image.draft(None, (max(1, image.width // scale), max(1, image.height // scale)))
    image.load()
    return image


def _find_entropy_coded_data(data: bytes) -> int:
    """Offset of the first entropy-coded data; -1 if the file ends before.

    Walks from segment to segment, because previews inside the metadata contain markers, too.
    """
    at = 2
    while (at := data.find(b"\xff", at)) >= 0 and at + 4 <= len(data):
        marker = data[at + 1]
        if marker in (0x00, 0x01, 0xFF) or 0xD0 <= marker <= 0xD8:
            at += 1 if marker == 0xFF else 2
            continue
        start = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == SOS:
            return start
        at = start
    return -1


def _may_lack_last_block(image: Image.Image) -> bool:
    """Whether the last pixels look as if their block never came; a gray wall looks so too."""
    width, height = image.size
    corner = image.crop((max(0, width - 2), max(0, height - 2), width, height))
    return all(
        low == high and low in MISSING_BLOCK_VALUES for low, high in (band.getextrema() for band in corner.split())
    )
