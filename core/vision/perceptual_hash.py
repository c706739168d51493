"""A perceptual hash: nearly equal for the same photo at any size and after any messenger's compression.

256 bits say for neighboring cells of a 16 x 17 grid where the image gets clearly brighter to the right ("dHash"; a
margin keeps even areas from flickering); 48 bytes are the mean colors of 4 x 4 cells. Gradients alone would match a
dress in red and the same in blue, colors alone two selfies in the same mirror.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image

GRADIENT_GRID = 16
COLOR_GRID = 4
PREDOWNSCALE_SIDE = 400
"""Shortest side in px of the image after a first division by a whole number, which halves the time. With a smaller one,
the same photo at another size would differ in more bits than without it (200 photos, at most 9)."""
GRADIENT_MARGIN = 3
"""Gray levels, of 255, by which the right one of two cells has to be brighter."""
GRADIENT_BITS = GRADIENT_GRID * GRADIENT_GRID
HASH_LENGTH = GRADIENT_BITS // 8 + COLOR_GRID * COLOR_GRID * 3
"""In bytes."""
MAX_DIFFERENT_BITS = 16
"""Gradient bits in which two hashes of one photo may differ."""
MAX_COLOR_DIFFERENCE = 10
"""Levels, of 255, by which a channel of a cell may differ."""


def perceptual_hash(image: Image.Image) -> bytes:
    """Compute the perceptual hash, `HASH_LENGTH` bytes.

    Args:
        image: RGB, upright.
    """
    # Averages of averages are nearly the same and take a quarter of the time.
    divisor = max(1, min(image.size) // PREDOWNSCALE_SIDE)
    small = image.reduce(divisor)
    # The remainder at the edges of the division does not count as a whole pixel.
    box = 0, 0, image.width / divisor, image.height / divisor
    gray = np.asarray(
        small.convert("L").resize((GRADIENT_GRID + 1, GRADIENT_GRID), Image.Resampling.BOX, box=box), np.int16
    )
    is_brighter = gray[:, 1:] > gray[:, :-1] + GRADIENT_MARGIN
    colors = np.asarray(small.resize((COLOR_GRID, COLOR_GRID), Image.Resampling.BOX, box=box))
    return np.packbits(is_brighter).tobytes() + colors.tobytes()


def find_duplicate(photo: bytes, others: Sequence[bytes]) -> int | None:
    """The position of the first of several hashes that is of the same photo, or None.

    Args:
        photo: the hash of a photo.
        others: hashes of other photos.
    """
    first = np.frombuffer(photo, np.uint8)
    rest = np.frombuffer(b"".join(others), np.uint8).reshape(-1, HASH_LENGTH)
    bits, colors = slice(GRADIENT_BITS // 8), slice(GRADIENT_BITS // 8, None)
    distances = np.bitwise_count(rest[:, bits] ^ first[bits]).sum(axis=1)
    differences = np.abs(rest[:, colors].astype(np.int16) - first[colors]).max(axis=1)
    same = np.flatnonzero((distances <= MAX_DIFFERENT_BITS) & (differences <= MAX_COLOR_DIFFERENCE))
    return int(same[0]) if same.size else None
