"""JPEG at the scale that is needed: most of the work for the pixels that nobody will look at is left out.

A JPEG stores 8 x 8 blocks as frequencies, so a picture at 1/2, 1/4 or 1/8 needs only the lowest of them ("DCT
scaling"). A progressive JPEG stores the lowest of all blocks first: at 1/8 the rest need not be read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageChops
from PIL.JpegImagePlugin import JpegImageFile

from core.errors import DecompressionBomb, TruncatedPhoto

__all__ = ["decode_jpeg", "is_cut_short"]

SCALES = (1, 2, 4, 8)
MAX_SCANS = 100
"""Passes over the picture; encoders write about ten. Each costs time by the picture's size."""
SOF2, SOS = 0xC2, 0xDA
FRAMES = {0xC0, 0xC1, SOF2}
START_OF_SCAN = b"\xff\xda"
END_OF_IMAGE = b"\xff\xd9"
END_OF_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""The next marker after entropy-coded data, where 0xFF is followed by zero or is a restart marker."""
FILLER = bytes(range(1, 255)) * 4
"""Bytes that any Huffman table decodes to something."""
UNWRITTEN = 128
"""What libjpeg shows for blocks whose data are missing: the middle of the range in every channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scan:
    """The first scan of the picture itself (previews inside the metadata are skipped)."""

    progressive: bool
    components: int
    """Colour channels of the picture."""
    header: bytes
    """Content of the SOS segment."""
    start: int
    """Where its entropy-coded data begin."""
    end: int
    """Where the picture's end marker stands, or -1."""


def decode_jpeg(data: bytes, side: int) -> Image.Image:
    """Decode at the finest of the scales 1, 1/2, 1/4, 1/8 whose long side is at most `side` px, at least 1/8.

    Returns:
        The picture in the file's own mode (L, RGB or CMYK), not turned, with the file's metadata in `info`.

    Raises:
        TruncatedPhoto: the picture's data stop before its last block, end marker or not.
        DecompressionBomb: the picture is stored in more passes than any encoder writes.
        Exception: whatever Pillow raises on data that it cannot follow.
    """
    scan = _first_scan(data)
    if scan is None or scan.end < 0:
        raise TruncatedPhoto("JPEG without its end")
    if not _is_all(scan) and data.count(START_OF_SCAN, scan.start, scan.end) >= MAX_SCANS:
        raise DecompressionBomb(f"JPEG of over {MAX_SCANS} scans")
    width, height = JpegImageFile(BytesIO(data)).size
    scale = next((scale for scale in SCALES if -(-max(width, height) // scale) <= side), SCALES[-1])
    end = scan.end
    if scale == SCALES[-1] and _is_coarse(scan) and (first := END_OF_SCAN.search(data, scan.start, end)):
        end = first.start()
        data = data[:end] + END_OF_IMAGE
    image = _decode(data, scale)
    if _corner_is_unwritten(image):
        probe = _decode(data[:end] + FILLER + END_OF_IMAGE, scale)
        if ImageChops.difference(image, probe).getbbox() is not None:
            raise TruncatedPhoto("JPEG with blocks missing before its end")
    return image


def is_cut_short(data: bytes) -> bool:
    """Whether the file stops before the picture's end marker."""
    scan = _first_scan(data)
    return scan is None or scan.end < 0


def _decode(data: bytes, scale: int) -> Image.Image:
    image = JpegImageFile(BytesIO(data))
    image.draft(None, (max(1, image.width // scale), max(1, image.height // scale)))
    image.load()
    return image


def _first_scan(data: bytes) -> _Scan | None:
    """Walk from segment to segment up to the first scan; None if the file ends before."""
    at, progressive, components = 2, False, 0
    while (at := data.find(b"\xff", at)) >= 0 and at + 4 <= len(data):
        marker = data[at + 1]
        if marker in (0x00, 0x01, 0xFF) or 0xD0 <= marker <= 0xD8:
            at += 1 if marker == 0xFF else 2
            continue
        start = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        content = data[at + 4 : start]
        if marker in FRAMES and len(content) > 5:
            progressive, components = marker == SOF2, content[5]
        if marker == SOS:
            end = data.find(END_OF_IMAGE, start)
            return _Scan(progressive=progressive, components=components, header=content, start=start, end=end)
        at = start
    return None


def _is_all(scan: _Scan) -> bool:
    """Whether the decoder stops behind this scan: it holds every channel, and all of it."""
    return not scan.progressive and scan.header[:1] == bytes([scan.components])


def _is_coarse(scan: _Scan) -> bool:
    """Whether the scan holds every channel's mean per block (spectral selection 0 to 0, first pass)."""
    channels = scan.header[0] if scan.header else 0
    selection = scan.header[1 + 2 * channels :]
    return scan.progressive and channels == scan.components and selection[:2] == b"\0\0" and selection[2:] < b"\x10"


def _corner_is_unwritten(image: Image.Image) -> bool:
    """Whether the last pixels look as if their block never came; a grey wall looks so too."""
    width, height = image.size
    corner = image.crop((max(0, width - 2), max(0, height - 2), width, height))
    return all(band.getextrema() == (UNWRITTEN, UNWRITTEN) for band in corner.split())
