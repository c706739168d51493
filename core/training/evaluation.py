"""Metrics of a model on labeled photos: by the first annotator for the report, and of every head by all annotators."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax
from sklearn.metrics import (
    average_precision_score,
    confusion_matrix,
    f1_score,
    precision_recall_fscore_support,
    roc_auc_score,
)

from core.clothing import COLORS, ITEMS
from core.errors import DatasetError
from core.styles import STYLES
from core.training.calibration import expected_calibration_error, naming_metrics
from core.training.photo_table import NO_VIEW, NOT_AN_OUTFIT, PhotoTable
from core.vision.attribute_calibration import AttributeCalibration
from core.vision.model_card import ModelCard
from core.vision.verdict import ConfidenceBand, confidence_band

MIN_SOURCE_PHOTOS = 20
"""Sources with fewer outfits are not listed in the figures of the heads."""
MIN_POSITIVES = 5
"""Items and colors with fewer photos have no average precision."""

Logits = Mapping[str, NDArray[np.float32]]
"""Of n photos by the head's name: `style` n x 8, `outfit` n, and maybe `items` and `colors`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """The styles of k outfits, predicted and labeled."""

    rows: NDArray[np.int64]
    """k, in the table."""
    probabilities: NDArray[np.float32]
    """k x 8."""
    labels: NDArray[np.int64]
    """k."""

    @property
    def first(self) -> NDArray[np.int64]:
        """k, the most probable style."""
        return np.asarray(self.probabilities.argmax(axis=1))

    @property
    def is_right(self) -> NDArray[np.bool_]:
        """k."""
        return np.asarray(self.first == self.labels)

    @property
    def confidence(self) -> NDArray[np.float32]:
        """k, the probability of the most probable style."""
        return np.asarray(self.probabilities.max(axis=1))

    @property
    def confusion(self) -> NDArray[np.int64]:
        """8 x 8, rows: annotator, columns: model."""
        return np.asarray(confusion_matrix(self.labels, self.first, labels=range(len(STYLES))))

    @property
    def top2(self) -> float:
        """Share of the outfits whose style is among the two most probable ones."""
        order = np.argsort(-self.probabilities, axis=1)
        return float((order[:, :2] == self.labels[:, None]).any(axis=1).mean())

    @property
    def macro_f1(self) -> float:
        """Mean of all styles."""
        return float(f1_score(self.labels, self.first, labels=range(len(STYLES)), average="macro", zero_division=0))


def evaluate_styles(
    table: PhotoTable, rows: NDArray[np.int64], logits: Logits, card: ModelCard
) -> tuple[dict[str, Any], Predictions]:
    """Compare style and gate with the first annotator; shares as 0 to 1, and None where no photo gives one.

    Args:
        table: all labels.
        rows: n, the photos.
        logits: of the photos.
        card: temperature and thresholds.

    Returns:
        The metrics, of which those of the style cover the photos in which the first annotator saw an outfit: `top1`;
        `top1_agreed`, where both annotators agree; `either` annotator's style or runner-up is predicted; `annotators`,
        how often both agree where both see an outfit; `false_rejects` and `false_accepts` of the gate. And the styles
        of these photos.

    Raises:
        DatasetError: no photo has an outfit.
    """
    is_outfit = table.is_outfit[rows]
    if not is_outfit.any():
        raise DatasetError("no photo of this split has an outfit")
    found = _predict(rows, table.style[rows, 0], is_outfit, logits, card)
    outfit = expit(logits["outfit"])
    is_right, is_accepted = found.is_right, outfit >= card.thresholds.outfit
    is_acceptable = _are_acceptable(table, found)
    second = table.style[found.rows, 1]
    is_agreed = second == found.labels
    precision, recall, f1, support = precision_recall_fscore_support(
        found.labels, found.first, labels=range(len(STYLES)), zero_division=0
    )
    metrics = {
        "photos": len(rows),
        "outfits": len(found.rows),
        "top1": float(is_right.mean()),
        "top1_agreed": _mean(is_right[is_agreed]),
        "either": float(is_acceptable.mean()),
        "top2": found.top2,
        "macro_f1": found.macro_f1,
        "ece": expected_calibration_error(found.confidence, is_right),
        "gate_auroc": None if is_outfit.all() else float(roc_auc_score(is_outfit, outfit)),
        "false_rejects": float((~is_accepted[is_outfit]).mean()),
        "false_accepts": _mean(is_accepted[~is_outfit]),
        "annotators": _mean(is_agreed[second >= 0]),
        "per_style": {
            str(style): {"precision": precision[i], "recall": recall[i], "f1": f1[i], "photos": int(support[i])}
            for i, style in enumerate(STYLES)
        },
        "per_source": _accuracy_by_source(table.source[found.rows], is_right, is_acceptable),
        "bands": _accuracy_by_band(found, outfit[is_outfit], card),
    }
    return metrics, found


