"""PNG files reduced to the chunks that their pixels, colors and orientation need.

Everything else (texts, times, animations) is dropped without being looked at, so that neither its damage nor its size
matters: a kilobyte of compressed text may inflate to a megabyte, and a file may hold thousands of them.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from itertools import islice

from core.errors import CorruptPhotoError, DecompressionBombError
from core.images.color_space import SRGB, ColorSpace, MeasuredColorSpace

SIGNATURE_LENGTH = 8
CHUNK_OVERHEAD = 12
"""Length, name and checksum of a chunk, 4 bytes each."""
MAX_CHUNKS = 100_000
"""Chunks of one file; encoders write one for 8 KiB of pixels or more."""
COLOR_TYPE_AT = 25
"""Where the file tells how it stores colors."""
PALETTE_COLOR_TYPE = b"\3"
PALETTE, TRANSPARENCY = b"PLTE", b"tRNS"
PIXEL_CHUNKS = {b"IHDR", PALETTE, b"IDAT"}
TRANSPARENCY_LENGTHS = {b"\0": range(2, 3), b"\2": range(6, 7), PALETTE_COLOR_TYPE: range(1, 257)}
"""Length of its content by color type: gray, RGB, palette. The others have an alpha channel instead."""
COLOR_CHUNKS = {b"iCCP": None, b"cICP": 4, b"sRGB": 1, b"gAMA": 4, b"cHRM": 32}
"""Length of their content; None for any."""
ORIENTATION_CHUNKS = {b"eXIf": None}
FRACTION = 100_000
"""In which PNG counts chromaticities and gamma."""
MAX_GAMMA_RATIO = 10.0
"""Largest exponent in either direction that a file may tell."""
MAX_PIXEL_BYTES = 500 * 2**20
"""Inflated size up to which damaged pixels are looked for; the largest photo with 16 bits a channel has less."""
INFLATED_STEP, DEFLATED_STEP = 2**20, 2**16
FRAME_START = b"fcTL"
ANIMATION_CHUNKS = {b"acTL", FRAME_START, b"fdAT"}
MAX_PROFILE_BYTES = 4 * 2**20
"""Inflated size of a color profile up to which it is used; those of printers reach 2 MB."""
END = b"\0\0\0\0IEND\xae\x42\x60\x82"


def reduce_png(data: bytes, *, max_frames: int = 1) -> bytes:
    """Return the same image without the chunks that hold no pixels.

    Args:
        data: the file, from its signature; may be damaged.
        max_frames: number of frames at most; 1 keeps the image alone, which is what is shown without animation.

    Raises:
        DecompressionBombError: there are more chunks than any encoder writes.
        CorruptPhotoError: the pixels are damaged.
    """
    parts, seen, frames, end, are_pixels_suspect = [data[:SIGNATURE_LENGTH]], set(), 0, b"", False
    color_type = data[COLOR_TYPE_AT : COLOR_TYPE_AT + 1]
    # In other images a palette is a suggestion for screens of few colors.
    needed = PIXEL_CHUNKS if color_type == PALETTE_COLOR_TYPE else PIXEL_CHUNKS - {PALETTE}
    chunks = _chunks(data)
    for name, start, stop in islice(chunks, MAX_CHUNKS):
        if name == b"IEND":
            end = END
            break
        frames += name == FRAME_START
        if name in needed or (name in ANIMATION_CHUNKS and max_frames > 1 and frames <= max_frames):
            parts.append(data[start:stop])
            are_pixels_suspect |= name == b"IDAT" and stop <= len(data) and not _has_right_checksum(parts[-1])
        elif name not in seen and _is_usable(name, data[start:stop], color_type):
            seen.add(name)
            parts.append(data[start:stop])
    else:
        if next(chunks, None) is not None:
            raise DecompressionBombError(f"PNG of over {MAX_CHUNKS} chunks")
    if are_pixels_suspect:
        _check_pixels([part[8:-4] for part in parts if part[4:8] == b"IDAT"])
    return b"".join((*parts, end))


def read_png_color_space(data: bytes) -> ColorSpace | MeasuredColorSpace | None:
    """The color space that the chunks tell; None for a profile, for sRGB and for a file that tells nothing.

    As in browsers, cICP counts before a profile, and a profile and sRGB before gAMA and cHRM, of which the latter needs
    the former.

    Args:
        data: a file of `reduce_png`.
    """
    contents: dict[bytes, bytes] = {}
    for name, start, stop in _chunks(data):
        if name == b"IDAT":
            break
        contents[name] = data[start + 8 : stop - 4]
    if (code_points := contents.get(b"cICP")) is not None:
        return ColorSpace(code_points[0], code_points[1])
    if b"iCCP" in contents or b"sRGB" in contents or b"gAMA" not in contents:
        return None
    encoding_gamma = int.from_bytes(contents[b"gAMA"], "big") / FRACTION
    if not 1 / MAX_GAMMA_RATIO <= encoding_gamma <= MAX_GAMMA_RATIO:
        return None
    gamma = 1 / encoding_gamma
    if b"cHRM" in contents:
        values = [value / FRACTION for value in struct.unpack(">8I", contents[b"cHRM"])]
        white, red, green, blue = zip(values[::2], values[1::2], strict=True)
        measured = MeasuredColorSpace(gamma, (red, green, blue), white)
        if measured.is_valid:
            return measured
    return MeasuredColorSpace(gamma, SRGB)


def is_truncated_png(data: bytes) -> bool:
    """Whether the last chunk, IEND, is missing or cut."""
    return all(name != b"IEND" or start + CHUNK_OVERHEAD > len(data) for name, start, _ in _chunks(data))


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and end of each chunk; the last one may end beyond the file."""
    at = SIGNATURE_LENGTH
    while at + 8 <= len(data):
        stop = at + CHUNK_OVERHEAD + int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8], at, stop
        at = stop


