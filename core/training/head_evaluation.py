"""Evaluation of the heads for styles, the gate, items and colors against what most annotators said."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax
from sklearn.metrics import average_precision_score, confusion_matrix, f1_score

from core.clothing import COLORS, ITEMS
from core.styles import STYLES
from core.training.calibration import expected_calibration_error
from core.training.head_calibration import (
    naming_metrics,
    outfits_with_attributes,
    seen_colors,
    seen_items,
)
from core.training.photo_table import NO_VIEW, NOT_AN_OUTFIT, PhotoTable
from core.vision.attribute_calibration import AttributeCalibration
from core.vision.model_card import ModelCard

MIN_SOURCE_PHOTOS = 20
"""Sources with fewer outfits are not listed."""
MIN_POSITIVES = 5
"""Items and colors with fewer photos have no average precision."""


def evaluate_heads(
    table: PhotoTable, rows: NDArray[np.int64], logits: Mapping[str, NDArray[np.float32]], card: ModelCard
) -> dict[str, Any]:
    """Compare all heads with the labels; shares as 0 to 1.

    Args:
        table: all labels.
        rows: n, the photos.
        logits: `style` n x 8, `outfit` n, and with attributes in the card `items` and `colors`.
        card: temperature, thresholds and calibration.

    Returns:
        Style metrics against the majority of the views (the style that two share, where there is no majority label) on
        the photos that have one; the gate on all photos; items and colors against either view.
    """
    gold = shared_styles(table, rows)
    has_gold = gold >= 0
    probabilities = softmax(logits["style"] / card.temperature, axis=1)[has_gold]
    truth, order = gold[has_gold], np.argsort(-probabilities, axis=1)
    is_right = order[:, 0] == truth
    is_agreed = _are_unanimous(table.style[rows][has_gold])
    source = table.source[rows][has_gold]
    is_clear = probabilities.max(axis=1) >= card.thresholds.clear
    metrics: dict[str, Any] = {
        "photos": int(has_gold.sum()),
        "top1": float(is_right.mean()),
        "top1_unanimous": float(is_right[is_agreed].mean()) if is_agreed.any() else None,
        "unanimous": int(is_agreed.sum()),
        "top2": float((order[:, :2] == truth[:, None]).any(axis=1).mean()),
        "macro_f1": float(f1_score(truth, order[:, 0], labels=range(len(STYLES)), average="macro", zero_division=0)),
        "recall": {
            str(style): float(is_right[truth == place].mean())
            for place, style in enumerate(STYLES)
            if (truth == place).any()
        },
        "ece": expected_calibration_error(probabilities.max(axis=1), is_right),
        "clear": {
            "share": float(is_clear.mean()),
            "right": float(is_right[is_clear].mean()) if is_clear.any() else 0.0,
        },
        "sources": {
            str(name): {
                "photos": int((source == name).sum()),
                "top1": float(is_right[source == name].mean()),
                "ece": expected_calibration_error(probabilities[source == name].max(axis=1), is_right[source == name]),
            }
            for name in np.unique(source)
            if (source == name).sum() >= MIN_SOURCE_PHOTOS
        },
        "confusion": confusion_matrix(truth, order[:, 0], labels=range(len(STYLES))).tolist(),
        "gate": _evaluate_gate(table.style[rows], expit(logits["outfit"]), has_gold, card.thresholds.outfit),
    }
    if card.attributes is not None:
        metrics |= _evaluate_attributes(table, rows, logits, card.attributes)
    return metrics


def shared_styles(table: PhotoTable, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Find the majority label of each photo, or the style that two views share; negative where there is no style."""
    found: NDArray[np.int64] = np.where(table.gold[rows] > NO_VIEW, table.gold[rows], consensus(table, rows))
    return found


def consensus(table: PhotoTable, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Find the style that two views share, or NO_VIEW."""
    style = table.style[rows]
    label = np.full(len(rows), NO_VIEW)
    for first, second in ((1, 2), (0, 2), (0, 1)):
        same = (style[:, first] == style[:, second]) & (style[:, first] > NO_VIEW)
        label[same] = style[same, first]
    return label


def _are_unanimous(views: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether at least two views exist and all say the same."""
    exists = views > NO_VIEW
    first = np.max(np.where(exists, views, NO_VIEW), axis=1, keepdims=True)
    return np.asarray((exists.sum(axis=1) >= 2) & ((views == first) | ~exists).all(axis=1))


def _evaluate_gate(
    views: NDArray[np.int64], outfit: NDArray[np.float32], has_gold: NDArray[np.bool_], threshold: float
) -> dict[str, float]:
    is_negative = (views[:, 0] == NOT_AN_OUTFIT) & (views[:, 1:] < 0).all(axis=1)
    refused = outfit < threshold
    found = {
        "negatives": float(is_negative.sum()),
        "outfits_refused": float(refused[has_gold].mean()),
    }
    return found | ({"negatives_refused": float(refused[is_negative].mean())} if is_negative.any() else {})


def _evaluate_attributes(
    table: PhotoTable,
    rows: NDArray[np.int64],
    logits: Mapping[str, NDArray[np.float32]],
    calibration: AttributeCalibration,
) -> dict[str, Any]:
    places = outfits_with_attributes(table, rows)
    if not places.size:
        return {}
    named = rows[places]
    items = calibration.items.probabilities(logits["items"][places])
    colors = calibration.colors.probabilities(logits["colors"][places])
    is_there = np.concatenate([seen_items(table, named), seen_colors(table, named)], axis=1)
    thresholds = np.concatenate([calibration.items.threshold, calibration.colors.threshold])
    first_items, first_colors = table.items[rows, 0], table.colors[rows, 0]
    has_items, has_colors = ~np.isnan(first_items[:, 0]), first_colors[:, 0] >= 0
    is_named = (first_colors[has_colors][..., None] == np.arange(len(COLORS))).any(axis=1)
    items_ap = _average_precisions(ITEMS, first_items[has_items] > 0, logits["items"][has_items])
    colors_ap = _average_precisions(COLORS, is_named, logits["colors"][has_colors])
    return {
        "items_map": float(np.mean(list(items_ap.values()))) if items_ap else None,
        "colors_map": float(np.mean(list(colors_ap.values()))) if colors_ap else None,
        "items_ap": items_ap,
        "colors_ap": colors_ap,
        "items_named": naming_metrics(items, is_there[:, : items.shape[1]], calibration.items.threshold),
        "colors_named": naming_metrics(colors, is_there[:, items.shape[1] :], calibration.colors.threshold),
        "named": naming_metrics(np.concatenate([items, colors], axis=1), is_there, thresholds),
    }


def _average_precisions(
    names: Sequence[str], is_there: NDArray[np.bool_], logits: NDArray[np.float32]
) -> dict[str, float]:
    """Of each item or color that the first view names in at least `MIN_POSITIVES` photos."""
    return {
        name: float(average_precision_score(truth, scores))
        for name, truth, scores in zip(names, is_there.T, logits.T, strict=True)
        if truth.sum() >= MIN_POSITIVES
    }
