from __future__ import annotations

from core.styles import STYLES, Style
from core.vision.card import read_card
from core.vision.classifier import MODELS
from core.vision.scripted import SCRIPTED_CARD
from core.vision.verdict import Band
from leaderboard_web.figures import figures_of


def test_the_figures_are_those_of_the_photos_that_were_used_for_nothing_else() -> None:
    card = read_card(MODELS / "model.json")
    figures = figures_of(card)
    assert figures is not None
    test = card.figures["test"]
    assert figures.outfits == test["outfits"]
    assert figures.top1 == round(100 * test["top1"])
    assert list(figures.styles) == list(STYLES)
    assert figures.styles[Style.RETRO].found == round(100 * test["per_style"]["retro"]["recall"])
    assert figures.styles[Style.RETRO].said == round(100 * test["per_style"]["retro"]["precision"])
    assert figures.bands[Band.CLEAR].right == round(100 * test["bands"]["clear"]["right"])


def test_a_model_that_was_not_measured_has_none() -> None:
    assert figures_of(SCRIPTED_CARD) is None
