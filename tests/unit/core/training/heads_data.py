"""A tiny network with all heads, and labels of all kinds, for the tests of `eva finetune` and `eva heads`."""

import csv
import dataclasses
from functools import partial
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("keras", reason="the extra `train` is not installed")

from core.training import head_pipeline, litert_weights
from core.training.embedding import fit_embedding
from core.training.export import convert_to_litert
from core.training.head_network import build_head_network
from core.training.linear_heads import HEADS
from core.vision.classifier import BUNDLED_MODEL_DIR
from core.vision.model_card import Preprocessing, load_model_card

CHANNELS = {"block3_conv1": (3, 4), "block4_conv1": (4, 6), "block5_conv1": (6, 8)}
ITEM_BY_STYLE = {"casual": "jeans", "retro": "dress", "street": "hoodie"}
COLOR_BY_STYLE = {"casual": "blue", "retro": "orange", "street": "green"}


def random_weights() -> dict[str, np.ndarray]:
    """A tiny network with random convolutions and heads."""
    rng = np.random.default_rng(0)
    found = {}
    for name, shape in CHANNELS.items():
        found[f"{name}/kernel"] = rng.normal(0, (2 / 9 / shape[0]) ** 0.5, (3, 3, *shape))
        found[f"{name}/bias"] = rng.normal(0, 0.1, shape[1])
    for head in HEADS:
        found[f"{head.name}/kernel"] = rng.normal(0, 0.02, (18 if head.uses_all_blocks else 8, head.outputs))
        found[f"{head.name}/bias"] = rng.normal(0, 1, head.outputs)
    for name, outputs in (("kind", 4), ("clothes", 1)):
        found[f"{name}/kernel"] = rng.normal(0, 0.02, (8, outputs))
        found[f"{name}/bias"] = rng.normal(0, 1, outputs)
    found["embedding/kernel"] = rng.normal(0, 1, (9, 128))
    return {name: value.astype(np.float32) for name, value in found.items()}


def label_photos(unlabelled: Path, data: Path) -> list[dict[str, str]]:
    """Write all label files for the photos of another folder."""
    data.mkdir()
    (data / "photos").symlink_to(unlabelled / "photos")
    with (unlabelled / "labels.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    # `mdem` is a source of fold 0, `ccp` is never held out.
    labels = [
        row | {"style_b": row["style"], "sure_b": "3", "source": "mdem" if number % 7 == 0 else "ccp"}
        for number, row in enumerate(rows)
    ]
    with (data / "labels.csv").open("w", encoding="utf-8", newline="") as lines:
        table = csv.DictWriter(lines, fieldnames=list(labels[0]))
        table.writeheader()
        table.writerows(labels)
    with (data / "attributes.csv").open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(["photo", "items", "colours", "items_b", "colours_b"])
        for row in labels:
            if row["style"] in ITEM_BY_STYLE:
                writer.writerow([row["photo"], ITEM_BY_STYLE[row["style"]], COLOR_BY_STYLE[row["style"]], "", ""])

    with (data / "kinds.csv").open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(["photo", "kind"])
        refused = [row["photo"] for row in labels if row["style"] == "not_outfit"]
        writer.writerows([photo, ("part", "other")[place % 2]] for place, photo in enumerate(refused))
    upper = [[row["photo"], "clothes", 0, 0, 1, 0.5] for row in labels if row["split"] == "train"]
    with (data / "boxes.csv").open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows([["photo", "what", "left", "top", "right", "bottom"], *upper[:6]])
    return labels


def export_source(weights: dict[str, np.ndarray], folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Export the tiny network as if it had shipped, and let the pipelines read it."""
    monkeypatch.setattr(litert_weights, "VGG16_CONVOLUTIONS", tuple(CHANNELS))
    monkeypatch.setattr(head_pipeline, "fit_embedding", partial(fit_embedding, steps=5))
    folder.mkdir()
    (folder / "eva.tflite").write_bytes(convert_to_litert(build_head_network(weights, size=(32, 32))))
    card = dataclasses.replace(
        load_model_card(BUNDLED_MODEL_DIR / "model.json"), preprocessing=Preprocessing(width=32, height=32)
    )
    (folder / "model.json").write_text(card.to_json(), "utf-8")
    return folder
