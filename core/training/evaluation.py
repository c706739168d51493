"""Evaluation metrics of a model on labeled photos."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support, roc_auc_score

from core.errors import DatasetError
from core.styles import STYLES
from core.training.calibration import expected_calibration_error
from core.training.dataset import Example
from core.vision.model_card import ModelCard
from core.vision.verdict import ConfidenceBand, Thresholds, confidence_band


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationMetrics:
    """Metrics, shares as 0 to 1. Style metrics cover the photos in which the first annotator saw an outfit."""

    photos: int
    outfits: int
    top1: float
    """Accuracy against the first annotator."""
    top1_agreed: float | None
    """The same on photos on which both annotators agree; None without a second annotator."""
    either: float
    """Share predicted as either annotator's style or runner-up."""
    top2: float
    macro_f1: float
    ece: float
    gate_auroc: float | None
    """None without a photo without an outfit."""
    false_rejects: float
    """Share of outfits that the outfit threshold rejects."""
    false_accepts: float | None
    """Share of photos without an outfit that pass the threshold; None if there are none."""
    annotators: float | None
    """Agreement of the two annotators on photos in which both see an outfit."""
    per_style: dict[str, dict[str, float]]
    per_source: dict[str, dict[str, float]]
    bands: dict[str, dict[str, float]]

    def to_dict(self) -> dict[str, Any]:
        """The metrics as a JSON object, rounded to four digits."""
        return {key: round_metrics(value) for key, value in asdict(self).items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Metrics with the data for plots."""

    metrics: EvaluationMetrics
    probabilities: NDArray[np.float32]
    """outfits x 8."""
    labels: NDArray[np.int64]
    """outfits."""
    rows: NDArray[np.int64]
    """Indices of the outfits among the examples."""
    confusion: NDArray[np.int64]
    """8 x 8, rows: annotator, columns: model."""


def evaluate_outputs(
    examples: Sequence[Example],
    style_logits: NDArray[np.float32],
    outfit_logits: NDArray[np.float32],
    card: ModelCard,
) -> Evaluation:
    """Compare a model's outputs with the labels.

    Args:
        examples: the photos.
        style_logits: n x 8.
        outfit_logits: n.
        card: temperature and thresholds.

    Raises:
        DatasetError: no photo has an outfit.
    """
    rows = np.array([row for row, example in enumerate(examples) if example.is_outfit])
    if not rows.size:
        raise DatasetError("no photo of this split has an outfit")
    outfits = [examples[row] for row in rows]
    labels = np.array([style.position for example in outfits if (style := example.label.style) is not None])
    probabilities = softmax(style_logits[rows] / card.temperature, axis=1)
    outfit = expit(outfit_logits)
    is_outfit = np.array([example.is_outfit for example in examples])
    order = np.argsort(-probabilities, axis=1)
    first = order[:, 0]
    is_correct = first == labels
    acceptable = np.array(
        [STYLES[style] in _acceptable_styles(example) for style, example in zip(first, outfits, strict=True)]
    )
    agreed, annotators = _agreement(outfits)
    per_style = _metrics_by_style(labels, first)
    metrics = EvaluationMetrics(
        photos=len(examples),
        outfits=len(outfits),
        top1=float(is_correct.mean()),
        top1_agreed=float(is_correct[agreed].mean()) if agreed.size else None,
        either=float(acceptable.mean()),
        top2=float((order[:, :2] == labels[:, None]).any(axis=1).mean()),
        macro_f1=float(np.mean([metrics["f1"] for metrics in per_style.values()])),
        ece=expected_calibration_error(probabilities.max(axis=1), is_correct),
        gate_auroc=None if is_outfit.all() else float(roc_auc_score(is_outfit, outfit)),
        false_rejects=float((outfit[is_outfit] < card.thresholds.outfit).mean()),
        false_accepts=None if is_outfit.all() else float((outfit[~is_outfit] >= card.thresholds.outfit).mean()),
        annotators=annotators,
        per_style=per_style,
        per_source=_accuracy_by_source(outfits, is_correct, acceptable),
        bands=_accuracy_by_band(probabilities, outfit[rows], is_correct, card.thresholds),
    )
    return Evaluation(
        metrics=metrics,
        probabilities=probabilities,
        labels=labels,
        rows=rows,
        confusion=confusion_matrix(labels, first, labels=range(len(STYLES))),
    )


def _acceptable_styles(example: Example) -> frozenset[Any]:
    return example.label.acceptable | (example.second_view.acceptable if example.second_view else frozenset())


def _agreement(outfits: Sequence[Example]) -> tuple[NDArray[np.int64], float | None]:
    """The rows of the outfits whose annotators agree, and their share of those that two saw; None if there are none."""
    double_labeled = [
        (row, example.second_view.style)
        for row, example in enumerate(outfits)
        if example.second_view is not None and example.second_view.style is not None
    ]
    agreed = np.array([row for row, style in double_labeled if style == outfits[row].label.style], int)
    return agreed, len(agreed) / len(double_labeled) if double_labeled else None


def _metrics_by_style(labels: NDArray[np.int64], predicted: NDArray[np.int64]) -> dict[str, dict[str, float]]:
    precision, recall, f1, support = precision_recall_fscore_support(
        labels, predicted, labels=range(len(STYLES)), zero_division=0
    )
    return {
        style: {"precision": precision[i], "recall": recall[i], "f1": f1[i], "photos": int(support[i])}
        for i, style in enumerate(STYLES)
    }


def _accuracy_by_source(
    outfits: Sequence[Example], is_correct: NDArray[np.bool_], acceptable: NDArray[np.bool_]
) -> dict[str, dict[str, float]]:
    sources = np.array([example.source for example in outfits])
    return {
        source: {
            "photos": count,
            "top1": float(is_correct[sources == source].mean()),
            "either": float(acceptable[sources == source].mean()),
        }
        for source, count in Counter(sources.tolist()).most_common()
    }


def _accuracy_by_band(
    probabilities: NDArray[np.float32],
    outfit: NDArray[np.float32],
    is_correct: NDArray[np.bool_],
    thresholds: Thresholds,
) -> dict[str, dict[str, float]]:
    """The share of each band of confidence, and how much of it is right.

    Args:
        probabilities: n x 8.
        outfit: n probabilities that there is an outfit.
        is_correct: n.
        thresholds: of the bands.
    """
    bands = np.array(
        [
            confidence_band(dict(zip(STYLES, row.tolist(), strict=True)), float(probability), thresholds)
            for row, probability in zip(probabilities, outfit, strict=True)
        ]
    )
    accuracy: dict[str, dict[str, float]] = {}
    for band in ConfidenceBand:
        inside = bands == band
        right = float(is_correct[inside].mean()) if inside.any() else 0.0
        accuracy[band] = {"share": float(inside.mean()), "right": right}
    return accuracy


def round_metrics(value: Any) -> Any:
    """Round every number to four digits."""
    if isinstance(value, dict):
        return {str(key): round_metrics(inner) for key, inner in value.items()}
    return round(float(value), 4) if isinstance(value, float | np.floating) else value
