"""GIF files reduced to their first frames, without comments and further ones."""

from core.errors import DecompressionBombError, TruncatedPhotoError

SCREEN_END = 13
"""Length of signature and screen descriptor."""
EXTENSION, FRAME, TRAILER = 0x21, 0x2C, 0x3B
GRAPHIC_CONTROL = 0xF9
"""Label of the extension that names the transparent color of the next frame."""
HAS_COLORS = 0x80
MAX_BLOCKS = 400_000
"""Blocks of at most 255 bytes; 20 MB of full ones are 82 000."""


def reduce_gif(data: bytes, *, max_frames: int = 1) -> bytes:
    """Return the first frames as a file.

    Args:
        data: the file, from its signature.
        max_frames: number of frames at most; the file may end within the later ones.

    Raises:
        TruncatedPhotoError: the file ends before its first frame does.
        DecompressionBombError: there are more blocks than any encoder writes.
    """
    at = SCREEN_END + _color_bytes(data, 10)
    frames, control, blocks = [data[:at]], b"", 0
    while at < len(data) and data[at] != TRAILER and len(frames) <= max_frames:
        start, kind = at, data[at]
        if kind == FRAME:
            at += 11 + _color_bytes(data, at + 9)
        try:
            if kind in (EXTENSION, FRAME):
                at, read = _skip_blocks(data, at + 2 if kind == EXTENSION else at, MAX_BLOCKS - blocks)
            else:
                # Decoders pass over bytes between the blocks.
                at, read = at + 1, 1
        except TruncatedPhotoError:
            if len(frames) > 1:
                break
            raise
        if kind == FRAME:
            frames.append(control + data[start:at])
        elif data[start : start + 2] == bytes([EXTENSION, GRAPHIC_CONTROL]):
            control = data[start:at]
        blocks += read
        if blocks > MAX_BLOCKS and len(frames) <= max_frames:
            raise DecompressionBombError(f"GIF of over {MAX_BLOCKS} blocks")
    if len(frames) == 1:
        raise TruncatedPhotoError("GIF without a frame")
    return b"".join(frames) + bytes([TRAILER])


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
