"""The class activation map: how much each position of the image contributes to a style, and where that is.

Zhou, Khosla, Lapedriza, Oliva and Torralba, *Learning Deep Features for Discriminative Localization*, CVPR 2016. With
features F (rows x columns x channels) pooled by their mean and one dense layer W, the logit of style c is

    z_c = mean over positions of (F W[:, c]) + b_c

so that F W[:, c], the evidence, is each position's exact part in the logit, and the map is

    M_c = relu(F W[:, c]) / max

The network multiplies F by W itself; its output is the evidence.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

MIN_THIRD_SHARE = 0.5
"""Share of the map's sum from which a third of the height is named; below it the evidence is all over."""
MIN_HALF_SHARE = 0.6
"""Share of the map's sum from which a half of the width is named."""


class VerticalPart(StrEnum):
    """The third of the image, from the top, with most of the evidence."""

    UPPER = "upper"
    MIDDLE = "middle"
    LOWER = "lower"
    ALL_OVER = "all_over"


class HorizontalPart(StrEnum):
    """The half, as the viewer sees it, with most of the evidence of the named third (or of the whole image)."""

    LEFT = "left"
    RIGHT = "right"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRegion:
    """Where the evidence is."""

    vertical: VerticalPart
    horizontal: HorizontalPart
    concentration: float
    """0 (spread evenly) to 1 (all in one cell): 1 minus twice the share of cells that hold half of the map's sum."""


def activation_map(evidence: NDArray[np.float32]) -> NDArray[np.float32]:
    """Compute the class activation map of one style.

    Args:
        evidence: rows x columns, the style's evidence at each position, of any sign, in logits.

    Returns:
        Rows x columns, 0 to 1, read-only: the positive evidence, scaled to a maximum of 1; all zeros if no position is
        positive.
    """
    positive = np.maximum(evidence, np.float32(0))
    peak = positive.max()
    cam = positive / peak if peak > 0 else positive
    cam.setflags(write=False)
    return cam


def locate_evidence(cam: NDArray[np.float32]) -> EvidenceRegion:
    """Describe where a class activation map is high.

    Args:
        cam: the map over the image alone, rows x columns, 0 to 1. A map of zeros is all over, both sides.
    """
    total = float(cam.sum())
    if total <= 0.0:
        return EvidenceRegion(vertical=VerticalPart.ALL_OVER, horizontal=HorizontalPart.BOTH, concentration=0.0)
    rows = cam.sum(axis=1) / total
    thirds = [float(_overlap(len(rows), third / 3, (third + 1) / 3) @ rows) for third in range(3)]
    index = int(np.argmax(thirds))
    vertical, row_weights = VerticalPart.ALL_OVER, np.ones(len(rows))
    if thirds[index] >= MIN_THIRD_SHARE:
        vertical = (VerticalPart.UPPER, VerticalPart.MIDDLE, VerticalPart.LOWER)[index]
        row_weights = _overlap(len(rows), index / 3, (index + 1) / 3)
    columns = row_weights @ cam
    left = float(_overlap(len(columns), 0.0, 0.5) @ columns / columns.sum())
    horizontal = HorizontalPart.BOTH
    if left >= MIN_HALF_SHARE:
        horizontal = HorizontalPart.LEFT
    elif left <= 1 - MIN_HALF_SHARE:
        horizontal = HorizontalPart.RIGHT
    descending = np.sort(cam, axis=None)[::-1].cumsum()
    half_cells = int(np.searchsorted(descending, total / 2)) + 1
    concentration = max(0.0, 1 - 2 * (half_cells - 1) / max(1, cam.size - 1))
    return EvidenceRegion(vertical=vertical, horizontal=horizontal, concentration=concentration)


def _overlap(cells: int, start: float, stop: float) -> NDArray[np.float64]:
    """The part of each of equal cells, 0 to 1, between two fractions of their length."""
    edges = np.linspace(0.0, 1.0, cells + 1)
    overlap: NDArray[np.float64] = np.minimum(edges[1:], stop) - np.maximum(edges[:-1], start)
    return np.maximum(overlap, 0.0) * cells
