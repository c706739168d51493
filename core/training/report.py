"""The command `eva evaluate`: metrics for the model card, and a report, one Markdown page with plots.

The contact sheet shows photos from the data directory. Do not publish it.
"""

import json

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from core.errors import DatasetError
from core.styles import STYLES

mpl.use("Agg")
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib import pyplot as plt
from rich.console import Console

from core.training.calibration import confidence_bins
from core.training.data_files import open_photo
from core.training.evaluation import Predictions, evaluate_heads, evaluate_styles, round_metrics
from core.training.export import read_model_inputs, run_model
from core.training.main_color_fit import evaluate_main_color
from core.training.photo_table import PhotoTable, Split, read_photo_table
from core.training.run_files import write_text
from core.vision.classifier import check_digest
from core.vision.model_card import CARD_FILE, load_model_card

TILE, CAPTION, TILES_PER_ROW, MISTAKE_COUNT = 180, 34, 6, 24

console = Console(stderr=True)


def evaluate(*, data: Path, model_dir: Path, split: str, report_dir: Path) -> None:
    """Evaluate the exported model on a split, write the report, and store the metrics in its card.

    Args:
        data: directory with labels.csv and photos/.
        model_dir: directory of the exported model.
        split: name of the split.
        report_dir: output directory of the report.

    Raises:
        DatasetError: the data are incomplete, or there is no such split.
        ModelNotFoundError: there is no model.
        ModelMismatchError: model and card are of two exports.
    """
    if split not in set(Split):
        raise DatasetError(f"there is no split {split}, only {', '.join(Split)}")
    card = load_model_card(model_dir / CARD_FILE)
    model = model_dir / card.file
    check_digest(model, card.sha256)
    table = read_photo_table(data, with_attributes=card.attributes is not None)
    rows = table.rows(Split(split))
    outputs = run_model(model.read_bytes(), read_model_inputs(table.paths(rows), card.preprocessing))
    logits = {"style": outputs["style_logits"], "outfit": outputs["outfit_logit"][:, 0]}
    metrics, found = evaluate_styles(table, rows, logits, card)
    write_report(table, found, metrics, report_dir, f"{card.version} on {split}")
    card.metrics[split] = round_metrics(metrics) | {"confusion": found.confusion.tolist()}
    if card.attributes is not None and (table.shared_styles(rows) < 0).all():
        console.print(f"no photo of {split} has a style that two views share, so the heads are not measured")
    elif card.attributes is not None:
        logits |= {"items": outputs["item_logits"], "colors": outputs["color_logits"]}
        heads = evaluate_heads(table, rows, logits, card)
        if card.attributes.main_color is not None and "named" in heads:
            heads["main_color"] = evaluate_main_color(table, rows, card, model)
        card.metrics[split]["heads"] = round_metrics(heads)
    write_text(model_dir / CARD_FILE, card.to_json() + "\n")
    console.print((report_dir / "report.md").read_text("utf-8"), markup=False)


