"""A perceptual hash: nearly equal for the same photo at any size and after any messenger's compression.

256 bits say for neighboring cells of a 16 x 17 grid where the image gets clearly brighter to the right ("dHash"; a
margin keeps even areas from flickering); 48 bytes are the mean colors of 4 x 4 cells. Gradients alone would match a
dress in red and the same in blue, colors alone two selfies in the same mirror.
"""

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


def is_duplicate(first: bytes, second: bytes) -> bool:
    """Whether two hashes are of the same photo."""
    first_hash, second_hash = np.frombuffer(first, np.uint8), np.frombuffer(second, np.uint8)
    bits, colors = slice(GRADIENT_BITS // 8), slice(GRADIENT_BITS // 8, None)
    distance = int(np.bitwise_count(first_hash[bits] ^ second_hash[bits]).sum())
    difference = int(np.abs(first_hash[colors].astype(np.int16) - second_hash[colors]).max())
    return distance <= MAX_DIFFERENT_BITS and difference <= MAX_COLOR_DIFFERENCE
