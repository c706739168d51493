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


from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy.typing import NDArray


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


MIN_THIRD_SHARE = 0.5
"""If no third of the picture's height holds this share of the heat, the evidence is all over."""
MIN_HALF_SHARE = 0.6
"""A half of the picture's width that holds this share of the heat is named."""


class VerticalPart(StrEnum):
    """Which third of the picture, from the top, carries most of the evidence."""

    UPPER = "upper"
    MIDDLE = "middle"
    LOWER = "lower"
    ALL_OVER = "all_over"


class HorizontalPart(StrEnum):
    """Which half, as the viewer sees it, carries most of the evidence of the named third (or of the whole picture)."""

    LEFT = "left"
    RIGHT = "right"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRegion:
    """The place of the evidence."""

    vertical: VerticalPart
    horizontal: HorizontalPart
    concentration: float
    """0 (spread evenly) to 1 (all in one cell): 1 minus twice the share of cells that hold half of the
    heat."""


def locate_evidence(cam: NDArray[np.float32]) -> EvidenceRegion:
    """Describe where a class activation map is hot.

    Args:
        cam: the map over the picture alone, rows x columns, values 0 to 1. An all-zero map is all over,
        both sides.
    """
    total = float(cam.sum())
    if total <= 0.0:
        return EvidenceRegion(vertical=VerticalPart.ALL_OVER, horizontal=HorizontalPart.BOTH, concentration=0.0)
    rows = cam.sum(axis=1) / total
    thirds = [_share(rows, start, start + 1 / 3) for start in (0.0, 1 / 3, 2 / 3)]
    place = int(np.argmax(thirds))
    if thirds[place] >= MIN_THIRD_SHARE:
        height, band = (
            (VerticalPart.UPPER, VerticalPart.MIDDLE, VerticalPart.LOWER)[place],
            _overlap(len(rows), place / 3, (place + 1) / 3),
        )
    else:
        height, band = VerticalPart.ALL_OVER, np.ones(len(rows))
    columns = band @ cam
    left = _share(columns / columns.sum(), 0.0, 0.5)
    side = (
        HorizontalPart.LEFT
        if left >= MIN_HALF_SHARE
        else HorizontalPart.RIGHT
        if left <= 1 - MIN_HALF_SHARE
        else HorizontalPart.BOTH
    )
    hottest = np.sort(cam, axis=None)[::-1].cumsum()
    cells = int(np.searchsorted(hottest, total / 2)) + 1
    return EvidenceRegion(
        vertical=height, horizontal=side, concentration=max(0.0, 1 - 2 * (cells - 1) / max(1, cam.size - 1))
    )


def _share(density: NDArray[np.float32], start: float, stop: float) -> float:
    """Share of a density over equal cells that lies between two fractions of its length; cells are split."""
    edges = np.linspace(0.0, 1.0, density.size + 1)
    summed = np.concatenate(([0.0], np.cumsum(density)))
    low, high = np.interp([start, stop], edges, summed)
    return float(high - low)


def _overlap(cells: int, start: float, stop: float) -> NDArray[np.float64]:
    """How much of each of equal cells, 0 to 1, lies between two fractions of their length."""
    edges = np.linspace(0.0, 1.0, cells + 1)
    overlap: NDArray[np.float64] = np.minimum(edges[1:], stop) - np.maximum(edges[:-1], start)
    return np.maximum(overlap, 0.0) * cells
