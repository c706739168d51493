"""The report of an evaluation: one Markdown page with plots.

The contact sheet shows photos from the data directory. Do not publish it.
"""

import json

import matplotlib as mpl
import numpy as np
from PIL import Image, ImageDraw

from core.styles import STYLES

mpl.use("Agg")
from collections.abc import Sequence
from pathlib import Path

from matplotlib import pyplot as plt

from core.training.dataset import Example
from core.training.evaluation import Evaluation, EvaluationMetrics

TILE, CAPTION, TILES_PER_ROW, MISTAKE_COUNT = 180, 34, 6, 24


def write_report(evaluation: Evaluation, examples: Sequence[Example], folder: Path, title: str) -> None:
    """Write `report.md`, `figures.json`, `confusion.png`, `reliability.png` and `mistakes.jpg`.

    Args:
        evaluation: metrics and predictions.
        examples: the evaluated photos.
        folder: output directory, created if missing.
        title: heading of the report.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "figures.json").write_text(json.dumps(evaluation.metrics.to_dict(), indent=2), "utf-8")
    (folder / "report.md").write_text(_render_markdown(evaluation.metrics, title), "utf-8")
    _draw_confusion(evaluation, folder / "confusion.png")
    _draw_reliability(evaluation, folder / "reliability.png")
    _draw_mistakes(evaluation, examples, folder / "mistakes.jpg")


def _render_markdown(metrics: EvaluationMetrics, title: str) -> str:
    lines = [f"# {title}", "", f"{metrics.photos} photos, {metrics.outfits} of them with an outfit.", ""]
    lines += _table(
        ["metric", "value"],
        [
            ["top-1, first annotator", _format_percent(metrics.top1)],
            ["top-1 where both annotators agree", _format_percent(metrics.top1_agreed)],
            ["either annotator's style or runner-up", _format_percent(metrics.either)],
            ["top-2", _format_percent(metrics.top2)],
            ["macro-F1", _format_percent(metrics.macro_f1)],
            ["agreement of the two annotators", _format_percent(metrics.annotators)],
            ["calibration error (ECE)", f"{metrics.ece:.3f}"],
            ["gate AUROC", "-" if metrics.gate_auroc is None else f"{metrics.gate_auroc:.4f}"],
            ["outfits rejected", _format_percent(metrics.false_rejects)],
            ["photos without an outfit accepted", _format_percent(metrics.false_accepts)],
        ],
    )
    lines += ["", "## By style", ""]
    lines += _table(
        ["style", "photos", "precision", "recall", "F1"],
        [
            [style, str(int(row["photos"])), *(_format_percent(row[key]) for key in ("precision", "recall", "f1"))]
            for style, row in metrics.per_style.items()
        ],
    )
    lines += ["", "## By source", ""]
    lines += _table(
        ["source", "photos", "top-1", "either"],
        [
            [source, str(int(row["photos"])), _format_percent(row["top1"]), _format_percent(row["either"])]
            for source, row in metrics.per_source.items()
        ],
    )
    lines += ["", "## By band", ""]
    lines += _table(
        ["band", "share of outfits", "accuracy"],
        [[band, _format_percent(row["share"]), _format_percent(row["right"])] for band, row in metrics.bands.items()],
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


def _draw_confusion(evaluation: Evaluation, path: Path) -> None:
    counts = evaluation.confusion
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


def _draw_reliability(evaluation: Evaluation, path: Path) -> None:
    confidence = evaluation.probabilities.max(axis=1)
    right = evaluation.probabilities.argmax(axis=1) == evaluation.labels
    bin_index = np.minimum((confidence * 10).astype(int), 9)
    figure, (top, bottom) = plt.subplots(2, figsize=(5, 6), height_ratios=(3, 1), sharex=True, layout="constrained")
    top.plot([0, 1], [0, 1], color="gray", linewidth=1, linestyle="--")
    bins = [b for b in range(10) if np.any(bin_index == b)]
    top.plot(
        [confidence[bin_index == b].mean() for b in bins],
        [right[bin_index == b].mean() for b in bins],
        marker="o",
        color="#7b2d8b",
    )
    top.set_ylabel("accuracy")
    top.set_title(f"ECE {evaluation.metrics.ece:.3f}")
    bottom.bar([(b + 0.5) / 10 for b in bins], [int(np.sum(bin_index == b)) for b in bins], width=0.09, color="#7b2d8b")
    bottom.set_ylabel("photos")
    bottom.set_xlabel("confidence")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _draw_mistakes(evaluation: Evaluation, examples: Sequence[Example], path: Path) -> None:
    predicted = evaluation.probabilities.argmax(axis=1)
    wrong = [
        row
        for row in np.argsort(-evaluation.probabilities.max(axis=1))
        if STYLES[predicted[row]] not in examples[evaluation.rows[row]].label.acceptable
    ][:MISTAKE_COUNT]
    down = max(1, -(-len(wrong) // TILES_PER_ROW))
    sheet = Image.new("RGB", (TILES_PER_ROW * TILE, down * (TILE + CAPTION)), "white")
    pen = ImageDraw.Draw(sheet)
    for tile, row in enumerate(wrong):
        left, top = tile % TILES_PER_ROW * TILE, tile // TILES_PER_ROW * (TILE + CAPTION)
        photo = examples[evaluation.rows[row]].open()
        photo.thumbnail((TILE, TILE))
        sheet.paste(photo, (left, top))
        pen.text(
            (left + 2, top + TILE),
            f"Eva: {STYLES[predicted[row]]} {evaluation.probabilities[row].max():.0%}",
            fill="black",
        )
        pen.text((left + 2, top + TILE + 15), f"annotator: {STYLES[evaluation.labels[row]]}", fill="black")
    sheet.save(path, quality=85)
