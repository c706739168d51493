"""The model card of fitted heads: temperature, thresholds and calibration from validation photos, and their figures."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from core.training.calibration import choose_thresholds, fit_temperature
from core.training.dataset import Split
from core.training.evaluation import round_metrics
from core.training.head_calibration import calibrate_attributes, outfits_with_attributes
from core.training.head_evaluation import evaluate_heads
from core.training.linear_heads import apply_heads
from core.training.main_color_fit import fit_main_color
from core.training.photo_table import PhotoTable
from core.training.picture_distillation import PictureTeacher, choose_refusal_thresholds
from core.vision.model_card import ModelCard


@dataclass(frozen=True, slots=True, kw_only=True)
class LabeledFeatures:
    """The photos that a card is completed by."""

    data: Path
    """Directory with photos/ and, without a teacher of kinds, kinds.csv."""
    table: PhotoTable
    train: NDArray[np.int64]
    """Rows of the photos that were trained on."""
    validation: NDArray[np.float32]
    """Pooled features of the validation photos."""


def describe_heads(
    card: ModelCard,
    model: Path,
    inputs: LabeledFeatures,
    weights: Mapping[str, NDArray[np.float32]],
    teacher: PictureTeacher | None,
) -> ModelCard:
    """Complete the card of an exported model.

    Args:
        card: with the names of the model, and what is known of its training.
        model: the exported model.
        inputs: the photos.
        weights: of the heads.
        teacher: what an exported model says, where kinds have no labels.

    Raises:
        DatasetError: a photo cannot be read.
    """
    data, table, validation = inputs.data, inputs.table, inputs.validation
    rows = table.rows(Split.VAL)
    logits = apply_heads(validation, weights)
    new = _calibrate(card, table, rows, logits)
    kernel = weights["kind/kernel"]
    kinds = validation[:, -len(kernel) :] @ kernel + weights["kind/bias"]
    is_refused = expit(logits["outfit"]) < new.thresholds.outfit
    new = replace(new, refusals=choose_refusal_thresholds(data, table, rows[is_refused], kinds[is_refused], teacher))
    new, main_color = fit_main_color(data, table, new, model, inputs.train)
    metrics = evaluate_heads(table, rows, logits, new) | {"main_color": main_color}
    return replace(new, metrics={"val": {"heads": round_metrics(metrics)}})


def _calibrate(
    card: ModelCard, table: PhotoTable, rows: NDArray[np.int64], logits: Mapping[str, NDArray[np.float32]]
) -> ModelCard:
    is_outfit = table.is_outfit[rows]
    labels = table.style[rows, 0][is_outfit]
    emphasis: dict[str, float] = card.training.get("recipe", {}).get("emphasis", {})
    weights = np.array([emphasis.get(str(source), 1.0) for source in table.source[rows][is_outfit]])
    style = logits["style"][is_outfit]
    temperature = fit_temperature(style, labels, weights)
    named = outfits_with_attributes(table, rows)
    return replace(
        card,
        temperature=round(temperature, 4),
        thresholds=choose_thresholds(style, labels, temperature, expit(logits["outfit"]), is_outfit, weights),
        attributes=calibrate_attributes(table, rows[named], logits["items"][named], logits["colors"][named]),
    )
