"""Faithfulness of the class activation maps: deletion and insertion, against random and centered maps.

Petsiuk, Das and Saenko, *RISE*, BMVC 2018: the photo is blurred cell by cell, hottest first (deletion), or revealed in
that order (insertion), while the probability of the style is recorded. A faithful map makes it fall quickly (small area
under the curve) and rise quickly (large area). The style is the one of the whole photo; cells are those of the map,
16 x 16 pixels each.

    python -m benchmarks.cam_faithfulness --data FOLDER --split test --limit 150

FOLDER contains `labels.csv` with the columns `photo`, `split` and `style`; photos labeled `not_outfit` are left out.
"""

import argparse
import csv
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from rich.console import Console
from rich.progress import track
from rich.table import Table

from core.images.decoding import decode_photo
from core.settings import Settings
from core.styles import STYLES
from core.vision.classifier import StyleClassifier, fit_to_input, load_classifier
from core.vision.verdict import softmax

RESULTS = Path(__file__).parent / "results" / "cam_faithfulness.json"
BLUR = 24
"""Radius in pixels of the model input; no garment can be recognized."""
LEVELS = 8
"""Steps from none of the cells to all of them."""
MAPS = ("cam", "random", "center")


@dataclass(frozen=True, slots=True, kw_only=True)
class AreasUnderCurve:
    """Areas under the two curves of one map on one photo, 0 to 1."""

    deletion: float
    insertion: float


def main() -> None:
    """Measure, print, store."""
    parser = argparse.ArgumentParser(description="Deletion and insertion of the class activation maps.")
    parser.add_argument("--data", type=Path, required=True, help="folder with labels.csv")
    parser.add_argument("--split", default="test")
    parser.add_argument("--limit", type=int, default=150, help="photos, spread evenly over the split")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    photos = _photos(options.data, options.split, options.limit)
    areas: dict[str, list[AreasUnderCurve]] = {name: [] for name in MAPS}
    rng = np.random.default_rng(0)
    with load_classifier(Settings()) as classifier:
        for path in track(photos, "Judging", console=Console(stderr=True)):
            for name, area in _areas(classifier, path, rng).items():
                areas[name].append(area)
    report = _report(areas)
    _print(report, len(photos))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(
        json.dumps(
            {
                "when": datetime.now(UTC).isoformat(timespec="seconds"),
                "model": classifier.model_card.version,
                "split": options.split,
                "photos": len(photos),
                "levels": LEVELS,
                **report,
            },
            indent=2,
        )
        + "\n",
        "utf-8",
    )


def _photos(data: Path, split: str, limit: int) -> list[Path]:
    with (data / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == split and row["style"] in set(STYLES)]
    if not rows:
        raise SystemExit(f"no outfit photos of the split {split!r} in labels.csv")
    spread = np.unique(np.linspace(0, len(rows) - 1, min(limit, len(rows))).round().astype(int))
    return [data / rows[index]["photo"] for index in spread]


def _areas(classifier: StyleClassifier, path: Path, rng: np.random.Generator) -> dict[str, AreasUnderCurve]:
    model_input = fit_to_input(decode_photo(path.read_bytes()), classifier.model_card.preprocessing)
    outputs = classifier.backend.forward(model_input.pixels)
    style = int(np.argmax(outputs.logits))
    evidence = outputs.evidence[..., style]
    blurred = np.asarray(Image.fromarray(model_input.pixels).filter(ImageFilter.GaussianBlur(BLUR)))
    shape = evidence.shape
    inside = model_input.crop_to_image(np.arange(evidence.size, dtype=np.float32).reshape(shape)).astype(int).ravel()
    down, across = np.divmod(inside, shape[1])
    distance = np.square(down - down.mean()) / shape[0] ** 2 + np.square(across - across.mean()) / shape[1] ** 2
    heat_by_map = {
        "cam": np.maximum(evidence.ravel()[inside], 0) + 1e-6 * rng.random(inside.size),
        "random": rng.random(inside.size),
        "center": -distance,
    }

    def probability(shown: NDArray[np.bool_]) -> float:
        """Of the style when only these cells are not blurred."""
        sharp = np.ones(shape, bool)
        sharp[down, across] = shown
        scale = model_input.pixels.shape[0] // shape[0], model_input.pixels.shape[1] // shape[1]
        mask = np.kron(sharp, np.ones(scale, bool))[..., None]
        logits = classifier.backend.forward(np.where(mask, model_input.pixels, blurred)).logits
        return float(softmax(logits / classifier.model_card.temperature)[style])

    sharp_probability = probability(np.ones(inside.size, bool))
    blurred_probability = probability(np.zeros(inside.size, bool))
    curves = {}
    for name, heat in heat_by_map.items():
        rank = np.empty(inside.size, int)
        rank[np.argsort(-heat)] = np.arange(inside.size)
        counts = [round(inside.size * level / LEVELS) for level in range(1, LEVELS)]
        deleted = [sharp_probability, *(probability(rank >= count) for count in counts), blurred_probability]
        inserted = [blurred_probability, *(probability(rank < count) for count in counts), sharp_probability]
        curves[name] = AreasUnderCurve(
            deletion=float(np.trapezoid(deleted, dx=1 / LEVELS)),
            insertion=float(np.trapezoid(inserted, dx=1 / LEVELS)),
        )
    return curves


def _report(areas: dict[str, list[AreasUnderCurve]]) -> dict[str, dict[str, float]]:
    means = {
        name: {
            "deletion": float(np.mean([area.deletion for area in measured])),
            "insertion": float(np.mean([area.insertion for area in measured])),
        }
        for name, measured in areas.items()
    }
    against = {
        f"against_{name}": {
            "deletion_ratio": means[name]["deletion"] / means["cam"]["deletion"],
            "insertion_ratio": means["cam"]["insertion"] / means[name]["insertion"],
            "better_on": float(
                np.mean(
                    [
                        cam.insertion - cam.deletion > other.insertion - other.deletion
                        for cam, other in zip(areas["cam"], areas[name], strict=True)
                    ]
                )
            ),
        }
        for name in MAPS[1:]
    }
    return means | against


def _print(report: dict[str, dict[str, float]], photos: int) -> None:
    table = Table(title=f"Faithfulness of the maps on {photos} photos")
    columns = (
        "map",
        "deletion (small is good)",
        "insertion (large is good)",
        "CAM better by",
        "CAM better on",
    )
    for column in columns:
        table.add_column(column, justify="left" if column == "map" else "right")
    for name in MAPS:
        cells = [name, f"{report[name]['deletion']:.3f}", f"{report[name]['insertion']:.3f}"]
        if name != "cam":
            rival = report[f"against_{name}"]
            cells += [
                f"{rival['deletion_ratio']:.2f} x, {rival['insertion_ratio']:.2f} x",
                f"{rival['better_on']:.0%} of photos",
            ]
        table.add_row(*cells)
    Console().print(table)


if __name__ == "__main__":
    main()
