"""The model of the main color, fitted on what an exported model says of training photos and on their pixels."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from core.clothing import COLORS
from core.errors import ModelMismatchError
from core.training.calibration import choose_threshold
from core.training.export import map_attributes
from core.training.photo_table import PhotoTable, Split
from core.vision.attribute_calibration import NEVER
from core.vision.backends import AttributeOutputs
from core.vision.classifier import ModelInput
from core.vision.main_color import MainColorModel, count_clothes_pixels
from core.vision.model_card import ModelCard

TRAINING_PHOTOS = 4000
"""Drawn at random; all would take four times as long."""
PENALTY = 100.0
"""Inverse of scikit-learn's C; of 100, 33 and 10 this one named most colors on validation photos."""
PRECISION, MIN_NAMED = 0.88, 30
"""Share of the named colors that must be right, and of how many. More than `NAMING_PRECISION`, since the threshold is
chosen on the photos that it is measured by."""
UNKNOWN_BIAS = -100.0
"""Of a color that is the main one of no training photo."""
DECIMALS = 4


def fit_main_color(
    table: PhotoTable, card: ModelCard, model: Path, train: NDArray[np.int64]
) -> tuple[ModelCard, dict[str, float]]:
    """Fit the model of the main color on training photos, and choose its threshold on validation photos.

    Args:
        table: all labels.
        card: of the exported model.
        model: the exported model.
        train: rows of the training photos to choose from: without those of sources that are left out.

    Returns:
        The card with the model of the main color, and its metrics on validation as of `evaluate_main_color`.

    Raises:
        DatasetError: a photo cannot be read.
        ModelMismatchError: the model knows no colors.
    """
    if card.attributes is None:
        raise ModelMismatchError(f"{card.version} knows no colors")
    drawn = np.sort(np.random.default_rng(0).permutation(_outfits(table, train))[:TRAINING_PHOTOS])
    chosen = _outfits(table, table.rows(Split.VAL))
    columns = read_color_columns(table.paths(drawn), card, model)
    mean, deviation = columns.mean(axis=0), columns.std(axis=0) + 1e-6
    regression = LogisticRegression(C=1 / PENALTY, max_iter=1000).fit(
        (columns - mean) / deviation, table.colors[drawn, 0, 0]
    )
    kernel, bias = np.zeros((columns.shape[1], len(COLORS))), np.full(len(COLORS), UNKNOWN_BIAS)
    kernel[:, regression.classes_] = regression.coef_.T / deviation[:, None]
    bias[regression.classes_] = regression.intercept_ - mean @ kernel[:, regression.classes_]
    fitted = MainColorModel(kernel=kernel.round(DECIMALS), bias=bias.round(DECIMALS), threshold=NEVER)
    probabilities = _probabilities(read_color_columns(table.paths(chosen), card, model), fitted)
    threshold = choose_threshold(
        probabilities.max(axis=1), _is_main(table, chosen, probabilities.argmax(axis=1)), MIN_NAMED, PRECISION
    )
    attributes = replace(card.attributes, main_color=replace(fitted, threshold=threshold))
    return replace(card, attributes=attributes), _measure(table, chosen, probabilities, threshold)


def evaluate_main_color(table: PhotoTable, rows: NDArray[np.int64], card: ModelCard, model: Path) -> dict[str, float]:
    """Measure how often a main color is named, and how often one of the views names it first; shares as 0 to 1.

    Args:
        table: all labels.
        rows: the photos, of which only the outfits with attributes count.
        card: the model card.
        model: file of the exported model.

    Raises:
        DatasetError: a photo cannot be read.
        ModelMismatchError: the model does not name main colors.
    """
    if card.attributes is None or card.attributes.main_color is None:
        raise ModelMismatchError(f"{card.version} names no main colors")
    rows = _outfits(table, rows)
    main_color = card.attributes.main_color
    probabilities = _probabilities(read_color_columns(table.paths(rows), card, model), main_color)
    return _measure(table, rows, probabilities, main_color.threshold)


def read_color_columns(photos: Sequence[Path], card: ModelCard, model: Path) -> NDArray[np.float64]:
    """The columns of the regression, n x (colors + `BINS`), for which a model is run over photos.

    Raises:
        DatasetError: a photo cannot be read, or the model knows no colors.
    """

    def read(model_input: ModelInput, outputs: AttributeOutputs) -> NDArray[np.float32]:
        crop = model_input.crop_to_image
        bins = count_clothes_pixels(crop(model_input.pixels), crop(outputs.clothes))
        return np.concatenate([outputs.color_logits, np.sqrt(bins)])

    return np.array(map_attributes(model, card, photos, read), np.float64)


def _probabilities(columns: NDArray[np.float64], main_color: MainColorModel) -> NDArray[np.float64]:
    """n x colors."""
    return np.asarray(softmax(columns @ main_color.kernel + main_color.bias, axis=1))


def _measure(
    table: PhotoTable, rows: NDArray[np.int64], probabilities: NDArray[np.float64], threshold: float
) -> dict[str, float]:
    is_named = probabilities.max(axis=1) >= threshold
    is_right = _is_main(table, rows, probabilities.argmax(axis=1))
    return {
        "named": float(is_named.mean()),
        "right": float(is_right[is_named].mean()) if is_named.any() else 0.0,
        "right_if_always_named": float(is_right.mean()),
    }


def _outfits(table: PhotoTable, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    return rows[table.outfits_with_attributes(rows)]


def _is_main(table: PhotoTable, rows: NDArray[np.int64], color: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether these colors are what either view names first, n."""
    return np.asarray((table.colors[rows, :, 0] == color[:, None]).any(axis=1))
