"""What the heads should predict: soft targets from the views of a photo, and how much each photo counts."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.clothing import COLORS
from core.styles import STYLES
from core.training.photo_table import NOT_AN_OUTFIT, VIEWS, PhotoTable

STYLE_SHARE = np.array([0.0, 0.70, 0.86, 0.94])
"""Share of the target for the labeled style, by the annotator's certainty (1 a guess, 3 clear; 0 without a label)."""
RUNNER_UP_SHARE = 0.8
"""Share of the remainder for the runner-up, if there is one; the rest is spread over all styles."""
VIEW_WEIGHT = np.array([0.0, 0.6, 1.0, 1.0])
"""Weight of a label in the style loss, by its certainty."""
UNSEEN_ITEM, SEEN_ITEM = 0.02, 0.97
"""Targets of an item that no view or every view names: annotators slip."""
COLOR_BY_RANK = (0.97, 0.75, 0.5)
"""Targets of the colors in order of their area."""
NOT_OUTFIT_RATE = 0.8
SOURCE_POWER = 0.25
"""A source's photos are weighted by its size to the power of minus this, within SOURCE_LIMITS."""
SOURCE_LIMITS = (0.6, 2.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """n photos."""

    style: NDArray[np.float32]
    """n x 8, rows sum to 1."""
    style_weight: NDArray[np.float32]
    """n; 0 where no view sees an outfit."""
    outfit: NDArray[np.float32]
    """n; share of the views that see an outfit."""
    items: NDArray[np.float32]
    """n x items, 0 to 1."""
    items_weight: NDArray[np.float32]
    """n; 0 where no view lists items."""
    colors: NDArray[np.float32]
    """n x colors, 0 to 1."""
    colors_weight: NDArray[np.float32]
    """n; 0 where no view names a color."""


def compute_targets(table: PhotoTable, rows: NDArray[np.int64], *, style_views: int = len(VIEWS)) -> Targets:
    """Compute the targets of these photos, style and outfit from the first `style_views` annotators."""
    style, weight, outfit = _style_targets(table, rows, style_views)
    items = table.items[rows]
    seen = ~np.isnan(items[:, :, 0])
    mean = np.where(seen[..., None], items, 0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)[:, None]
    colors, colors_weight = _color_targets(table.colors[rows])
    return Targets(
        style=style,
        style_weight=weight,
        outfit=outfit,
        items=(UNSEEN_ITEM + (SEEN_ITEM - UNSEEN_ITEM) * mean).astype(np.float32),
        items_weight=np.any(seen, axis=1).astype(np.float32),
        colors=colors,
        colors_weight=colors_weight,
    )


def photo_weights(
    table: PhotoTable,
    rows: NDArray[np.int64],
    *,
    balance: float,
    guess_rate: float,
    emphasis: Mapping[str, float] | None = None,
) -> NDArray[np.float64]:
    """Compute the relative weight of each photo; they sum to 1.

    Args:
        table: all labels.
        rows: the photos.
        balance: styles are weighted by their frequency to the power of minus this.
        guess_rate: factor for photos whose first label is a guess.
        emphasis: factors by source, 1 for others; by default they follow from the sources' sizes.
    """
    style, sure, source = table.style[rows, 0], table.sure[rows, 0], table.source[rows]
    counts = np.bincount(style[style >= 0], minlength=len(STYLES))
    by_style = (counts.mean() / np.maximum(counts, 1)) ** balance
    rates = np.where(style >= 0, by_style[np.maximum(style, 0)], NOT_OUTFIT_RATE)
    rates = rates * np.where((style >= 0) & (sure == 1), guess_rate, 1.0)
    names, place, sizes = np.unique(source, return_inverse=True, return_counts=True)
    if emphasis is None:
        by_source = np.clip((np.median(sizes[place]) / sizes) ** SOURCE_POWER, *SOURCE_LIMITS)
    else:
        by_source = np.array([emphasis.get(name, 1.0) for name in names.tolist()])
    rates = rates * by_source[place]
    shares: NDArray[np.float64] = rates / rates.sum()
    return shares


def _style_targets(
    table: PhotoTable, rows: NDArray[np.int64], style_views: int
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    styles = len(STYLES)
    total, weight = np.zeros((len(rows), styles)), np.zeros(len(rows))
    outfits, views = np.zeros(len(rows)), np.zeros(len(rows))
    for view in range(style_views):
        named, second, sure = table.style[rows, view], table.second[rows, view], table.sure[rows, view]
        counts = np.where(named >= 0, VIEW_WEIGHT[sure], 0.0)
        total += _soft_styles(named, second, sure) * counts[:, None]
        weight += counts
        outfits += named >= 0
        views += named >= NOT_AN_OUTFIT
    outfit = outfits / np.maximum(views, 1)
    style = np.where(weight[:, None] > 0, total / np.maximum(weight, 1e-6)[:, None], 1 / styles)
    return style.astype(np.float32), np.minimum(weight, 1).astype(np.float32), outfit.astype(np.float32)


def _soft_styles(style: NDArray[np.int64], second: NDArray[np.int64], sure: NDArray[np.int64]) -> NDArray[np.float64]:
    """Shares of the styles, n x 8, by one view of each photo that sees an outfit; each argument n."""
    named, has_second = STYLE_SHARE[sure], second >= 0
    runner_up = (1 - named) * RUNNER_UP_SHARE * has_second
    one_hot = np.eye(len(STYLES))
    shares = one_hot[np.maximum(style, 0)] * named[:, None] + one_hot[np.maximum(second, 0)] * runner_up[:, None]
    shares += (1 - named - runner_up)[:, None] / len(STYLES)
    return np.asarray(shares)


def _color_targets(named: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Both for n x views x ranks."""
    targets = np.zeros((len(named), named.shape[1], len(COLORS)))
    for rank, value in enumerate(COLOR_BY_RANK):
        row, view = np.nonzero(named[:, :, rank] >= 0)
        targets[row, view, named[row, view, rank]] = value
    seen = named[:, :, 0] >= 0
    mean = (targets * seen[..., None]).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)[:, None]
    return np.maximum(mean, UNSEEN_ITEM).astype(np.float32), np.any(seen, axis=1).astype(np.float32)
