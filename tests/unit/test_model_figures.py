"""The tables that the tool prints are those of the model card."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="the extra `train` is not installed")
pytest.importorskip("sklearn", reason="the extra `train` is not installed")

from core.vision.classifier import BUNDLED_MODEL_DIR
from core.vision.model_card import load_model_card
from tools.model_figures import RESULTS, draw_item_reliability, render_tables

PAGE = (Path(__file__).parents[2] / "docs" / "model-card.md").read_text("utf-8")


def test_printed_results_are_in_the_model_card() -> None:
    tables = render_tables(load_model_card(BUNDLED_MODEL_DIR / "model.json")).split("\n\n")
    results = tables[0].splitlines()[2:]
    assert len(results) == len(RESULTS) + 2
    for row in results:
        name, *shares = row.strip("| ").split(" | ")
        assert f"| {name} | {' | '.join(shares[:3])} |" in PAGE
    for row in tables[3].splitlines()[2:]:
        assert row in PAGE, "the confusion matrix"


def test_reliability_is_drawn(tmp_path: Path) -> None:
    logits = np.random.default_rng(0).normal(0, 2, (80, 3)).astype(np.float32)
    card = load_model_card(BUNDLED_MODEL_DIR / "model.json")
    draw_item_reliability(card, logits, logits > 0.5, tmp_path / "items.png")
    assert (tmp_path / "items.png").stat().st_size > 1000
