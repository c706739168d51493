import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.styles import STYLES, Style
from core.vision.verdict import ConfidenceBand, Thresholds, confidence_band, softmax

THRESHOLDS = Thresholds(outfit=0.3, clear=0.6, ambiguous_margin=0.1)


def _shares(first: float, second: float) -> dict[Style, float]:
    rest = (1 - first - second) / 6
    return dict(zip(STYLES, [rest, first, rest, second, rest, rest, rest, rest], strict=True))


@pytest.mark.parametrize(
    ("first", "second", "outfit", "band"),
    [
        (0.60, 0.20, 0.99, ConfidenceBand.CLEAR),
        (0.59, 0.20, 0.99, ConfidenceBand.LIKELY),
        (0.42, 0.34, 0.99, ConfidenceBand.AMBIGUOUS),
        (0.45, 0.34, 0.99, ConfidenceBand.LIKELY),
        (0.60, 0.39, 0.99, ConfidenceBand.CLEAR),
        (0.95, 0.02, 0.29, ConfidenceBand.NOT_AN_OUTFIT),
        (0.95, 0.02, 0.30, ConfidenceBand.CLEAR),
        (0.42, 0.34, 0.10, ConfidenceBand.NOT_AN_OUTFIT),
    ],
)
def test_band(first: float, second: float, outfit: float, band: ConfidenceBand) -> None:
    assert confidence_band(_shares(first, second), outfit, THRESHOLDS) is band


def test_clear_takes_precedence_over_ambiguous() -> None:
    close = Thresholds(outfit=0.3, clear=0.45, ambiguous_margin=0.1)
    assert confidence_band(_shares(0.48, 0.44), 0.9, close) is ConfidenceBand.CLEAR


@given(arrays(np.float32, 8, elements=st.floats(-1e4, 1e4, width=32)))
def test_softmax_is_a_distribution_in_the_order_of_the_logits(logits: np.ndarray) -> None:
    shares = softmax(logits)
    assert shares.sum() == pytest.approx(1.0, abs=1e-5)
    assert shares.min() >= 0.0
    assert shares[int(np.argmax(logits))] == shares.max()


def test_softmax_of_known_odds() -> None:
    assert softmax(np.log(np.array([1, 2, 5], np.float32))) == pytest.approx([0.125, 0.25, 0.625], abs=1e-6)


@pytest.mark.parametrize(("logit", "probability"), [(0.0, 0.5), (math.log(3), 0.75), (-800.0, 0.0), (800.0, 1.0)])
def test_softmax_of_a_logit_against_zero_is_its_sigmoid(logit: float, probability: float) -> None:
    assert softmax(np.array([logit, 0.0], np.float32)) == pytest.approx([probability, 1 - probability])
