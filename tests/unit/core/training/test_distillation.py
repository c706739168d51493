from pathlib import Path

import numpy as np
import pytest

from core.styles import Style
from core.training.distillation import cross_validated_predictions, find_doubtful
from core.training.photo_table import PhotoTable, read_photo_table
from core.training.targets import photo_weights


def test_wrong_label_is_doubtful() -> None:
    """Each style has features of its own; one photo carries another style's label."""
    rng = np.random.default_rng(0)
    labels = np.arange(800) % 8
    features = rng.random((800, 160)).astype(np.float32)
    for row in range(800):
        features[row, row % 8 :: 8] += 4
    slip = 17
    labels[slip] = 5
    predicted = cross_validated_predictions(features, labels, folds=5, seed=0)
    assert predicted[slip].argmax() == slip % 8
    assert find_doubtful(predicted, labels).tolist() == [slip]


def test_predictions_without_an_outfit_are_uniform() -> None:
    labels = np.array([number % 2 for number in range(40)] + [-1])
    predicted = cross_validated_predictions(
        np.random.default_rng(0).random((41, 4)).astype(np.float32), labels, folds=2, seed=0
    )
    assert np.allclose(predicted[-1], 1 / 8)
    assert np.allclose(predicted.sum(axis=1), 1, atol=1e-5)


def write_table(folder: Path, *labels: tuple[str, int, str]) -> PhotoTable:
    """A table of training photos with these styles, certainties and sources."""
    rows = [f"{number},train,{style},{sure},{source}" for number, (style, sure, source) in enumerate(labels)]
    (folder / "labels.csv").write_text("\n".join(["photo,split,style,sure,source", *rows]))
    return read_photo_table(folder, with_attributes=False)


def test_rare_styles_and_certain_labels_have_higher_weights(tmp_path: Path) -> None:
    sure, rare = (Style.CASUAL, 3, ""), (Style.GIRLISH, 3, "")
    table = write_table(tmp_path, *[sure] * 90, *[rare] * 10, (Style.CASUAL, 1, ""), ("not_outfit", 3, ""))
    rows = np.arange(102)
    rates = photo_weights(table, rows, balance=0.5, guess_rate=0.6, emphasis={})
    assert rates[90] / rates[0] == pytest.approx(np.sqrt(91 / 10))
    assert np.isclose(rates[100] / rates[0], 0.6)
    assert rates[101] > 0
    assert np.allclose(photo_weights(table, rows[:100], balance=0.0, guess_rate=1.0, emphasis={}), 1 / 100)


def test_emphasized_sources_have_higher_weights(tmp_path: Path) -> None:
    table = write_table(tmp_path, (Style.CASUAL, 3, ""), (Style.CASUAL, 3, "shadi"), ("not_outfit", 3, "shadi"))
    plain = photo_weights(table, np.arange(3), balance=0.5, guess_rate=0.6, emphasis={})
    rates = photo_weights(table, np.arange(3), balance=0.5, guess_rate=0.6, emphasis={"shadi": 2.0})
    assert np.allclose(rates / rates[0], [1.0, 2.0, 2.0] * plain / plain[0])
