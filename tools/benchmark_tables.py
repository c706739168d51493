"""Tables of measured figures in `README.md` and `docs/scaling.md`, from `benchmarks/results`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[1] / "benchmarks" / "results"
COSTS = (
    ("chat", "bare forward pass, processor time"),
    ("chat", "photo in chat, processor time"),
    ("chat", "photos answered a second"),
    ("scaling", "photos a second, workers: 1"),
    ("scaling", "photos a second, workers: 2"),
    ("pages", "leaderboard, rendered, processor time"),
    ("pages", "look, rendered, processor time"),
    ("pages", "person, rendered, processor time"),
    ("pages", "cached leaderboard, pages a second"),
    ("pages", "20 pausing readers, p99 at 10,000 looks"),
    ("pages", "20 pausing readers, p99 at 1,000,000 looks"),
    ("pages", "p99, large over small"),
)
"""Result files and figures that `docs/scaling.md` shows."""
LABELS = {
    "photos answered a second": "photos, one worker and all other parts on two processors",
    "photos a second, workers: 1": "the same without the model (scripted engine)",
    "photos a second, workers: 2": "the same with two workers",
}
"""Other names of these figures in the table."""
WORKERS = (1, 2, 4)


def performance_table() -> list[str]:
    """The README's table: the headline figures with their targets."""
    return ["| on two cores | measured | target | |", "|---|---|---|---|", *_performance_rows()]


def cost_table() -> list[str]:
    """What photos and pages cost."""
    return ["| what | measured | by | |", "|---|---|---|---|", *_cost_rows()]


def worker_table() -> list[str]:
    """Photos a second by the number of workers, measured and simulated."""
    return [
        "| workers | measured, a second | relative to one | simulated | relative | too fast by | processors in use |",
        "|---|---|---|---|---|---|---|",
        *_worker_rows(),
    ]


def _performance_rows() -> Iterator[str]:
    for file in ("speed", "chat", "pages"):
        for figure in _figures(file).values():
            if figure["headline"]:
                target, unit = figure["target"], figure["unit"]
                side = "at most" if figure["at_most"] else "at least"
                bound = "" if target is None else f"{side} {target:g} {unit}"
                met = {None: "", True: "met", False: "**missed**"}[figure["met"]]
                yield f"| {figure['name']} | {figure['value']:.3g} {unit} | {bound} | {met} |"


def _cost_rows() -> Iterator[str]:
    for file, name in COSTS:
        figure = _figures(file)[name]
        value = f"{figure['value']:.0f}" if figure["value"] >= 100 else f"{figure['value']:.3g}"
        yield f"| {LABELS.get(name, name)} | {value} {figure['unit']} | `make bench-{file}` | {figure['note']} |"


def _worker_rows() -> Iterator[str]:
    values = {name: figure["value"] for name, figure in _figures("scaling").items()}
    measured = [values[f"photos a second, workers: {workers}"] for workers in WORKERS]
    simulated = [values[f"the same, simulated, workers: {workers}"] for workers in WORKERS]
    for workers, run, model in zip(WORKERS, measured, simulated, strict=True):
        cells = (
            f"{run:.1f}",
            f"{run / measured[0]:.3g}",
            f"{model:.1f}",
            f"{model / simulated[0]:.3g}",
            f"{values[f'the simulation misses the run by, workers: {workers}']:.0f} %",
            f"{values[f'processors in use, workers: {workers}']:.2f}",
        )
        yield f"| {workers} | {' | '.join(cells)} |"


def _figures(file: str) -> dict[str, dict[str, Any]]:
    """The figures of a result file, by name."""
    figures = json.loads((RESULTS / f"{file}.json").read_text("utf-8"))["figures"]
    return {figure["name"]: figure for figure in figures}
