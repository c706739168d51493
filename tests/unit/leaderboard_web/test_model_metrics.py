from dataclasses import replace

import pytest

from core.styles import STYLES, Style
from core.vision.classifier import BUNDLED_MODEL_DIR
from core.vision.fake_backend import FAKE_MODEL_CARD
from core.vision.model_card import load_model_card
from core.vision.verdict import ConfidenceBand
from leaderboard_web.model_metrics import Confusion, load_confusions, load_metrics


@pytest.mark.parametrize("style", STYLES)
def test_a_page_is_about_one_test_set(style: Style) -> None:
    card = load_model_card(BUNDLED_MODEL_DIR / "model.json")
    metrics = load_metrics(card)
    assert metrics is not None
    test = card.metrics["test2"]
    assert (metrics.outfits, metrics.top1) == (test["outfits"], round(100 * test["top1"]))
    assert list(metrics.styles) == list(STYLES)
    shown, row = metrics.styles[style], test["confusion"][style.position]
    assert shown.photos == sum(row)
    assert shown.recall == round(100 * row[style.position] / sum(row))
    named = sum(counts[style.position] for counts in test["confusion"])
    assert shown.precision == round(100 * row[style.position] / named)
    for confusion in load_confusions(card, style):
        assert confusion.percent == round(100 * row[confusion.style.position] / shown.photos)
    assert metrics.bands[ConfidenceBand.CLEAR].accuracy == round(100 * test["bands"]["clear"]["right"])


@pytest.mark.parametrize(("share", "shown"), [(0.0513, "5"), (0.002, "<1")])
def test_refused_outfits_are_those_of_most_annotators(share: float, shown: str) -> None:
    card = load_model_card(BUNDLED_MODEL_DIR / "model.json")
    test = card.metrics["test2"]
    heads = test["heads"] | {"gate": test["heads"]["gate"] | {"outfits_refused": share}}
    metrics = load_metrics(replace(card, metrics={"test2": test | {"heads": heads}}))
    assert metrics is not None
    assert metrics.refused_outfits == shown


def test_a_card_without_heads_tells_no_refused_outfits() -> None:
    card = load_model_card(BUNDLED_MODEL_DIR / "model.json")
    test = {name: value for name, value in card.metrics["test2"].items() if name != "heads"}
    metrics = load_metrics(replace(card, metrics={"test2": test}))
    assert metrics is not None
    assert metrics.refused_outfits is None


def test_a_test_set_without_a_confusion_matrix_comes_last() -> None:
    card = load_model_card(BUNDLED_MODEL_DIR / "model.json")
    test, newer = card.metrics["test"], card.metrics["test2"]
    incomplete = {name: value for name, value in newer.items() if name != "confusion"}
    older = load_metrics(replace(card, metrics={"test2": incomplete, "test": test}))
    assert older is not None
    assert older.outfits == test["outfits"]
    alone = replace(card, metrics={"test2": incomplete})
    only = load_metrics(alone)
    assert only is not None
    assert only.outfits == newer["outfits"]
    assert load_confusions(alone, Style.RETRO) == ()


def test_model_card_without_metrics_has_none() -> None:
    assert load_metrics(FAKE_MODEL_CARD) is None


def test_a_style_is_confused_with_those_that_are_named_often_instead() -> None:
    row = [3, 0, 1, 0, 10, 0, 6, 0]
    rows = [[0] * len(STYLES) for _ in STYLES]
    rows[Style.RETRO.position] = row
    card = replace(FAKE_MODEL_CARD, metrics={"test2": {"per_style": {}, "confusion": rows}})
    assert load_confusions(card, Style.RETRO) == (
        Confusion(style=Style.CASUAL, percent=30),
        Confusion(style=Style.BUSINESS_CASUAL, percent=15),
    )
    assert load_confusions(FAKE_MODEL_CARD, Style.RETRO) == ()


def test_the_shipped_card_tells_what_is_confused() -> None:
    card = load_model_card(BUNDLED_MODEL_DIR / "model.json")
    assert load_confusions(card, Style.STREET)[0].style is Style.CASUAL
