import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.clothing import COLORS, ITEMS, Item
from core.errors import ModelMismatchError, ModelNotFoundError
from core.vision.main_color import BINS
from core.vision.model_card import ModelCard, Preprocessing, ResizeMode, load_model_card
from core.vision.verdict import Thresholds

CARD = ModelCard(
    version="vgg16-0123abcd",
    file="eva.tflite",
    sha256="0123abcd" * 8,
    backbone="vgg16",
    temperature=1.25,
    thresholds=Thresholds(outfit=0.4, clear=0.55, ambiguous_margin=0.08),
    preprocessing=Preprocessing(width=256, height=320, resize_mode=ResizeMode.CENTER_CROP, padding_color=(1, 2, 3)),
    training={"photos": 10336},
    metrics={"val": {"top1": 0.66}},
)
HEADS = {
    "items": {item: {"slope": 1.0, "offset": 0.0, "threshold": 0.7} for item in ITEMS},
    "colors": {color: {"slope": 1.0, "offset": 0.0, "threshold": 0.6} for color in COLORS},
}


def _write(folder: Path, **changes: Any) -> Path:
    path = folder / "model.json"
    path.write_text(json.dumps(json.loads(CARD.to_json()) | changes), "utf-8")
    return path


def test_card_round_trip(tmp_path: Path) -> None:
    assert load_model_card(_write(tmp_path)) == CARD


def test_card_of_a_model_with_items_round_trip(tmp_path: Path) -> None:
    thresholds = {item: {"slope": 1.5, "offset": -0.5, "threshold": 0.7} for item in ITEMS}
    thresholds[Item.VEST]["threshold"] = None  # type: ignore[assignment]
    colors = {color: {"slope": 1.0, "offset": 0.0, "threshold": 0.6} for color in COLORS}
    kernel = np.arange((len(COLORS) + BINS) * len(COLORS)).reshape(-1, len(COLORS)) / 8
    main_color = {"kernel": kernel.tolist(), "bias": [-1.5] * len(COLORS), "threshold": 0.65}
    heads = {"items": thresholds, "colors": colors, "main_color": main_color}

    card = load_model_card(_write(tmp_path, heads=heads))

    assert card.attributes is not None
    assert card.attributes.items.threshold[ITEMS.index(Item.VEST)] > 1
    assert card.attributes.items.probabilities(np.full(len(ITEMS), 1.0, np.float32)) == pytest.approx(0.7311, abs=1e-4)
    assert json.loads(card.to_json())["heads"] == heads


def test_missing_card(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match=r"model\.json"):
        load_model_card(tmp_path / "model.json")


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": ["street", "casual"]},
        {"preprocessing": {"width": 256, "height": 256, "resize_mode": "zoom", "padding_color": [0, 0, 0]}},
        {"preprocessing": None},
        {"thresholds": {"outfit": 0.5}},
        {"temperature": "warm"},
        {"heads": {"items": {}, "colors": {}, "main_color": None}},
        {"heads": HEADS | {"main_color": {"kernel": [[1.0]], "bias": [0.0], "threshold": 0.5}}},
        {"heads": HEADS | {"main_color": {"threshold": 0.5}}},
        {"heads": []},
        {"refusals": None},
        {"refusals": ["several"]},
        {"refusals": {"elsewhere": 0.9}},
    ],
)
def test_invalid_card_is_rejected(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(ModelMismatchError, match=r"model\.json"):
        load_model_card(_write(tmp_path, **changes))


def test_missing_field_is_named(tmp_path: Path) -> None:
    path = _write(tmp_path)
    content = json.loads(path.read_text("utf-8"))
    del content["sha256"]
    path.write_text(json.dumps(content), "utf-8")
    with pytest.raises(ModelMismatchError, match="sha256"):
        load_model_card(path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe\x00"])
def test_card_must_be_an_object(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.json"
    path.write_bytes(content)
    with pytest.raises(ModelMismatchError):
        load_model_card(path)
