"""Temperature and thresholds, chosen on the validation photos and on nothing else."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from core.vision.verdict import Thresholds

MAX_FALSE_REJECTIONS = 0.01
"""Share of real validation outfits that the gate may refuse; half of what is promised for photos never seen."""
MIN_CLEAR_PRECISION = 0.85
"""How often a `clear` verdict must be right on validation."""
MIN_AMBIGUOUS_COVERAGE = 0.5
"""The closest half of the pairs that are wrong: there Eva names both."""


def fit_temperature(
    logits: NDArray[np.float32], labels: NDArray[np.int64], weights: NDArray[np.float64] | None = None
) -> float:
    """The temperature that makes softmax(logits / T) most likely for the labels (Guo et al. 2017).

    Args:
        logits: n x 8.
        labels: n, index of the annotator's style.
        weights: n, how much each photo counts; all alike if not given.
    """

    def surprise(temperature: float) -> float:
        said = log_softmax(logits / temperature, axis=1)[np.arange(len(labels)), labels]
        return float(-np.average(said, weights=weights))

    return float(minimize_scalar(surprise, bounds=(0.2, 5.0), method="bounded").x)


def choose_thresholds(
    logits: NDArray[np.float32],
    labels: NDArray[np.int64],
    temperature: float,
    outfit: NDArray[np.float32],
    is_outfit: NDArray[np.bool_],
    weights: NDArray[np.float64] | None = None,
) -> Thresholds:
    """Choose where the bands end.

    Args:
        logits: n x 8, of the photos with an outfit.
        labels: n, index of the annotator's style.
        temperature: from `fit_temperature`.
        outfit: m, gate probability of all photos.
        is_outfit: m, whether the annotator saw an outfit.
        weights: n, how much each outfit counts; all alike if not given.
    """
    counts = np.ones(len(labels)) if weights is None else weights
    probabilities = softmax(logits / temperature, axis=1)
    first = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    order = np.argsort(-first)
    precision = np.cumsum((counts * right)[order]) / np.cumsum(counts[order])
    enough = np.flatnonzero(precision >= MIN_CLEAR_PRECISION)
    clear = float(first[order[enough[-1]]]) if enough.size else 1.0
    pair = np.sort(probabilities, axis=1)[:, -2:]
    lead = pair[:, 1] - pair[:, 0]
    undecided = ~right & (first < clear)
    margin = float(np.quantile(lead[undecided], MIN_AMBIGUOUS_COVERAGE)) if undecided.any() else 0.0
    return Thresholds(
        outfit=round(float(np.quantile(outfit[is_outfit], MAX_FALSE_REJECTIONS)), 4),
        clear=round(clear, 4),
        ambiguous_margin=round(margin, 4),
    )


def expected_calibration_error(confidence: NDArray[np.float32], right: NDArray[np.bool_], bins: int = 10) -> float:
    """Mean gap between confidence and accuracy over bins of equal width, weighted by photos (Naeini et al. 2015)."""
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(float(confidence[place == b].mean()) - float(right[place == b].mean())) * float(np.mean(place == b))
        for b in range(bins)
        if np.any(place == b)
    ]
    return float(sum(gaps))
