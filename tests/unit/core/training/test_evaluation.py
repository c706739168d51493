import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import DatasetError
from core.styles import STYLES, Style
from core.training import report
from core.training.evaluation import evaluate_heads, evaluate_styles, round_metrics
from core.training.photo_table import PhotoTable, read_photo_table
from core.vision.fake_backend import FAKE_ATTRIBUTES_CARD, FAKE_MODEL_CARD
from core.vision.verdict import Thresholds

CARD = replace(FAKE_MODEL_CARD, temperature=2.0, thresholds=Thresholds(outfit=0.5, clear=0.8, ambiguous_margin=0.1))
LABELS = """photo,split,style,second,style_b,second_b,source
0,test,mode,,mode,,a
1,test,mode,casual,mode,,a
2,test,street,,retro,,b
3,test,girlish,,girlish,,b
4,test,not_outfit,,,,a
5,test,street,,unclear,mode,b
"""


@pytest.fixture
def table(tmp_path: Path) -> PhotoTable:
    (tmp_path / "labels.csv").write_text(LABELS)
    return read_photo_table(tmp_path, with_attributes=False)


def says(style: Style, strength: float = 10.0) -> list[float]:
    return [strength if candidate is style else 0.0 for candidate in STYLES]


LOGITS = np.array(
    [says(Style.MODE), says(Style.CASUAL), says(Style.RETRO), says(Style.MODE), says(Style.MODE)], np.float32
)
OUTFIT = np.array([3.0, 3.0, 3.0, -3.0, -3.0], np.float32)


ROWS = np.arange(5)
LOGITS_BY_HEAD = {"style": LOGITS, "outfit": OUTFIT}


def test_metrics_of_known_outputs(table: PhotoTable) -> None:
    figures, _ = evaluate_styles(table, ROWS, LOGITS_BY_HEAD, CARD)
    assert (figures["photos"], figures["outfits"]) == (5, 4)
    assert figures["top1"] == 0.25
    assert figures["either"] == 0.75, "the runner-up and the other annotator count"
    assert figures["top1_agreed"] == pytest.approx(1 / 3), "photos on which the two disagree are left out"
    assert figures["annotators"] == 0.75
    assert figures["false_rejects"] == 0.25
    assert figures["false_accepts"] == 0.0
    assert figures["per_source"]["b"] == {"photos": 2, "top1": 0.0, "either": 0.5}
    assert figures["per_style"]["mode"]["recall"] == 0.5
    assert figures["per_style"]["mode"]["precision"] == 0.5
    assert figures["bands"]["not_an_outfit"]["share"] == 0.25
    assert figures["bands"]["clear"] == {"share": 0.75, "right": pytest.approx(1 / 3)}


def test_runner_up_of_a_view_that_does_not_exist_is_not_acceptable(table: PhotoTable) -> None:
    logits = {name: values[:1] for name, values in LOGITS_BY_HEAD.items()}
    figures, _ = evaluate_styles(table, np.array([5]), logits, CARD)
    assert figures["either"] == 0.0
    assert figures["annotators"] is figures["top1_agreed"] is None


def test_confidence_uses_the_temperature(table: PhotoTable) -> None:
    _, found = evaluate_styles(table, ROWS, LOGITS_BY_HEAD, CARD)
    assert found.confidence[0] == pytest.approx(np.exp(5) / (np.exp(5) + 7), abs=1e-5)


def test_confusion_matrix_orientation(table: PhotoTable) -> None:
    confusion = evaluate_styles(table, ROWS, LOGITS_BY_HEAD, CARD)[1].confusion
    assert confusion[Style.STREET.position, Style.RETRO.position] == 1
    assert confusion[Style.RETRO.position, Style.STREET.position] == 0


def test_split_without_negatives_has_no_figures_of_the_gate(table: PhotoTable) -> None:
    first, last = ({name: values[part] for name, values in LOGITS_BY_HEAD.items()} for part in (slice(4), slice(4, 5)))
    figures, _ = evaluate_styles(table, ROWS[:4], first, CARD)
    assert figures["gate_auroc"] is figures["false_accepts"] is None
    assert json.loads(json.dumps(round_metrics(figures), allow_nan=False))["false_rejects"] == 0.25
    assert "| gate AUROC | - |" in report._render_markdown(figures, "")
    with pytest.raises(DatasetError, match="no photo of this split has an outfit"):
        evaluate_styles(table, ROWS[4:], last, CARD)


def test_figures_of_heads_on_few_labels_are_numbers_or_missing(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text(
        "photo,split,style,style_b,style_c\na,test,mode,mode,casual\nb,test,casual,,\nc,test,not_outfit,,\n"
    )
    (tmp_path / "attributes.csv").write_text("photo,items,colours\na,jeans,blue\n")
    table = read_photo_table(tmp_path)
    logits = {"style": LOGITS[:3], "outfit": OUTFIT[:3]}
    logits |= {name: np.zeros((3, count), np.float32) for name, count in (("items", 42), ("colors", 14))}
    figures = round_metrics(evaluate_heads(table, np.arange(3), logits, FAKE_ATTRIBUTES_CARD))
    json.dumps(figures, allow_nan=False)
    assert figures["photos"] == 1
    assert figures["top1_unanimous"] is figures["items_map"] is figures["colors_map"] is None
    (tmp_path / "attributes.csv").write_text("photo,items,colours\n")
    figures = evaluate_heads(read_photo_table(tmp_path), np.arange(3), logits, FAKE_ATTRIBUTES_CARD)
    assert "named" not in figures
