"""Metrics of a network with heads for styles, the gate, items and colors, from its logits of labelled photos."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from core.clothing import COLORS, ITEMS
from core.styles import STYLES
from core.training.photo_table import NO_VIEW, NOT_AN_OUTFIT, PhotoTable

MAX_FALSE_REJECTIONS = 0.01
"""Share of real outfits that the gate may refuse."""
MIN_POSITIVES = 5
"""Items and colors with fewer photos have no average precision."""


def consensus(table: PhotoTable, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Find the style that two views share, or NO_VIEW."""
    style = table.style[rows]
    label = np.full(len(rows), NO_VIEW)
    for one, other in ((1, 2), (0, 2), (0, 1)):
        same = (style[:, one] == style[:, other]) & (style[:, one] > NO_VIEW)
        label[same] = style[same, one]
    return label


def head_metrics(
    table: PhotoTable, rows: NDArray[np.int64], logits: Mapping[str, NDArray[np.float32]]
) -> dict[str, Any]:
    """Compute all metrics over these photos.

    Args:
        table: all labels.
        rows: the photos.
        logits: `style` n x 8, `outfit` n, `items` n x items, `colors` n x colors; items and colors may be missing.
    """
    label, first_view = consensus(table, rows), table.style[rows, 0]
    order = np.argsort(-logits["style"], axis=1)
    figures: dict[str, Any] = {"photos": len(rows)}
    for name, truth in (("first_view", first_view), ("two_views", label)):
        mask = truth >= 0
        if not mask.any():
            continue
        said, true = order[mask], truth[mask]
        figures[name] = {
            "photos": int(mask.sum()),
            "top1": float((said[:, 0] == true).mean()),
            "top2": float((said[:, :2] == true[:, None]).any(axis=1).mean()),
            "macro_f1": float(f1_score(true, said[:, 0], labels=range(len(STYLES)), average="macro", zero_division=0)),
            "recall": {
                str(STYLES[c]): float((said[true == c, 0] == c).mean()) for c in range(len(STYLES)) if (true == c).any()
            },
        }
    outfit = expit(logits["outfit"])
    positive = label >= 0
    negative = (first_view == NOT_AN_OUTFIT) & (table.style[rows, 1:] < 0).all(axis=1)
    if positive.any() and negative.any():
        both = positive | negative
        threshold = np.quantile(outfit[positive], MAX_FALSE_REJECTIONS)
        figures["gate"] = {
            "auroc": float(roc_auc_score(positive[both], outfit[both])),
            "negatives": int(negative.sum()),
            "refused_at_1_percent": float((outfit[negative] < threshold).mean()),
        }
    if "items" in logits:
        figures["items"] = _items(table.items[rows], logits["items"])
    if "colors" in logits:
        figures["colors"] = _colors(table.colors[rows], logits["colors"])
    return figures


def _items(views: NDArray[np.float32], logits: NDArray[np.float32]) -> dict[str, Any]:
    """AP of each item by the first view, and over the photos on which both views agree about it."""
    by_item, agreed = {}, {}
    named = ~np.isnan(views[:, 0, 0])
    twice = named & ~np.isnan(views[:, 1, 0])
    for place, item in enumerate(ITEMS):
        truth = views[named, 0, place] > 0
        if truth.sum() >= MIN_POSITIVES:
            by_item[item] = float(average_precision_score(truth, logits[named, place]))
        same = twice & (views[:, 0, place] == views[:, 1, place])
        truth = views[same, 0, place] > 0
        if truth.sum() >= MIN_POSITIVES:
            agreed[item] = float(average_precision_score(truth, logits[same, place]))
    return {
        "photos": int(named.sum()),
        "map": float(np.mean(list(by_item.values()))),
        "map_agreed": float(np.mean(list(agreed.values()))) if agreed else None,
        "ap": by_item,
    }


def _colors(views: NDArray[np.int64], logits: NDArray[np.float32]) -> dict[str, Any]:
    named = views[:, 0, 0] >= 0
    by_color = {}
    for place, color in enumerate(COLORS):
        truth = (views[named, 0] == place).any(axis=1)
        if truth.sum() >= MIN_POSITIVES:
            by_color[color] = float(average_precision_score(truth, logits[named, place]))
    first = logits.argmax(axis=1)
    main = (views[:, :, 0] == first[:, None]).any(axis=1)
    return {
        "photos": int(named.sum()),
        "map": float(np.mean(list(by_color.values()))),
        "main_either_view": float(main[named].mean()),
        "main_first_view": float((views[named, 0, 0] == first[named]).mean()),
        "ap": by_color,
    }
