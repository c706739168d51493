"""The model card contains the measured figures of the shipped model."""

from pathlib import Path

import pytest

from core.styles import STYLES
from core.vision.classifier import BUNDLED_MODEL_DIR
from core.vision.model_card import ModelCard, load_model_card

PAGE = (Path(__file__).parents[2] / "docs" / "model-card.md").read_text("utf-8")
README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")


@pytest.fixture(scope="module")
def card() -> ModelCard:
    return load_model_card(BUNDLED_MODEL_DIR / "model.json")


def test_it_is_about_this_model(card: ModelCard) -> None:
    assert card.version in PAGE
    assert f"temperature {card.temperature}" in PAGE


@pytest.mark.parametrize(
    "figure", ["top1", "top1_agreed", "either", "top2", "macro_f1", "false_rejects", "false_accepts"]
)
def test_the_test_figures_are_the_measured_ones(card: ModelCard, figure: str) -> None:
    assert f"| **{100 * card.metrics['test'][figure]:.1f}** |" in PAGE


def test_every_style_and_source_is_reported(card: ModelCard) -> None:
    figures = card.metrics["test"]
    for style in STYLES:
        row = figures["per_style"][style]
        shares = " | ".join(f"{100 * row[key]:.1f}" for key in ("precision", "recall", "f1"))
        assert f"| {style} | {int(row['photos'])} | {shares} |" in PAGE
    for source, row in figures["per_source"].items():
        assert f"| {source} (" in PAGE
        assert f"| {int(row['photos'])} | {100 * row['top1']:.1f} | {100 * row['either']:.1f} |" in PAGE


def test_the_readme_repeats_them_truly(card: ModelCard) -> None:
    figures, validation = card.metrics["test2"]["heads"], card.metrics["val"]["heads"]
    gate = figures["gate"]
    shares = [figures["top1"], figures["top2"], figures["named"]["precision"], validation["top1"], validation["top2"]]
    for share in (*shares, gate["outfits_refused"], gate["negatives_refused"]):
        assert f"{100 * share:.1f} %" in README
