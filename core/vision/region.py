"""Where in the picture the evidence for a style lies, in words that can be checked against the map."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Height", "Region", "Side", "region_of"]

ALL_OVER_BELOW = 0.5
"""If no third of the picture's height holds this share of the heat, the evidence is all over."""
SIDE_FROM = 0.6
"""A half of the picture's width that holds this share of the heat is named."""


class Height(StrEnum):
    """Which third of the picture, from the top, carries most of the evidence."""

    UPPER = "upper"
    MIDDLE = "middle"
    LOWER = "lower"
    ALL_OVER = "all_over"


class Side(StrEnum):
    """Which half, as the viewer sees it, carries most of the evidence of the named third (or of the whole picture)."""

    LEFT = "left"
    RIGHT = "right"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """The place of the evidence."""

    height: Height
    side: Side
    concentration: float
    """0 (spread evenly) to 1 (all in one cell): 1 minus twice the share of cells that hold half of the
    heat."""


def region_of(cam: NDArray[np.float32]) -> Region:
    """Describe where a class activation map is hot.

    Args:
        cam: the map over the picture alone, rows x columns, values 0 to 1. An all-zero map is all over,
        both sides.
    """
    total = float(cam.sum())
    if total <= 0.0:
        return Region(height=Height.ALL_OVER, side=Side.BOTH, concentration=0.0)
    rows = cam.sum(axis=1) / total
    thirds = [_share(rows, start, start + 1 / 3) for start in (0.0, 1 / 3, 2 / 3)]
    place = int(np.argmax(thirds))
    if thirds[place] >= ALL_OVER_BELOW:
        height, band = (
            (Height.UPPER, Height.MIDDLE, Height.LOWER)[place],
            _overlap(len(rows), place / 3, (place + 1) / 3),
        )
    else:
        height, band = Height.ALL_OVER, np.ones(len(rows))
    columns = band @ cam
    left = _share(columns / columns.sum(), 0.0, 0.5)
    side = Side.LEFT if left >= SIDE_FROM else Side.RIGHT if left <= 1 - SIDE_FROM else Side.BOTH
    hottest = np.sort(cam, axis=None)[::-1].cumsum()
    cells = int(np.searchsorted(hottest, total / 2)) + 1
    return Region(height=height, side=side, concentration=max(0.0, 1 - 2 * (cells - 1) / max(1, cam.size - 1)))


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
