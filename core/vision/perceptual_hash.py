"""A perceptual hash: the same photo has nearly the same one, at any size and after any messenger's compression.

256 bits say for neighbouring places of a 16 x 17 grid where the picture gets clearly brighter to the right ("dHash";
a margin keeps even areas from flickering), 48 bytes are the mean colours of 4 x 4 parts. Structure alone would take
a dress in red and the same in blue for one photo, colours alone two selfies in the same mirror.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

GRADIENT_GRID = 16
COLOR_GRID = 4
PREDOWNSCALE_SIDE = 400
"""Pixels that the short side keeps when a picture is first divided by a whole number, which takes half of the time.
With fewer, the same photo at another size would differ in more bits than it does without (200 photos, at most 9)."""
GRADIENT_MARGIN = 3
"""Grey levels, of 255, by which the right one of two places has to be brighter."""
GRADIENT_BITS = GRADIENT_GRID * GRADIENT_GRID
HASH_LENGTH = GRADIENT_BITS // 8 + COLOR_GRID * COLOR_GRID * 3
"""Bytes of a fingerprint."""
MAX_DIFFERENT_BITS = 16
"""Bits in which two fingerprints of one photo may differ."""
MAX_COLOR_DIFFERENCE = 10
"""Levels, of 255, by which one channel of one part may."""


def perceptual_hash(image: Image.Image) -> bytes:
    """The perceptual hash of a picture, `LENGTH` bytes.

    Args:
        image: RGB, upright.
    """
    # Averages of averages are nearly the same and take a quarter of the time.
    divisor = max(1, min(image.size) // PREDOWNSCALE_SIDE)
    small = image.reduce(divisor)
    # What is left over at the edges of the division does not count as a whole pixel.
    whole = 0, 0, image.width / divisor, image.height / divisor
    grey = np.asarray(
        small.convert("L").resize((GRADIENT_GRID + 1, GRADIENT_GRID), Image.Resampling.BOX, box=whole), np.int16
    )
    brighter = grey[:, 1:] > grey[:, :-1] + GRADIENT_MARGIN
    colours = np.asarray(small.resize((COLOR_GRID, COLOR_GRID), Image.Resampling.BOX, box=whole))
    return np.packbits(brighter).tobytes() + colours.tobytes()


def is_duplicate(first: bytes, second: bytes) -> bool:
    """Whether two fingerprints are of one photo."""
    (bits, colours), (other_bits, other_colours) = _split_hash(first), _split_hash(second)
    apart = int(np.bitwise_count(bits ^ other_bits).sum())
    return apart <= MAX_DIFFERENT_BITS and int(np.abs(colours - other_colours).max()) <= MAX_COLOR_DIFFERENCE


def _split_hash(photo_hash: bytes) -> tuple[NDArray[np.uint8], NDArray[np.int16]]:
    whole = np.frombuffer(photo_hash, np.uint8)
    return whole[: GRADIENT_BITS // 8], whole[GRADIENT_BITS // 8 :].astype(np.int16)
