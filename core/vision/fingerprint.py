"""A perceptual hash: the same photo has nearly the same one, at any size and after any messenger's compression.

256 bits say for neighbouring places of a 16 x 17 grid where the picture gets clearly brighter to the right ("dHash";
a margin keeps even areas from flickering), 48 bytes are the mean colours of 4 x 4 parts. Structure alone would take
a dress in red and the same in blue for one photo, colours alone two selfies in the same mirror.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LENGTH", "fingerprint", "is_same"]

GRID = 16
PARTS = 4
FINE = 400
"""Pixels that the short side keeps when a picture is first divided by a whole number, which takes half of the time.
With fewer, the same photo at another size would differ in more bits than it does without (200 photos, at most 9)."""
MARGIN = 3
"""Grey levels, of 255, by which the right one of two places has to be brighter."""
BITS = GRID * GRID
LENGTH = BITS // 8 + PARTS * PARTS * 3
"""Bytes of a fingerprint."""
DIFFERENT_BITS = 16
"""Bits in which two fingerprints of one photo may differ."""
DIFFERENT_COLOUR = 10
"""Levels, of 255, by which one channel of one part may."""


def fingerprint(image: Image.Image) -> bytes:
    """The perceptual hash of a picture, `LENGTH` bytes.

    Args:
        image: RGB, upright.
    """
    # Averages of averages are nearly the same and take a quarter of the time.
    divisor = max(1, min(image.size) // FINE)
    small = image.reduce(divisor)
    # What is left over at the edges of the division does not count as a whole pixel.
    whole = 0, 0, image.width / divisor, image.height / divisor
    grey = np.asarray(small.convert("L").resize((GRID + 1, GRID), Image.Resampling.BOX, box=whole), np.int16)
    brighter = grey[:, 1:] > grey[:, :-1] + MARGIN
    colours = np.asarray(small.resize((PARTS, PARTS), Image.Resampling.BOX, box=whole))
    return np.packbits(brighter).tobytes() + colours.tobytes()


def is_same(one: bytes, other: bytes) -> bool:
    """Whether two fingerprints are of one photo."""
    (bits, colours), (other_bits, other_colours) = _parts(one), _parts(other)
    apart = int(np.bitwise_count(bits ^ other_bits).sum())
    return apart <= DIFFERENT_BITS and int(np.abs(colours - other_colours).max()) <= DIFFERENT_COLOUR


def _parts(hashed: bytes) -> tuple[NDArray[np.uint8], NDArray[np.int16]]:
    whole = np.frombuffer(hashed, np.uint8)
    return whole[: BITS // 8], whole[BITS // 8 :].astype(np.int16)