def evaluate_heads(table: PhotoTable, rows: NDArray[np.int64], logits: Logits, card: ModelCard) -> dict[str, Any]:
    """Compare all heads with the labels; shares as 0 to 1.

    Args:
        table: all labels.
        rows: n, the photos.
        logits: of the photos, with attributes in the card those of items and colors too.
        card: temperature, thresholds and calibration.

    Returns:
        Style metrics against the majority of the views (the style that two share, where there is no majority label) on
        the photos that have one; the gate on all photos; items and colors against either view.
    """
    gold = table.shared_styles(rows)
    has_gold = gold >= 0
    found = _predict(rows, gold, has_gold, logits, card)
    is_right, source = found.is_right, table.source[found.rows]
    is_agreed = _are_unanimous(table.style[found.rows])
    is_clear = found.confidence >= card.thresholds.clear
    metrics: dict[str, Any] = {
        "photos": len(found.rows),
        "top1": float(is_right.mean()),
        "top1_unanimous": _mean(is_right[is_agreed]),
        "unanimous": int(is_agreed.sum()),
        "top2": found.top2,
        "macro_f1": found.macro_f1,
        "recall": {
            str(style): float(is_right[found.labels == place].mean())
            for place, style in enumerate(STYLES)
            if (found.labels == place).any()
        },
        "ece": expected_calibration_error(found.confidence, is_right),
        "clear": {"share": float(is_clear.mean()), "right": _mean(is_right[is_clear]) or 0.0},
        "sources": {
            str(name): {
                "photos": int((source == name).sum()),
                "top1": float(is_right[source == name].mean()),
                "ece": expected_calibration_error(found.confidence[source == name], is_right[source == name]),
            }
            for name in np.unique(source)
            if (source == name).sum() >= MIN_SOURCE_PHOTOS
        },
        "confusion": found.confusion.tolist(),
        "gate": _evaluate_gate(table.style[rows], expit(logits["outfit"]), has_gold, card.thresholds.outfit),
    }
    if card.attributes is not None:
        metrics |= _evaluate_attributes(table, rows, logits, card.attributes)
    return metrics


def round_metrics(value: Any) -> Any:
    """Round every number to four digits."""
    if isinstance(value, dict):
        return {str(key): round_metrics(inner) for key, inner in value.items()}
    return round(float(value), 4) if isinstance(value, float | np.floating) else value


def _mean(values: NDArray[np.bool_]) -> float | None:
    return float(values.mean()) if values.size else None


def _predict(
    rows: NDArray[np.int64], labels: NDArray[np.int64], used: NDArray[np.bool_], logits: Logits, card: ModelCard
) -> Predictions:
    probabilities = softmax(logits["style"][used] / card.temperature, axis=1)
    return Predictions(rows=rows[used], probabilities=probabilities, labels=labels[used])


def _are_acceptable(table: PhotoTable, found: Predictions) -> NDArray[np.bool_]:
    """Whether one of the first two views names the predicted style first or as the runner-up."""
    style, second = table.style[found.rows, :2], table.second[found.rows, :2]
    named = found.first[:, None]
    return np.asarray(((style == named) | ((second == named) & (style > NO_VIEW))).any(axis=1))


def _are_unanimous(views: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether at least two views exist and all say the same."""
    exists = views > NO_VIEW
    first = np.max(np.where(exists, views, NO_VIEW), axis=1, keepdims=True)
    return np.asarray((exists.sum(axis=1) >= 2) & ((views == first) | ~exists).all(axis=1))


def _accuracy_by_source(
    sources: NDArray[np.str_], is_right: NDArray[np.bool_], is_acceptable: NDArray[np.bool_]
) -> dict[str, dict[str, float]]:
    return {
        source: {
            "photos": count,
            "top1": float(is_right[sources == source].mean()),
            "either": float(is_acceptable[sources == source].mean()),
        }
        for source, count in Counter(sources.tolist()).most_common()
    }


def _accuracy_by_band(found: Predictions, outfit: NDArray[np.float32], card: ModelCard) -> dict[str, dict[str, float]]:
    """The share of each band of confidence, and how much of it is right; `outfit` has the gate's probabilities."""
    bands = np.array(
        [
            confidence_band(dict(zip(STYLES, row.tolist(), strict=True)), float(probability), card.thresholds)
            for row, probability in zip(found.probabilities, outfit, strict=True)
        ]
    )
    return {
        str(band): {"share": float((bands == band).mean()), "right": _mean(found.is_right[bands == band]) or 0.0}
        for band in ConfidenceBand
    }


def _evaluate_gate(
    views: NDArray[np.int64], outfit: NDArray[np.float32], has_gold: NDArray[np.bool_], threshold: float
) -> dict[str, float]:
    is_negative = (views[:, 0] == NOT_AN_OUTFIT) & (views[:, 1:] < 0).all(axis=1)
    refused = outfit < threshold
    found = {"negatives": float(is_negative.sum()), "outfits_refused": float(refused[has_gold].mean())}
    return found | ({"negatives_refused": float(refused[is_negative].mean())} if is_negative.any() else {})


def _evaluate_attributes(
    table: PhotoTable, rows: NDArray[np.int64], logits: Logits, calibration: AttributeCalibration
) -> dict[str, Any]:
    places = table.outfits_with_attributes(rows)
    if not places.size:
        return {}
    items = calibration.items.probabilities(logits["items"][places])
    colors = calibration.colors.probabilities(logits["colors"][places])
    seen_items, seen_colors = table.seen_items(rows[places]), table.seen_colors(rows[places])
    thresholds = calibration.items.threshold, calibration.colors.threshold
    first_items = table.items[rows, 0]
    has_items, has_colors = ~np.isnan(first_items[:, 0]), table.colors[rows, 0, 0] >= 0
    items_ap = _average_precisions(ITEMS, first_items[has_items] > 0, logits["items"][has_items])
    colors_ap = _average_precisions(COLORS, table.seen_colors(rows[has_colors], 1), logits["colors"][has_colors])
    return {
        "items_map": float(np.mean(list(items_ap.values()))) if items_ap else None,
        "colors_map": float(np.mean(list(colors_ap.values()))) if colors_ap else None,
        "items_ap": items_ap,
        "colors_ap": colors_ap,
        "items_named": naming_metrics(items, seen_items, thresholds[0]),
        "colors_named": naming_metrics(colors, seen_colors, thresholds[1]),
        "named": naming_metrics(
            np.concatenate([items, colors], axis=1),
            np.concatenate([seen_items, seen_colors], axis=1),
            np.concatenate(thresholds),
        ),
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
