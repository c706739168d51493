"""How good the model is, from its card: what was measured on photos that were used for nothing else."""

from dataclasses import dataclass
from typing import Any

from core.styles import STYLES, Style
from core.vision.model_card import ModelCard
from core.vision.verdict import ConfidenceBand


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleMetrics:
    """How she does on one style; whole percent."""

    precision: int
    """Of the outfits to which she gives the style, those that are labelled so."""
    recall: int
    """Of the outfits that are labelled with the style, those to which she gives it."""
    photos: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BandMetrics:
    """How often she speaks so, and how often she is right then; whole percent."""

    share: int
    accuracy: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelMetrics:
    """The model's figures; whole percent."""

    outfits: int
    top1: int
    top2: int
    annotators: int
    false_rejections: int
    bands: dict[ConfidenceBand, BandMetrics]
    styles: dict[Style, StyleMetrics]


def load_metrics(card: ModelCard) -> ModelMetrics | None:
    """The figures in a model's card; None if it was not measured."""
    test: dict[str, Any] | None = card.metrics.get("test")
    if test is None:
        return None
    return ModelMetrics(
        outfits=test["outfits"],
        top1=_percent(test["top1"]),
        top2=_percent(test["either"]),
        annotators=_percent(test["annotators"]),
        false_rejections=_percent(test["false_rejects"]),
        bands={
            band: BandMetrics(
                share=_percent(test["bands"][band]["share"]), accuracy=_percent(test["bands"][band]["right"])
            )
            for band in (ConfidenceBand.CLEAR, ConfidenceBand.LIKELY, ConfidenceBand.AMBIGUOUS)
        },
        styles={
            style: StyleMetrics(
                precision=_percent(test["per_style"][style]["precision"]),
                recall=_percent(test["per_style"][style]["recall"]),
                photos=test["per_style"][style]["photos"],
            )
            for style in STYLES
        },
    )


def _percent(share: float) -> int:
    return round(100 * share)
