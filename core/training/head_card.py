"""The model card of fitted heads: temperature, thresholds and calibration from validation photos, and their figures."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from core.training.calibration import calibrate_attributes, calibrate_styles
from core.training.evaluation import evaluate_heads, round_metrics
from core.training.linear_heads import apply_heads
from core.training.main_color_fit import fit_main_color
from core.training.photo_table import PhotoTable, Split
from core.training.picture_distillation import PictureTeacher, choose_refusal_thresholds
from core.vision.model_card import ModelCard


def describe_heads(
    card: ModelCard,
    model: Path,
    table: PhotoTable,
    weights: Mapping[str, NDArray[np.float32]],
    teacher: PictureTeacher | None,
    *,
    train: NDArray[np.int64],
    validation: NDArray[np.float32],
) -> ModelCard:
    """Complete the card of an exported model.

    Args:
        card: with the names of the model, and what is known of its training.
        model: the exported model.
        table: all labels.
        weights: of the heads.
        teacher: what an exported model says, where kinds have no labels.
        train: rows of the photos that were trained on.
        validation: pooled features of the validation photos.

    Raises:
        DatasetError: a photo cannot be read.
    """
    rows = table.rows(Split.VAL)
    logits = apply_heads(validation, weights)
    temperature, thresholds = calibrate_styles(table, rows, logits, card.training.get("recipe", {}).get("emphasis", {}))
    kernel = weights["kind/kernel"]
    kinds = validation[:, -len(kernel) :] @ kernel + weights["kind/bias"]
    is_refused = expit(logits["outfit"]) < thresholds.outfit
    card = replace(
        card,
        temperature=temperature,
        thresholds=thresholds,
        attributes=calibrate_attributes(table, rows, logits),
        refusals=choose_refusal_thresholds(table, rows[is_refused], kinds[is_refused], teacher),
    )
    card, main_color = fit_main_color(table, card, model, train)
    metrics = evaluate_heads(table, rows, logits, card) | {"main_color": main_color}
    return replace(card, metrics={"val": {"heads": round_metrics(metrics)}})
