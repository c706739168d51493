"""How much of what is drawn lies on clothes and on faces.

Usage: `python -m tools.clothes_figures DATA [MODEL_DIR]`. DATA is the folder with `labels.csv`, `boxes.csv` and
`photos/`; its validation photos with boxes count.
"""

import csv
import json
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.clothing import ITEMS
from core.training.data_files import open_photo
from core.training.picture_heads import PictureBoxes, read_boxes
from core.vision.backends import InferenceBackend, LiteRTBackend
from core.vision.classifier import BUNDLED_MODEL_DIR, StyleClassifier, fit_to_input
from core.vision.explanation import ITEMS_OFF_CLOTHES
from core.vision.fake_backend import FakeBackend
from core.vision.model_card import ModelCard, load_model_card


def measure(
    backend: InferenceBackend, card: ModelCard, photos: Iterable[tuple[Path, PictureBoxes]]
) -> dict[str, dict[str, float]]:
    """The mean share of drawn evidence on clothes and on faces, before and after it is restrained to clothes.

    `style` is the map of the style, `items` those of all seen items but hats and sunglasses.
    """
    shares: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for path, boxes in photos:
        image = open_photo(path)
        model_input = fit_to_input(image, card.preprocessing)
        outputs = backend.forward(model_input.pixels)
        verdict = StyleClassifier(FakeBackend([outputs]), card).classify(image)
        if outputs.attributes is None or verdict.attributes is None:
            continue
        clothes, faces = boxes.cover(*verdict.cam.shape)
        evidence = model_input.crop_to_image(outputs.evidence)[..., verdict.style.position]
        shares["style_before"] += _share(evidence, clothes, faces)
        shares["style_after"] += _share(verdict.cam, clothes, faces)
        maps = model_input.crop_to_image(outputs.attributes.item_evidence)
        for seen in verdict.attributes.seen:
            position = [*map(str, ITEMS)].index(seen.thing)
            if not ITEMS_OFF_CLOTHES[position]:
                shares["items_before"] += _share(maps[..., position], clothes, faces)
                shares["items_after"] += _share(seen.cam, clothes, faces)
    return {
        name: {"maps": len(rows), **dict(zip(("clothes", "faces"), np.mean(rows, axis=0).tolist(), strict=True))}
        for name, rows in shares.items()
    }


def _share(
    evidence: NDArray[np.float32], clothes: NDArray[np.float32], faces: NDArray[np.float32]
) -> list[tuple[float, float]]:
    """The shares of one map; none if it is empty."""
    positive = np.maximum(evidence, 0)
    total = float(positive.sum())
    return [(float((positive * clothes).sum()) / total, float((positive * faces).sum()) / total)] if total else []


def read_photos(folder: Path) -> list[tuple[Path, PictureBoxes]]:
    """The validation photos with boxes."""
    boxes = read_boxes(folder)
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as lines:
        photos = [row["photo"] for row in csv.DictReader(lines) if row["split"] == "val"]
    return [(folder / photo, boxes[photo]) for photo in photos if photo in boxes]


if __name__ == "__main__":
    directory = Path(sys.argv[2]) if len(sys.argv) > 2 else BUNDLED_MODEL_DIR
    model_card = load_model_card(directory / "model.json")
    model = LiteRTBackend(directory / model_card.file)
    print(json.dumps(measure(model, model_card, read_photos(Path(sys.argv[1]))), indent=2))
