"""How good the model is, from its card: what was measured on photos that were used for nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.styles import STYLES, Style
from core.vision.verdict import Band

if TYPE_CHECKING:
    from core.vision.card import ModelCard

__all__ = ["BandFigures", "Figures", "StyleFigures", "figures_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleFigures:
    """How she does on one style; whole percent."""

    said: int
    """Of the outfits to which she gives the style, those that are labelled so."""
    found: int
    """Of the outfits that are labelled with the style, those to which she gives it."""
    photos: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BandFigures:
    """How often she speaks so, and how often she is right then; whole percent."""

    share: int
    right: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The model's figures; whole percent."""

    outfits: int
    top1: int
    either: int
    annotators: int
    refused: int
    bands: dict[Band, BandFigures]
    styles: dict[Style, StyleFigures]


def figures_of(card: ModelCard) -> Figures | None:
    """The figures in a model's card; None if it was not measured."""
    test: dict[str, Any] | None = card.figures.get("test")
    if test is None:
        return None
    return Figures(
        outfits=test["outfits"],
        top1=_percent(test["top1"]),
        either=_percent(test["either"]),
        annotators=_percent(test["annotators"]),
        refused=_percent(test["false_rejects"]),
        bands={
            band: BandFigures(
                share=_percent(test["bands"][band]["share"]), right=_percent(test["bands"][band]["right"])
            )
            for band in (Band.CLEAR, Band.LEANING, Band.TORN)
        },
        styles={
            style: StyleFigures(
                said=_percent(test["per_style"][style]["precision"]),
                found=_percent(test["per_style"][style]["recall"]),
                photos=test["per_style"][style]["photos"],
            )
            for style in STYLES
        },
    )


def _percent(share: float) -> int:
    return round(100 * share)