def write_report(table: PhotoTable, found: Predictions, metrics: Mapping[str, Any], folder: Path, title: str) -> None:
    """Write `report.md`, `figures.json`, `confusion.png`, `reliability.png` and `mistakes.jpg`.

    Args:
        table: the labels and photos.
        found: the styles of the evaluated outfits.
        metrics: of `evaluate_styles`.
        folder: output directory, created if missing.
        title: heading of the report.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "figures.json").write_text(json.dumps(round_metrics(metrics), indent=2), "utf-8")
    (folder / "report.md").write_text(_render_markdown(metrics, title), "utf-8")
    _draw_confusion(found.confusion, folder / "confusion.png")
    _draw_reliability(found, metrics["ece"], folder / "reliability.png")
    _draw_mistakes(table, found, folder / "mistakes.jpg")


def _render_markdown(metrics: Mapping[str, Any], title: str) -> str:
    lines = [f"# {title}", "", f"{metrics['photos']} photos, {metrics['outfits']} of them with an outfit.", ""]
    lines += _table(
        ["metric", "value"],
        [
            ["top-1, first annotator", _format_percent(metrics["top1"])],
            ["top-1 where both annotators agree", _format_percent(metrics["top1_agreed"])],
            ["either annotator's style or runner-up", _format_percent(metrics["either"])],
            ["top-2", _format_percent(metrics["top2"])],
            ["macro-F1", _format_percent(metrics["macro_f1"])],
            ["agreement of the two annotators", _format_percent(metrics["annotators"])],
            ["calibration error (ECE)", f"{metrics['ece']:.3f}"],
            ["gate AUROC", "-" if metrics["gate_auroc"] is None else f"{metrics['gate_auroc']:.4f}"],
            ["outfits rejected", _format_percent(metrics["false_rejects"])],
            ["photos without an outfit accepted", _format_percent(metrics["false_accepts"])],
        ],
    )
    lines += ["", "## By style", ""]
    lines += _table(
        ["style", "photos", "precision", "recall", "F1"],
        [
            [style, str(int(row["photos"])), *(_format_percent(row[key]) for key in ("precision", "recall", "f1"))]
            for style, row in metrics["per_style"].items()
        ],
    )
    lines += ["", "## By source", ""]
    lines += _table(
        ["source", "photos", "top-1", "either"],
        [
            [source, str(int(row["photos"])), _format_percent(row["top1"]), _format_percent(row["either"])]
            for source, row in metrics["per_source"].items()
        ],
    )
    lines += ["", "## By band", ""]
    lines += _table(
        ["band", "share of outfits", "accuracy"],
        [
            [band, _format_percent(row["share"]), _format_percent(row["right"])]
            for band, row in metrics["bands"].items()
        ],
    )
    lines += [
        "",
        "![confusion](confusion.png)",
        "![reliability](reliability.png)",
        "![mistakes](mistakes.jpg)",
        "",
    ]
    return "\n".join(lines)


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows]]


def _format_percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"


def _draw_confusion(counts: NDArray[np.int64], path: Path) -> None:
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, axes = plt.subplots(figsize=(7, 6.2), layout="constrained")
    axes.imshow(shares, cmap="magma_r", vmin=0, vmax=1)
    for row, column in np.ndindex(*counts.shape):
        color = "white" if shares[row, column] > 0.5 else "black"
        axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=color, fontsize=9)
    names = [style.replace("_", " ") for style in STYLES]
    axes.set_xticks(range(len(names)), names, rotation=40, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("model")
    axes.set_ylabel("annotator")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _draw_reliability(found: Predictions, ece: float, path: Path) -> None:
    bins = confidence_bins(found.confidence)
    figure, (top, bottom) = plt.subplots(2, figsize=(5, 6), height_ratios=(3, 1), sharex=True, layout="constrained")
    top.plot([0, 1], [0, 1], color="gray", linewidth=1, linestyle="--")
    means = [[values[inside].mean() for inside in bins.values()] for values in (found.confidence, found.is_right)]
    top.plot(*means, marker="o", color="#7b2d8b")
    top.set_ylabel("accuracy")
    top.set_title(f"ECE {ece:.3f}")
    bottom.bar(list(bins), [int(inside.sum()) for inside in bins.values()], width=0.09, color="#7b2d8b")
    bottom.set_ylabel("photos")
    bottom.set_xlabel("confidence")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _draw_mistakes(table: PhotoTable, found: Predictions, path: Path) -> None:
    """Draw the outfits for which the first annotator names the predicted style neither first nor as the runner-up."""
    is_wrong = ~found.is_right & (table.second[found.rows, 0] != found.first)
    order = np.argsort(-found.confidence)
    wrong = order[is_wrong[order]][:MISTAKE_COUNT].tolist()
    down = max(1, -(-len(wrong) // TILES_PER_ROW))
    sheet = Image.new("RGB", (TILES_PER_ROW * TILE, down * (TILE + CAPTION)), "white")
    pen = ImageDraw.Draw(sheet)
    for tile, (row, photo_path) in enumerate(zip(wrong, table.paths(found.rows[wrong]), strict=True)):
        left, top = tile % TILES_PER_ROW * TILE, tile // TILES_PER_ROW * (TILE + CAPTION)
        photo = open_photo(photo_path)
        photo.thumbnail((TILE, TILE))
        sheet.paste(photo, (left, top))
        named = f"Eva: {STYLES[found.first[row]]} {found.confidence[row]:.0%}"
        pen.text((left + 2, top + TILE), named, fill="black")
        pen.text((left + 2, top + TILE + 15), f"annotator: {STYLES[found.labels[row]]}", fill="black")
    sheet.save(path, quality=85)
