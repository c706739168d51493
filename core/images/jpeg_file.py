"""JPEG files: their segments, the same file reduced to what its pixels need, and decoding at a reduced scale.

What this module does not understand does not reach the decoder, so the two cannot disagree about where a segment ends:
the reduced file has the tables and scans, and of the metadata the first EXIF block and the color profile. It also
keeps files away from Pillow whose time lies in their metadata: it copies all EXIF blocks so far for each further one.

A JPEG stores 8 x 8 blocks as frequencies, so decoding at 1/2, 1/4 or 1/8 needs only the lowest of them ("DCT scaling").
Where blocks are missing, libjpeg fills them with medium gray and reports no error.

See ADR 0019.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from itertools import product

from PIL import Image, ImageChops

from core.errors import DecompressionBombError, TruncatedPhotoError

MAX_SEGMENTS = 2000
"""Segments of one image. Editors and depth maps need up to 320, which then fill 20 MB."""
MAX_SCANS = 100
"""Passes over the image; encoders write about ten."""
MAX_SCAN_PIXELS = 1_000_000_000
"""Scans times pixels: 18 passes over the largest accepted image. Each pass visits all blocks, however short it is."""

MARKER = re.compile(rb"\xff[^\x00\xff]")
SCAN_END = re.compile(rb"\xff[^\x00\xff\x01-\xbf\xd0-\xd7]")
"""A marker that ends entropy-coded data. libjpeg passes over restart markers and reserved ones there."""
START_OF_IMAGE, END_OF_IMAGE = b"\xff\xd8", b"\xff\xd9"
START_OF_FRAME = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
PROGRESSIVE = (b"\xc2", b"\xca")
BANDS = 64
"""Frequencies of a block."""
TABLES = {0xC4, 0xCC, 0xDB, 0xDD}
"""Markers of Huffman tables, arithmetic conditioning, quantization tables and restart intervals."""
SOS, EOI, APP0, APP1, APP2, APP14 = 0xDA, 0xD9, 0xE0, 0xE1, 0xE2, 0xEE
WITHOUT_CONTENT = {0x01, *range(0xD0, 0xD9)}
EXIF, PROFILE, JFIF, ADOBE = b"Exif\0\0", b"ICC_PROFILE\0", b"JFIF\0", b"Adobe"
METADATA = {APP0: (JFIF, 12), APP1: (EXIF, 6), APP2: (PROFILE, 14), APP14: (ADOBE, 12)}
"""Application segments about the pixels: how the content begins, and its least length; Pillow reads that far."""
MAX_PROFILE_PARTS = 255
SCALES = (1, 2, 4, 8)
PADDING = bytes(range(1, 255)) * 4
"""Bytes that any Huffman table decodes to something."""
MISSING_BLOCK_VALUES = range(127, 129)
"""What libjpeg shows for blocks whose data are missing: the middle of the range in every channel (127 where CMYK is
stored inverted)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JpegFile:
    """A JPEG that was reduced to what its pixels need."""

    body: bytes
    """The file without its end marker."""
    has_end: bool
    """Whether there was an end marker."""
    has_all_bands: bool
    """Whether there are scans of every frequency of every component in full precision; always so if not progressive."""

    @property
    def complete(self) -> bytes:
        """The file with an end marker."""
        return self.body + END_OF_IMAGE


def parse_jpeg(data: bytes) -> JpegFile:
    """Find the segments of the first image in a file.

    Args:
        data: the file, from the start marker.

    Raises:
        TruncatedPhotoError: the file ends before the first scan.
        DecompressionBombError: there are more segments, or passes over the image, than any encoder writes.
    """
    parts, frame, scans, at, has_end = [START_OF_IMAGE], b"", 0, 2, False
    bands: set[tuple[int, int]] = set()
    seen: dict[bytes, int] = {}
    for _ in range(MAX_SEGMENTS):
        found = MARKER.search(data, at)
        if found is None:
            break
        marker, start = data[found.start() + 1], found.start()
        if marker == EOI:
            has_end = True
            break
        if marker in WITHOUT_CONTENT:
            at = found.end()
            continue
        at = found.end() + max(2, int.from_bytes(data[found.end() : found.end() + 2], "big"))
        segment = data[start:at]
        if marker in START_OF_FRAME:
            frame = frame or segment
            parts.append(segment)
        elif marker in TABLES or _is_needed(marker, segment[4:18], seen):
            parts.append(segment)
        elif marker == SOS:
            if at > len(data):
                break
            scans += 1
            _check_scans(scans, frame)
            bands.update(_complete_bands(segment[4:]))
            end = SCAN_END.search(data, at)
            at = len(data) if end is None else end.start()
            parts.append(data[start:at])
    else:
        raise DecompressionBombError(f"JPEG of over {MAX_SEGMENTS} segments")
    if scans == 0:
        raise TruncatedPhotoError("JPEG without a scan")
    body = b"".join(parts)
    if not has_end:
        body = body.rstrip(b"\0")
    if body.endswith(b"\xff"):
        # Within entropy-coded data 0xFF is followed by zero; without it the next byte would be read as a marker.
        body += b"\0"
    components = frame[10 : 10 + 3 * frame[9] : 3] if len(frame) > 9 else b""
    has_all_bands = frame[1:2] not in PROGRESSIVE or bands >= set(product(components, range(BANDS)))
    return JpegFile(body=body, has_end=has_end, has_all_bands=has_all_bands)


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
    # libjpeg smooths a progressive image whose passes are incomplete, so that missing blocks are not gray there.
    if not file.has_end or not file.has_all_bands or _may_lack_last_block(image):
        probe = _decode(file.body + PADDING + END_OF_IMAGE, scale)
        if ImageChops.difference(image, probe).getbbox(alpha_only=False) is not None:
            raise TruncatedPhotoError("JPEG with missing blocks")
    return image


def _is_needed(marker: int, content: bytes, seen: dict[bytes, int]) -> bool:
    """Whether an application segment says something about the pixels that no earlier one said."""
    name, min_length = METADATA.get(marker, (b"", 0))
    if not name or not content.startswith(name) or len(content) < min_length:
        return False
    seen[name] = seen.get(name, 0) + 1
    return seen[name] <= (MAX_PROFILE_PARTS if name == PROFILE else 1)


def _complete_bands(header: bytes) -> Iterable[tuple[int, int]]:
    """Components and frequencies that a scan of a progressive JPEG brings to full precision.

    Args:
        header: number of components, two bytes for each, first and last frequency, precision before and after it.
    """
    spectrum = header[1 + 2 * header[0] :][:3] if header else b""
    if len(spectrum) < 3 or spectrum[2] & 0x0F:
        return ()
    return product(header[1 : 1 + 2 * header[0] : 2], range(spectrum[0], min(spectrum[1] + 1, BANDS)))


def _check_scans(scans: int, frame: bytes) -> None:
    pixels = int.from_bytes(frame[5:7], "big") * int.from_bytes(frame[7:9], "big")
    if scans > MAX_SCANS or (scans > 1 and scans * pixels > MAX_SCAN_PIXELS):
        raise DecompressionBombError(f"JPEG of over {scans - 1} scans")


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
