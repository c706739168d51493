"""What may be said of items and colors: probabilities and thresholds chosen on validation photos."""

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from core.clothing import COLORS
from core.training.photo_table import PhotoTable
from core.vision.attribute_calibration import NEVER, AttributeCalibration, HeadCalibration

NAMING_PRECISION = 0.85
"""Share of what is named that must be there."""
MIN_PROBABILITY = 0.5
"""What is named is more likely there than not, whatever is right by luck among the few photos of a rare item."""
STORED_STEPS = 10_000
"""The card stores thresholds with four digits."""
MIN_NAMED = 8
"""Photos over a threshold, at least, for its precision to be believed."""


def calibrate_attributes(
    table: PhotoTable,
    rows: NDArray[np.int64],
    item_logits: NDArray[np.float32],
    color_logits: NDArray[np.float32],
) -> AttributeCalibration:
    """Choose probabilities and thresholds; no color is the main one yet.

    Args:
        table: all labels.
        rows: outfits of the validation split with items and colors.
        item_logits: n x items.
        color_logits: n x colors.
    """
    return AttributeCalibration(
        items=calibrate_head(item_logits, seen_items(table, rows)),
        colors=calibrate_head(color_logits, seen_colors(table, rows)),
        main_color=None,
    )


def calibrate_head(logits: NDArray[np.float32], truth: NDArray[np.bool_]) -> HeadCalibration:
    """Fit Platt scaling, and find the lowest probability from which an output is right often enough.

    Args:
        logits: n x outputs.
        truth: n x outputs, whether it is there.
    """
    scales = [_platt(column, seen) for column, seen in zip(logits.T, truth.T, strict=True)]
    slope, offset = np.array(scales).T
    unbounded = HeadCalibration(slope=slope, offset=offset, threshold=np.full(len(slope), NEVER))
    probabilities = unbounded.probabilities(logits)
    thresholds = [
        choose_threshold(column, seen, MIN_NAMED, NAMING_PRECISION)
        for column, seen in zip(probabilities.T, truth.T, strict=True)
    ]
    return HeadCalibration(slope=slope, offset=offset, threshold=np.array(thresholds))


def naming_metrics(
    probabilities: NDArray[np.float64], truth: NDArray[np.bool_], thresholds: NDArray[np.float64]
) -> dict[str, float]:
    """Measure the precision of what is named, and how much is named per outfit."""
    named = probabilities >= thresholds
    return {
        "precision": float(truth[named].mean()) if named.any() else 0.0,
        "per_outfit": float(named.sum(axis=1).mean()),
        "outputs_in_use": int((thresholds < NEVER).sum()),
    }


def outfits_with_attributes(table: PhotoTable, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Find the positions among `rows` of outfits with items and colors."""
    return np.flatnonzero(
        ~np.isnan(table.items[rows, 0, 0]) & (table.style[rows, 0] >= 0) & (table.colors[rows, 0, 0] >= 0)
    )


def seen_items(table: PhotoTable, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark what either view names, n x items: annotators overlook more than they invent."""
    return np.asarray(np.nanmax(table.items[rows], axis=1) > 0)


def seen_colors(table: PhotoTable, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the colors that either view names, n x colors."""
    return np.asarray((table.colors[rows][..., None] == np.arange(len(COLORS))).any(axis=(1, 2)))


def is_main_color(table: PhotoTable, rows: NDArray[np.int64], color: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell whether these colors are what either view names first, n."""
    return np.asarray((table.colors[rows, :, 0] == color[:, None]).any(axis=1))


def choose_threshold(
    probability: NDArray[np.float64], is_right: NDArray[np.bool_], fewest: int, precision: float
) -> float:
    """Find the lowest probability from which at least `fewest` are named and a share of `precision` is right.

    Of all probabilities in the digits that the model card stores, so that both hold for what is read from it, and equal
    probabilities are named together.

    Args:
        probability: n, calibrated, 0 to 1.
        is_right: n, whether naming it would be right.
        fewest: how many must be named.
        precision: share of the named that must be right, 0 to 1.

    Returns:
        At least MIN_PROBABILITY; `NEVER` if there is none.
    """
    levels = np.unique(np.maximum(np.floor(probability * STORED_STEPS) / STORED_STEPS, MIN_PROBABILITY))
    rising = np.argsort(probability)
    below = np.searchsorted(probability[rising], levels)
    named = len(rising) - below
    right = is_right.sum() - np.concatenate([[0], np.cumsum(is_right[rising])])[below]
    enough = np.flatnonzero((named >= max(1, fewest)) & (right >= precision * named))
    return float(levels[enough[0]]) if enough.size else NEVER


def _platt(logits: NDArray[np.float32], seen: NDArray[np.bool_]) -> tuple[float, float]:
    if seen.all() or not seen.any():
        return 1.0, 0.0
    model = LogisticRegression(C=10.0).fit(logits[:, None], seen)
    return max(0.05, float(model.coef_[0, 0])), float(model.intercept_[0])
