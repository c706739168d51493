"""The recorded results agree with the benchmarks as they are now."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.figures import RESULTS, Figure
from benchmarks.pages import MAX_P99_MS, reader_figures

FILES = sorted(path for path in RESULTS.glob("*.json") if "figures" in json.loads(path.read_text("utf-8")))


def figures_of(path: Path) -> list[dict[str, Any]]:
    figures: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["figures"]
    return figures


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_recorded_verdicts_follow_from_values_and_targets(path: Path) -> None:
    for figure in figures_of(path):
        assert Figure(**{name: value for name, value in figure.items() if name != "met"}).to_json() == figure


def test_errors_of_the_simulation_follow_from_its_rates() -> None:
    values = {figure["name"]: figure["value"] for figure in figures_of(RESULTS / "scaling.json")}
    for workers in (1, 2, 4):
        measured = values[f"photos a second, workers: {workers}"]
        simulated = values[f"the same, simulated, workers: {workers}"]
        error = 100 * abs(simulated / measured - 1)
        assert values[f"the simulation misses the run by, workers: {workers}"] == pytest.approx(error, abs=0.01)


def test_a_disturbed_round_does_not_decide_about_readers() -> None:
    small, large, growth = reader_figures({100: [10.0, 90.0, 11.0], 2000: [12.0, 11.0, 11.0]})
    assert (small.value, large.value) == (11.0, 11.0)
    assert small.target == large.target == MAX_P99_MS
    assert (small.headline, large.headline) == (False, True)
    assert growth.value == 1.0
    assert small.note == "3 rounds: 10.0 to 90.0"
