from dataclasses import replace

from core.styles import STYLES, Style
from core.vision.classifier import BUNDLED_MODEL_DIR
from core.vision.fake_backend import FAKE_MODEL_CARD
from core.vision.model_card import load_model_card
from core.vision.verdict import ConfidenceBand
from leaderboard_web.model_metrics import Confusion, load_confusions, load_metrics


def test_metrics_come_from_the_test_split() -> None:
    card = load_model_card(BUNDLED_MODEL_DIR / "model.json")
    metrics = load_metrics(card)
    assert metrics is not None
    test = card.metrics["test"]
    assert metrics.outfits == test["outfits"]
    assert metrics.top1 == round(100 * test["top1"])
    assert list(metrics.styles) == list(STYLES)
    assert metrics.styles[Style.RETRO].recall == round(100 * test["per_style"]["retro"]["recall"])
    assert metrics.styles[Style.RETRO].precision == round(100 * test["per_style"]["retro"]["precision"])
    assert metrics.bands[ConfidenceBand.CLEAR].accuracy == round(100 * test["bands"]["clear"]["right"])


def test_model_card_without_metrics_has_none() -> None:
    assert load_metrics(FAKE_MODEL_CARD) is None


def test_a_style_is_confused_with_those_that_are_named_often_instead() -> None:
    row = [3, 0, 1, 0, 10, 0, 6, 0]
    rows = [[0] * len(STYLES) for _ in STYLES]
    rows[Style.RETRO.position] = row
    card = replace(FAKE_MODEL_CARD, metrics={"test2": {"confusion": rows}})
    assert load_confusions(card, Style.RETRO) == (
        Confusion(style=Style.CASUAL, percent=30),
        Confusion(style=Style.BUSINESS_CASUAL, percent=15),
    )
    assert load_confusions(FAKE_MODEL_CARD, Style.RETRO) == ()


def test_the_shipped_card_tells_what_is_confused() -> None:
    card = load_model_card(BUNDLED_MODEL_DIR / "model.json")
    assert load_confusions(card, Style.STREET)[0].style is Style.CASUAL
