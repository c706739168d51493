from dataclasses import replace
from pathlib import Path

import numpy as np

from core.styles import STYLES, Style
from core.training.dataset import Example, Label, Split
from core.training.distillation import cross_validated_predictions
from core.training.sampling import sampling_weights


def photo(style: Style | None, sure: int = 3) -> Example:
    return Example(
        photo=Path("photo.png"),
        split=Split.TRAIN,
        label=Label(style=style, second=None, sure=sure),
        second_view=None,
        source="",
    )


def test_wrong_label_is_doubtful() -> None:
    """Each style has features of its own; one photo carries another style's label."""
    rng = np.random.default_rng(0)
    examples = [photo(STYLES[number % 8]) for number in range(800)]
    features = rng.random((800, 160)).astype(np.float32)
    for row in range(800):
        features[row, row % 8 :: 8] += 4
    slip = 17
    examples[slip] = replace(examples[slip], label=Label(style=STYLES[5], second=None, sure=3))
    teaching = cross_validated_predictions(features, examples, folds=5, seed=0)
    assert teaching.probabilities[slip].argmax() == slip % 8
    assert np.flatnonzero(teaching.is_doubtful).tolist() == [slip]


def test_predictions_without_an_outfit_are_uniform() -> None:
    examples = [photo(STYLES[number % 2]) for number in range(40)] + [photo(None)]
    teaching = cross_validated_predictions(
        np.random.default_rng(0).random((41, 4)).astype(np.float32), examples, folds=2, seed=0
    )
    assert np.allclose(teaching.probabilities[-1], 1 / 8)
    assert np.allclose(teaching.probabilities.sum(axis=1), 1, atol=1e-5)


def test_rare_styles_and_certain_labels_have_higher_weights() -> None:
    examples = [photo(Style.CASUAL)] * 90 + [photo(Style.GIRLISH)] * 10 + [photo(Style.CASUAL, sure=1), photo(None)]
    rates = sampling_weights(examples, balance=0.5, guess_weight=0.6, emphasis={})
    assert rates[90] / rates[0] == np.sqrt(91 / 10)
    assert np.isclose(rates[100] / rates[0], 0.6)
    assert rates[101] > 0
    assert np.allclose(sampling_weights(examples[:100], balance=0.0, guess_weight=1.0, emphasis={}), 1.0)


def test_emphasized_sources_have_higher_weights() -> None:
    examples = [photo(Style.CASUAL), replace(photo(Style.CASUAL), source="shadi"), replace(photo(None), source="shadi")]
    plain = sampling_weights(examples, balance=0.5, guess_weight=0.6, emphasis={})
    rates = sampling_weights(examples, balance=0.5, guess_weight=0.6, emphasis={"shadi": 2.0})
    assert np.allclose(rates / plain, [1.0, 2.0, 2.0])
