"""The metrics that pages show, from the model card: all measured on one test set, styles by its first annotator."""

from dataclasses import dataclass
from typing import Any

from core.conversation.narration import format_percent
from core.styles import STYLES, Style
from core.vision.model_card import ModelCard
from core.vision.verdict import ConfidenceBand

TEST_SPLITS = ("test2", "test")
"""The first one with figures of each style and a confusion matrix is shown."""
MAX_CONFUSIONS = 2
MIN_CONFUSED_PHOTOS, MIN_CONFUSED_SHARE = 3, 0.1
"""What is rarer is not called often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleMetrics:
    """Metrics of one style, in whole percent."""

    precision: int
    """Share of the outfits predicted as this style that are labeled so."""
    recall: int
    """Share of the outfits labeled as this style that are predicted so."""
    photos: int
    """Number of test photos with this label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """A style that the model names instead of another."""

    style: Style
    """The named one."""
    percent: int
    """Share of the photos labeled as the other one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BandMetrics:
    """Metrics of one confidence band, in whole percent."""

    share: int
    """Share of all predictions."""
    accuracy: int
    """Share of the band's predictions that are right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelMetrics:
    """Metrics of the model on one test set, in whole percent."""

    outfits: int
    """Number of test photos that show an outfit."""
    top1: int
    """Share of outfits whose most probable style is right."""
    top2: int
    """Share of outfits with the right style among the two most probable ones."""
    annotators: int
    """Share of outfits on which one annotator agrees with the label."""
    refused_outfits: str | None
    """Share of what most annotators call an outfit in which the model sees none, see `format_percent`; None if the card
    does not have it."""
    bands: dict[ConfidenceBand, BandMetrics]
    styles: dict[Style, StyleMetrics]


def load_metrics(card: ModelCard) -> ModelMetrics | None:
    """The metrics in a model card; None if it has none."""
    test = _find_figures(card)
    if test is None:
        return None
    return ModelMetrics(
        outfits=test["outfits"],
        top1=_percent(test["top1"]),
        top2=_percent(test["either"]),
        annotators=_percent(test["annotators"]),
        refused_outfits=format_percent(test["heads"]["gate"]["outfits_refused"]) if "heads" in test else None,
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


def load_confusions(card: ModelCard, style: Style) -> tuple[Confusion, ...]:
    """What the model often calls photos of a style instead, the most frequent first; nothing without measurements."""
    test = _find_figures(card)
    if test is None or "confusion" not in test:
        return ()
    row: list[int] = test["confusion"][style.position]
    others = [
        (count, other)
        for other, count in zip(STYLES, row, strict=True)
        if other is not style and count >= MIN_CONFUSED_PHOTOS and count / sum(row) >= MIN_CONFUSED_SHARE
    ]
    others.sort(key=lambda pair: -pair[0])
    return tuple(Confusion(style=other, percent=_percent(count / sum(row))) for count, other in others[:MAX_CONFUSIONS])


def _find_figures(card: ModelCard) -> dict[str, Any] | None:
    """The figures of the test set that pages are about; a card without a confusion matrix has them for `test` alone."""
    measured = [figures for split in TEST_SPLITS if "per_style" in (figures := card.metrics.get(split, {}))]
    complete = [figures for figures in measured if "confusion" in figures]
    return next(iter(complete or measured), None)


def _percent(share: float) -> int:
    return round(100 * share)
