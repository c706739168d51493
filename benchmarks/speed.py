"""How fast Eva judges, against the bare forward pass, the machine's own rate, and the old way.

`python -m benchmarks.speed` (or `make bench`) measures everything in one run, in turns, and compares
medians, so that a busy machine slows all alike. It prints a table and keeps the figures in
`results/speed.json`."""

import argparse
import json
import os
import platform
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.naive_cam import NaiveCam
from benchmarks.phone_jpeg import phone_jpeg
from core.images.decoding import decode_photo
from core.settings import Settings
from core.vision.backends import available_cpus
from core.vision.classifier import StyleClassifier, load_classifier
from core.vision.heatmap import encode_heatmap_jpeg
from core.vision.preprocessing import fit_to_input

RESULTS = Path(__file__).parent / "results" / "speed.json"
FORWARD_GMAC = 20.0
"""Multiply-adds of one photo at 256 x 256 in 10^9."""
MATRIX = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedFigure:
    """One measured thing and what it should be."""

    name: str
    value: float | None
    """None where it could not be measured; `note` says why."""
    unit: str
    target: float | None = None
    at_most: bool = True
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without a target or a value."""
        if self.value is None or self.target is None:
            return None
        return self.value <= self.target if self.at_most else self.value >= self.target


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40, help="turns of forward pass and whole path")
    parser.add_argument("--old-rounds", type=int, default=4, help="turns of the old way; 0 leaves it out")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    data = phone_jpeg()
    # A child's peak memory counts from its parent's size at the fork, so this comes before all that is large.
    cold = _cold_start(data)
    figures = [*_ratios(data, options.rounds, options.old_rounds), *cold]
    _print(figures)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(
        json.dumps(
            {
                "when": datetime.now(UTC).isoformat(timespec="seconds"),
                "cores": available_cpus(),
                "processor": _processor(),
                "load_before": _LOAD_BEFORE,
                "figures": [asdict(figure) | {"met": figure.met} for figure in figures],
            },
            indent=2,
        )
        + "\n",
        "utf-8",
    )


def _ratios(data: bytes, rounds: int, naive_rounds: int) -> list[SpeedFigure]:
    started = time.perf_counter()
    classifier = load_classifier(Settings())
    loaded = time.perf_counter() - started
    picture = decode_photo(data)
    pixels = fit_to_input(picture, classifier.model_card.preprocessing).pixels
    verdict = classifier.classify(picture)
    left = np.random.default_rng(0).random((MATRIX, MATRIX), np.float32)
    matrix_gmac = MATRIX**3 / 1e9
    steps: dict[str, Callable[[], object]] = {
        "forward": lambda: classifier.backend.forward(pixels),
        "path": lambda: _judge_photo(classifier, data),
        "decode": lambda: decode_photo(data),
        "frame": lambda: fit_to_input(picture, classifier.model_card.preprocessing),
        "heat": lambda: encode_heatmap_jpeg(picture, verdict.cam),
    }
    times = _measure_interleaved(steps, rounds)
    # Apart from the others: the matrix product's threads spin on for a while and would slow what comes next.
    times |= _measure_interleaved({"matrix": lambda: left @ left}, rounds)
    if naive_rounds:
        old = NaiveCam()
        linear = old.with_order(1)
        both = {"old": lambda: old(data), "linear": lambda: linear(data)}
        times |= _measure_interleaved({"while": steps["path"], **both}, naive_rounds)
    middle = {name: float(np.median(each)) for name, each in times.items()}
    # The rate of a machine is what it reaches undisturbed.
    rate = matrix_gmac / min(times["matrix"])
    shape = classifier.model_card.preprocessing
    ceiling = FORWARD_GMAC * shape.width * shape.height / 256**2 / (4 * rate)
    figures = [
        SpeedFigure(name="load the model", value=loaded, unit="s", target=0.3),
        SpeedFigure(name="bare forward pass", value=middle["forward"] * 1e3, unit="ms"),
        SpeedFigure(name="photo bytes to verdict and heat JPEG", value=middle["path"] * 1e3, unit="ms"),
        SpeedFigure(name="  of it decoding", value=middle["decode"] * 1e3, unit="ms"),
        SpeedFigure(name="  of it framing", value=middle["frame"] * 1e3, unit="ms"),
        SpeedFigure(name="  of it overlay and JPEG", value=middle["heat"] * 1e3, unit="ms"),
        SpeedFigure(
            name="whole path over forward pass",
            value=middle["path"] / middle["forward"],
            unit="x",
            target=1.25,
        ),
        SpeedFigure(name="float32 matrix rate", value=rate, unit="GMAC/s"),
        SpeedFigure(
            name="forward pass, share of the int8 ceiling",
            value=100 * ceiling / min(times["forward"]),
            unit="%",
            target=85.0,
            at_most=False,
            note=f"ceiling {ceiling * 1e3:.1f} ms; best of all turns on both sides",
        ),
    ]
    if naive_rounds:
        figures += [
            SpeedFigure(
                name="the old way", value=middle["old"] * 1e3, unit="ms", note="zoom by scipy's default, cubic"
            ),
            SpeedFigure(
                name="the old way over the whole path",
                value=middle["old"] / middle["while"],
                unit="x",
                target=25.0,
                at_most=False,
            ),
            SpeedFigure(
                name="the old way with a linear zoom over the whole path",
                value=middle["linear"] / middle["while"],
                unit="x",
            ),
        ]
    return figures


def _judge_photo(classifier: StyleClassifier, data: bytes) -> bytes:
    picture = decode_photo(data)
    return encode_heatmap_jpeg(picture, classifier.classify(picture).cam)


def _measure_interleaved(steps: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each step. Every round takes all steps in an order of its own; the first is thrown away."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    order = list(steps)
    shuffle = random.Random(0).shuffle
    for turn in range(rounds + 1):
        shuffle(order)
        for name in order:
            started = time.perf_counter()
            steps[name]()
            if turn:
                times[name].append(time.perf_counter() - started)
    return times


def _cold_start(data: bytes) -> list[SpeedFigure]:
    """`eva ask` on the photo, each time in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        photo, heat = Path(folder) / "photo.jpg", Path(folder) / "heat.jpg"
        photo.write_bytes(data)
        ask = ["ask", str(photo), "--fast", "--save", str(heat)]
        runs = [_run([sys.executable, "-c", "import eva; eva.main()", *ask]) for _ in range(5)]
    failed = [output for code, _, _, output in runs if code != 0]
    seconds: float | None = float(np.median([each for _, each, _, _ in runs]))
    peak: float | None = max(each for _, _, each, _ in runs)
    note = ""
    if failed:
        seconds = peak = None
        note = f"skipped, `eva ask` does not run here: {(failed[0].strip().splitlines() or [''])[-1]}"
    return [
        SpeedFigure(name="`eva ask` from cold", value=seconds, unit="s", target=1.0, note=note),
        SpeedFigure(name="`eva ask` peak memory", value=peak, unit="MB", target=250.0, note=note),
    ]


def _run(command: list[str]) -> tuple[int, float, float, str]:
    """Exit code, seconds, peak resident memory in MB, and what it wrote."""
    with tempfile.TemporaryFile("w+") as output:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        return process.returncode, seconds, _megabytes(usage), output.read()


def _megabytes(usage: resource.struct_rusage) -> float:
    # Linux counts in KiB, macOS in bytes.
    return usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e6 / 1024)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _print(figures: list[SpeedFigure]) -> None:
    table = Table(title="Eva's speed")
    for column in ("", "measured", "target", ""):
        table.add_column(column, justify="left" if not column else "right")
    for figure in figures:
        value = "-" if figure.value is None else f"{figure.value:.3g} {figure.unit}"
        sign = "<=" if figure.at_most else ">="
        target = "" if figure.target is None else f"{sign} {figure.target:g} {figure.unit}"
        verdict = {True: "[green]met[/]", False: "[red]missed[/]", None: ""}[figure.met]
        table.add_row(figure.name, value, target, f"{verdict} {figure.note}".strip())
    Console().print(table)


_LOAD_BEFORE = os.getloadavg()[0]

if __name__ == "__main__":
    main()
