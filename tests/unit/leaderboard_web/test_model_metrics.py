from core.styles import STYLES, Style
from core.vision.classifier import BUNDLED_MODEL_DIR
from core.vision.fake_backend import FAKE_MODEL_CARD
from core.vision.model_card import load_model_card
from core.vision.verdict import ConfidenceBand
from leaderboard_web.model_metrics import load_metrics


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
