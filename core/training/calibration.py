"""Temperature scaling and thresholds, chosen on the validation split only."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from core.vision.verdict import Thresholds

MAX_FALSE_REJECTIONS = 0.02
"""Share of validation outfits that may be rejected as no outfit. On sources held out of the training, 1.2 % are."""
MIN_CLEAR_PRECISION = 0.85
"""Precision of `clear` verdicts on validation."""
MIN_AMBIGUOUS_COVERAGE = 0.5
"""Share of the wrong, not clear verdicts that the ambiguous band covers; both styles are named there."""


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


def expected_calibration_error(confidence: NDArray[np.float32], is_correct: NDArray[np.bool_], bins: int = 10) -> float:
    """Mean gap between confidence and accuracy over bins of equal width, weighted by photos (Naeini et al. 2015)."""
    bin_index = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(float(confidence[bin_index == b].mean()) - float(is_correct[bin_index == b].mean()))
        * float(np.mean(bin_index == b))
        for b in range(bins)
        if np.any(bin_index == b)
    ]
    return float(sum(gaps))