def _is_usable(name: bytes, chunk: bytes, color_type: bytes) -> bool:
    """Whether an undamaged chunk describes colors, orientation or transparency."""
    lengths, length = COLOR_CHUNKS | ORIENTATION_CHUNKS, max(0, len(chunk) - CHUNK_OVERHEAD)
    if name == TRANSPARENCY:
        is_right_length = length in TRANSPARENCY_LENGTHS.get(color_type, ())
    else:
        is_right_length = name in lengths and lengths[name] in (None, length)
    if not is_right_length:
        return False
    if not _has_right_checksum(chunk):
        return False
    return name != b"iCCP" or _has_profile(chunk[8:-4])


def _has_right_checksum(chunk: bytes) -> bool:
    return zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:], "big")


def _check_pixels(contents: Sequence[bytes]) -> None:
    """Inflate the pixels to see whether they are whole: a wrong checksum of a chunk alone does not matter.

    Raises:
        CorruptPhotoError: they are not; Pillow would show what it makes of them.
    """
    inflater, size = zlib.decompressobj(), 0
    try:
        for content in contents:
            # In pieces, since what is not consumed is copied at each step.
            for start in range(0, len(content), DEFLATED_STEP):
                rest = content[start : start + DEFLATED_STEP]
                while rest and size < MAX_PIXEL_BYTES:
                    size += len(inflater.decompress(rest, INFLATED_STEP))
                    rest = inflater.unconsumed_tail
    except zlib.error as error:
        raise CorruptPhotoError("PNG with damaged pixels") from error
    if not inflater.eof and size < MAX_PIXEL_BYTES:
        raise CorruptPhotoError("PNG without all pixels")


def _has_profile(content: bytes) -> bool:
    """Whether the content of an iCCP chunk (name, 0, method 0, compressed profile) can be inflated."""
    name, _, rest = content.partition(b"\0")
    if not name or len(name) > 79 or rest[:1] != b"\0":
        return False
    inflater = zlib.decompressobj()
    try:
        inflater.decompress(rest[1:], MAX_PROFILE_BYTES)
    except zlib.error:
        return False
    return inflater.eof
