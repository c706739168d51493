"""Whole sources held out of training in turn, to choose by photos whose source the network has not seen.

Only sources that came after the shipped network are held out, because training starts from that network.
"""

import zlib

import numpy as np
from numpy.typing import NDArray

FOLDS = 2
SEEN_BY_SHIPPED = frozenset(
    {
        "ccp",
        "fpedia",
        "fpedib",
        "shadi",
        "aesth",
        "lpon",
        "dcode",
        "shtnpd",
        "world",
        "bangla",
        "myntra",
        "dfdeep",
        "fredin",
        "sunrin",
        "imagenet_sample",
    }
)
"""Sources in the training data of `vgg16-45eaa781`."""
NEVER_HELD_OUT = frozenset({"dfjul"})
"""A tenth of all training photos."""
ASSIGNED = {
    **dict.fromkeys(("dfwang", "vikram", "mdem", "jux"), 0),
    **dict.fromkeys(("dflily", "yas", "harry", "vcloset", "thom"), 1),
}
"""Larger sources; the small ones are divided by a checksum of their names."""


def held_out(source: NDArray[np.str_], fold: int) -> NDArray[np.bool_]:
    """Mark the photos whose sources are held out in a fold."""
    return np.array([_fold(str(name)) == fold for name in source], bool)


def _fold(source: str) -> int:
    if source in SEEN_BY_SHIPPED or source in NEVER_HELD_OUT:
        return -1
    return ASSIGNED.get(source, zlib.crc32(source.encode()) % FOLDS)
