"""Refreshes the figures of the model card, and prints its tables.

Usage: `python -m tools.model_figures DATA REPORT [MODEL_DIR]`. REPORT is the folder that `eva evaluate --split test2
--report REPORT` wrote. The script copies `confusion.png` and `reliability.png` from it into `docs`, draws
`reliability-items.png` from the validation photos of DATA, and prints the tables of results, items, colors, sources and
the confusion matrix from `model.json`. `python -m tools.draw_maps` draws `maps.jpg`.
"""

import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray

mpl.use("Agg")
from matplotlib import pyplot as plt

from core.clothing import COLORS, ITEMS
from core.styles import STYLES
from core.training.calibration import calibrate_head, confidence_bins
from core.training.export import map_attributes
from core.training.photo_table import Split, read_photo_table
from core.vision.attribute_calibration import NEVER, AttributeCalibration
from core.vision.classifier import BUNDLED_MODEL_DIR
from core.vision.model_card import ModelCard, load_model_card

DOCS = Path(__file__).parents[1] / "docs"
SPLITS = ("test2", "test", "val", "unseen")
RESULTS = (
    ("style, top-1", ("top1",)),
    ("where all views agree", ("top1_unanimous",)),
    ("among the first two", ("top2",)),
    ("macro-F1", ("macro_f1",)),
    *((f"recall of {style}", ("recall", style)) for style in ("retro", "girlish", "street", "mode")),
    ("photos without an outfit refused", ("gate", "negatives_refused")),
    ("real outfits refused", ("gate", "outfits_refused")),
    ("items, mean average precision", ("items_map",)),
    ("colors, mean average precision", ("colors_map",)),
    ("what is named: precision", ("named", "precision")),
    ("main color: right where one is named", ("main_color", "right")),
    ("outfits whose main color is named", ("main_color", "named")),
    ("main color, if one were always named", ("main_color", "right_if_always_named")),
)
"""Rows of the table of results: name, and keys below a split's `heads`."""
PHOTOS_OF_A_SOURCE = 100
"""Sources with fewer photos do not count for the largest calibration error."""


def render_tables(card: ModelCard) -> str:
    """The tables as Markdown; a split that was not evaluated has dashes."""
    heads = {split: card.metrics.get(split, {}).get("heads", {}) for split in SPLITS}
    rows = [[name, *(_percent(_find(heads[split], keys)) for split in SPLITS)] for name, keys in RESULTS]
    rows.append(["largest ECE of a source over 100 photos", *(_largest_error(heads[split]) for split in SPLITS)])
    rows.append(
        ["things named per outfit", *(_number(heads[split].get("named", {}).get("per_outfit")) for split in SPLITS)]
    )
    tables = [_render(["%", *SPLITS], rows)]
    if card.attributes is not None:
        tables.append(_render(["item or color", *SPLITS[:3], "named from"], _attribute_rows(heads, card.attributes)))
    figures = heads["test2"]
    tables.append(
        _render(
            ["source (test2)", "photos", "top-1", "ECE"],
            [
                [name, str(row["photos"]), _percent(row["top1"]), f"{row['ece']:.3f}"]
                for name, row in sorted(figures.get("sources", {}).items(), key=lambda item: -item[1]["photos"])
            ],
        )
    )
    confusion = zip(STYLES, figures.get("confusion", []), strict=False)
    tables.append(_render(["label \\ named", *STYLES], [[name, *map(str, counts)] for name, counts in confusion]))
    return "\n\n".join(tables)


def draw_item_reliability(card: ModelCard, logits: NDArray[np.float32], seen: NDArray[np.bool_], path: Path) -> None:
    """Draw how often an item is there, by its probability: fitted on one half of the photos and drawn on the other.

    Args:
        card: whose version is the title.
        logits: n photos x items, not calibrated.
        seen: n photos x items, what is there.
        path: file of the picture, a .png or .svg.
    """
    fitted = calibrate_head(logits[::2], seen[::2])
    probability, truth = fitted.probabilities(logits[1::2]).ravel(), seen[1::2].ravel()
    bins = confidence_bins(probability).values()
    figure, axes = plt.subplots(figsize=(5, 4.5), layout="constrained")
    axes.plot([0, 1], [0, 1], color="gray", linewidth=1, linestyle="--")
    means = [[float(values[inside].mean()) for inside in bins] for values in (probability, truth)]
    axes.plot(*means, marker="o", color="#7b2d8b")
    axes.set_xlabel("probability of an item")
    axes.set_ylabel("share that is there")
    axes.set_title(card.version)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def read_items(data: Path, card: ModelCard, model: Path) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The item logits of the validation outfits, and what is there."""
    table = read_photo_table(data)
    rows = table.rows(Split.VAL)
    rows = rows[table.outfits_with_attributes(rows)]
    logits = map_attributes(model, card, table.paths(rows), lambda _, outputs: outputs.item_logits)
    return np.array(logits), table.seen_items(rows)


def _attribute_rows(heads: Mapping[str, Any], attributes: AttributeCalibration) -> list[list[str]]:
    rows = []
    for names, key, thresholds in (
        (ITEMS, "items_ap", attributes.items.threshold),
        (COLORS, "colors_ap", attributes.colors.threshold),
    ):
        for name, threshold in zip(names, thresholds, strict=True):
            precision = [_percent(heads[split].get(key, {}).get(str(name))) for split in SPLITS[:3]]
            prefix = "color " if key == "colors_ap" else ""
            rows.append([f"{prefix}{name}", *precision, "never" if threshold >= NEVER else f"{threshold:.2f}"])
    return rows


def _find(figures: Mapping[str, Any], keys: Sequence[str]) -> float | None:
    for key in keys[:-1]:
        figures = figures.get(key, {})
    return figures.get(keys[-1])


def _largest_error(figures: Mapping[str, Any]) -> str:
    errors = [row["ece"] for row in figures.get("sources", {}).values() if row["photos"] >= PHOTOS_OF_A_SOURCE]
    return f"{max(errors):.3f}" if errors else "-"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _render(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


if __name__ == "__main__":
    data_dir, report = Path(sys.argv[1]), Path(sys.argv[2])
    directory = Path(sys.argv[3]) if len(sys.argv) > 3 else BUNDLED_MODEL_DIR
    model_card = load_model_card(directory / "model.json")
    for picture in ("confusion.png", "reliability.png"):
        shutil.copyfile(report / picture, DOCS / picture)
    draw_item_reliability(
        model_card, *read_items(data_dir, model_card, directory / model_card.file), DOCS / "reliability-items.png"
    )
    print(render_tables(model_card))
