"""GIF files reduced to their first frame, without comments and further frames."""

from core.errors import DecompressionBombError, TruncatedPhotoError

SCREEN_END = 13
"""Length of signature and screen descriptor."""
EXTENSION, FRAME, TRAILER = 0x21, 0x2C, 0x3B
GRAPHIC_CONTROL = 0xF9
"""Label of the extension that names the transparent color of the next frame."""
HAS_COLORS = 0x80
MAX_BLOCKS = 400_000
"""Blocks of at most 255 bytes; 20 MB of full ones are 82 000."""


def reduce_gif(data: bytes) -> bytes:
    """Return the first frame as a file.

    Args:
        data: the file, from its signature.

    Raises:
        TruncatedPhotoError: the file ends before its first frame does.
        DecompressionBombError: there are more blocks than any encoder writes.
    """
    at = SCREEN_END + _color_bytes(data, 10)
    screen, control, blocks = data[:at], b"", 0
    while at < len(data) and data[at] != TRAILER:
        start, kind = at, data[at]
        if kind == EXTENSION:
            label = data[at + 1 : at + 2]
            at, read = _skip_blocks(data, at + 2, MAX_BLOCKS - blocks)
            if label == bytes([GRAPHIC_CONTROL]):
                control = data[start:at]
        elif kind == FRAME:
            at += 11 + _color_bytes(data, at + 9)
            at, _ = _skip_blocks(data, at, MAX_BLOCKS - blocks)
            return screen + control + data[start:at] + bytes([TRAILER])
        else:
            # Decoders pass over bytes between the blocks.
            at, read = at + 1, 1
        blocks += read
        if blocks > MAX_BLOCKS:
            raise DecompressionBombError(f"GIF of over {MAX_BLOCKS} blocks")
    raise TruncatedPhotoError("GIF without a frame")


def _color_bytes(data: bytes, flags_at: int) -> int:
    """Length of the color table that the flags of a screen or a frame announce."""
    flags = data[flags_at] if flags_at < len(data) else 0
    return 3 * 2 ** (1 + flags % 8) if flags & HAS_COLORS else 0


def _skip_blocks(data: bytes, at: int, limit: int) -> tuple[int, int]:
    """The end of blocks that begin with their length, up to one of length 0, and their number."""
    for count in range(1, limit):
        if at >= len(data):
            break
        length = data[at]
        at += 1 + length
        if length == 0 and at <= len(data):
            return at, count
    else:
        raise DecompressionBombError(f"GIF of over {MAX_BLOCKS} blocks")
    raise TruncatedPhotoError("GIF that ends within a block")
