import numpy as np

from core.training.calibration import choose_thresholds, expected_calibration_error, fit_temperature


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


def test_temperature_respects_weights() -> None:
    temperate, labels = overconfident(factor=1.0)
    loud = temperate * 4
    logits, twice = np.concatenate([temperate, loud]), np.concatenate([labels, labels])
    weights = np.repeat([1.0, 50.0], len(labels))
    assert abs(fit_temperature(logits, twice, weights) - 4.0) < 0.4
    assert fit_temperature(logits, twice, weights[::-1].copy()) < 1.6
