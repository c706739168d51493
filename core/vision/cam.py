"""The class activation map: how much each place in the picture speaks for a style.

Zhou, Khosla, Lapedriza, Oliva and Torralba, *Learning Deep Features for Discriminative Localization*, CVPR
2016. With features F (rows x columns x channels) pooled by their mean and one dense layer W, the logit of
style c is

    z_c = mean over positions of (F W[:, c]) + b_c

so that F W[:, c], the evidence, is each position's exact part in the logit, and the map is

    M_c = relu(F W[:, c]) / max

The network multiplies F by W itself; what arrives here is the evidence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["activation_map"]


def activation_map(evidence: NDArray[np.float32]) -> NDArray[np.float32]:
    """The class activation map of one style.

    Args:
        evidence: rows x columns, the style's evidence at each position, of any sign, in logits.

    Returns:
        Rows x columns, 0 to 1: the positive evidence scaled so that its maximum is 1. Where no position
        speaks for the style, the map is all zeros. The array is read-only.
    """
    positive = np.maximum(evidence, np.float32(0))
    peak = positive.max()
    cam = positive / peak if peak > 0 else positive
    cam.setflags(write=False)
    return cam
