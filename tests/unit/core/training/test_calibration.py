import numpy as np

from core.training.calibration import (
    choose_threshold,
    choose_thresholds,
    expected_calibration_error,
    fit_temperature,
)
from core.vision.attribute_calibration import NEVER


def overconfident(n: int = 4000, factor: float = 3.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    true = rng.normal(0, 1.2, (n, 8)).astype(np.float32)
    chances = np.exp(true) / np.exp(true).sum(axis=1, keepdims=True)
    labels = np.array([rng.choice(8, p=row / row.sum()) for row in chances])
    return (true * factor).astype(np.float32), labels


def test_temperature_corrects_overconfidence() -> None:
    logits, labels = overconfident(factor=3.0)
    assert abs(fit_temperature(logits, labels) - 3.0) < 0.25


def test_calibration_error_of_calibrated_and_overconfident_outputs() -> None:
    rng = np.random.default_rng(1)
    confidence = rng.uniform(0.2, 1, 20_000).astype(np.float32)
    honest = rng.random(20_000) < confidence
    assert expected_calibration_error(confidence, honest) < 0.02
    assert expected_calibration_error(np.ones(1000, np.float32), np.arange(1000) % 2 == 0) == 0.5


def test_thresholds_meet_their_targets_on_the_same_photos() -> None:
    logits, labels = overconfident()
    rng = np.random.default_rng(2)
    outfit = np.concatenate([rng.beta(9, 1, 4000), rng.beta(1, 9, 500)]).astype(np.float32)
    is_outfit = np.arange(4500) < 4000
    chosen = choose_thresholds(logits, labels, 3.0, outfit, is_outfit)
    chances = np.exp(logits / 3 - logits.max(axis=1, keepdims=True) / 3)
    chances /= chances.sum(axis=1, keepdims=True)
    clear = chances.max(axis=1) >= chosen.clear
    assert (chances.argmax(axis=1) == labels)[clear].mean() > 0.78
    assert (outfit[is_outfit] < chosen.outfit).mean() <= 0.021
    assert 0 < chosen.ambiguous_margin < chosen.clear


def test_named_photos_are_right_often_enough_as_the_card_stores_it() -> None:
    rng = np.random.default_rng(3)
    for _ in range(300):
        count = int(rng.integers(5, 40))
        # Few values, so that many are equal.
        probability = np.round(rng.beta(2, 1, count), int(rng.integers(1, 3))) + rng.choice([0.0, 3e-5])
        is_right = rng.random(count) < probability
        threshold = choose_threshold(probability, is_right, 4, 0.8)
        named = probability >= float(f"{threshold:.4f}")
        assert threshold == NEVER or (named.sum() >= 4 and is_right[named].mean() >= 0.8 and threshold >= 0.5)
        for lower in probability[(probability >= 0.5) & ~named]:
            wider = probability >= lower
            assert wider.sum() < 4 or is_right[wider].mean() < 0.8, "the lowest one is chosen"


def test_temperature_respects_weights() -> None:
    temperate, labels = overconfident(factor=1.0)
    loud = temperate * 4
    logits, twice = np.concatenate([temperate, loud]), np.concatenate([labels, labels])
    weights = np.repeat([1.0, 50.0], len(labels))
    assert abs(fit_temperature(logits, twice, weights) - 4.0) < 0.4
    assert fit_temperature(logits, twice, weights[::-1].copy()) < 1.6
