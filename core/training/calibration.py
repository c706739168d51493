"""Temperature, thresholds and what may be said of items and colors, chosen on the validation split only."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax, softmax
from sklearn.linear_model import LogisticRegression

from core.training.photo_table import PhotoTable
from core.vision.attribute_calibration import NEVER, AttributeCalibration, HeadCalibration
from core.vision.verdict import Thresholds

MAX_FALSE_REJECTIONS = 0.02
"""Share of validation outfits that may be rejected as no outfit. On sources held out of the training, 1.2 % are."""
MIN_CLEAR_PRECISION = 0.85
"""Precision of `clear` verdicts on validation."""
MIN_AMBIGUOUS_COVERAGE = 0.5
"""Share of the wrong, not clear verdicts that the ambiguous band covers; both styles are named there."""
NAMING_PRECISION = 0.87
"""Share of what is named that must be there. Chosen on half of the validation sources, it is 0.856 on the other half,
above the 0.85 that Eva promises; 0.85 would give 0.839."""
MIN_PROBABILITY = 0.5
"""What is named is more likely there than not, whatever is right by luck among the few photos of a rare item."""
STORED_STEPS = 10_000
"""The card stores thresholds with four digits."""
ECE_BINS = 10
MIN_NAMED = 8
"""Photos over a threshold, at least, for its precision to be believed."""


def calibrate_styles(
    table: PhotoTable,
    rows: NDArray[np.int64],
    logits: Mapping[str, NDArray[np.float32]],
    emphasis: Mapping[str, float],
) -> tuple[float, Thresholds]:
    """Choose temperature and thresholds by the first view.

    Args:
        table: all labels.
        rows: n, the validation photos.
        logits: `style` n x 8 and `outfit` n.
        emphasis: weights by source, 1 for others: the targets must hold for photos like users', not for the mixture of
            the available sources.
    """
    is_outfit = table.is_outfit[rows]
    labels, style = table.style[rows, 0][is_outfit], logits["style"][is_outfit]
    weights = np.array([emphasis.get(source, 1.0) for source in table.source[rows][is_outfit].tolist()])
    temperature = fit_temperature(style, labels, weights)
    thresholds = choose_thresholds(style, labels, temperature, expit(logits["outfit"]), is_outfit, weights)
    return round(temperature, 4), thresholds


def calibrate_attributes(
    table: PhotoTable, rows: NDArray[np.int64], logits: Mapping[str, NDArray[np.float32]]
) -> AttributeCalibration:
    """Choose probabilities and thresholds of `items` and `colors`; no color is the main one yet.

    Args:
        table: all labels.
        rows: n, the validation photos, of which only the outfits with attributes count.
        logits: n x outputs.
    """
    places = table.outfits_with_attributes(rows)
    items = calibrate_head(logits["items"][places], table.seen_items(rows[places]))
    colors = calibrate_head(logits["colors"][places], table.seen_colors(rows[places]))
    return AttributeCalibration(items=items, colors=colors, main_color=None)


def fit_temperature(
    logits: NDArray[np.float32], labels: NDArray[np.int64], weights: NDArray[np.float64] | None = None
) -> float:
    """Find the temperature T that maximizes the likelihood of the labels under softmax(logits / T) (Guo et al. 2017).

    Args:
        logits: n x 8.
        labels: n, index of the annotator's style.
        weights: n, weight of each photo; default: equal.
    """

    def negative_log_likelihood(temperature: float) -> float:
        log_likelihood = log_softmax(logits / temperature, axis=1)[np.arange(len(labels)), labels]
        return float(-np.average(log_likelihood, weights=weights))

    return float(minimize_scalar(negative_log_likelihood, bounds=(0.2, 5.0), method="bounded").x)


def choose_thresholds(
    logits: NDArray[np.float32],
    labels: NDArray[np.int64],
    temperature: float,
    outfit: NDArray[np.float32],
    is_outfit: NDArray[np.bool_],
    weights: NDArray[np.float64] | None = None,
) -> Thresholds:
    """Choose the limits of the confidence bands.

    Args:
        logits: n x 8, of the photos with an outfit.
        labels: n, index of the annotator's style.
        temperature: from `fit_temperature`.
        outfit: m, outfit probability of all photos.
        is_outfit: m, whether the annotator saw an outfit.
        weights: n, weight of each outfit; default: equal.
    """
    counts = np.ones(len(labels)) if weights is None else weights
    probabilities = softmax(logits / temperature, axis=1)
    first = probabilities.max(axis=1)
    is_correct = probabilities.argmax(axis=1) == labels
    order = np.argsort(-first)
    precision = np.cumsum((counts * is_correct)[order]) / np.cumsum(counts[order])
    sufficient = np.flatnonzero(precision >= MIN_CLEAR_PRECISION)
    clear = float(first[order[sufficient[-1]]]) if sufficient.size else 1.0
    pair = np.sort(probabilities, axis=1)[:, -2:]
    lead = pair[:, 1] - pair[:, 0]
    is_uncertain_error = ~is_correct & (first < clear)
    margin = float(np.quantile(lead[is_uncertain_error], MIN_AMBIGUOUS_COVERAGE)) if is_uncertain_error.any() else 0.0
    return Thresholds(
        outfit=round(float(np.quantile(outfit[is_outfit], MAX_FALSE_REJECTIONS)), 4),
        clear=round(clear, 4),
        ambiguous_margin=round(margin, 4),
    )


def expected_calibration_error(confidence: NDArray[np.float32], is_correct: NDArray[np.bool_]) -> float:
    """Mean gap between confidence and accuracy over bins of equal width, weighted by photos (Naeini et al. 2015)."""
    gaps = [
        abs(float(confidence[inside].mean()) - float(is_correct[inside].mean())) * float(np.mean(inside))
        for inside in confidence_bins(confidence).values()
    ]
    return float(sum(gaps))


def confidence_bins(confidence: NDArray[np.floating[Any]]) -> dict[float, NDArray[np.bool_]]:
    """What lies in each bin of equal width, by its center; empty ones are left out."""
    bin_index = np.minimum((confidence * ECE_BINS).astype(int), ECE_BINS - 1)
    return {(number + 0.5) / ECE_BINS: bin_index == number for number in np.unique(bin_index).tolist()}


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
