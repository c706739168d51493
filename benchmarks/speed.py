"""Speed and memory of judging one photo as servers do, which decode untrusted files in a child process.

Compared with a bare forward pass, with the rate of the processor, and with a naive class activation map. Everything is
measured in one run, interleaved, and compared by medians, so that other load slows all alike. Run: make bench
"""

import argparse
import io
import os
import platform
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.figures import RESULTS, Figure, print_figures, write_figures
from benchmarks.naive_cam import NaiveCam
from core.i18n.translations import Language
from core.images.decode_pool import DecodePool
from core.images.decoding import decode_photo
from core.services.heatmaps import encode_heatmap_jpeg
from core.services.photo_judging import PHOTO_JPEG_QUALITY
from core.settings import Settings
from core.vision.classifier import StyleClassifier, fit_to_input, load_classifier
from core.vision.model_card import Preprocessing
from core.vision.perceptual_hash import perceptual_hash
from core.vision.verdict import Verdict

FORWARD_GMAC = 20.0
"""Multiply-adds of one photo at 256 x 256 in 10^9."""
MATRIX = 2048
PHONE_SIZE = 1224, 1632
PHONE_QUALITY = 90


def main() -> None:
    """Measure, print, store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40, help="of forward pass and whole path")
    parser.add_argument("--naive-rounds", type=int, default=4, help="of the naive map; 0 leaves it out")
    parser.add_argument("--out", type=Path, default=RESULTS / "speed.json")
    options = parser.parse_args()
    # The peak memory of a child counts from that of its parent at the fork, so this is measured while it is small.
    cold = _cold_start()
    data = phone_jpeg()
    with closing(DecodePool(1)) as pool:
        # Servers start a process before the first photo.
        pool.start()
        figures = [*_ratios(data, pool, options.rounds, options.naive_rounds), *cold]
    print_figures("Judging one photo", figures)
    write_figures(options.out, figures, processor=_processor(), load_before=_LOAD_BEFORE)


def phone_jpeg() -> bytes:
    """A drawn photo with the detail of one from a phone: texture at every scale, sensor noise; about 500 kB.

    The same one each time.
    """
    width, height = PHONE_SIZE
    rng = np.random.default_rng(2020)
    shade = np.zeros((height, width), np.float32)
    for cell, strength in ((400, 40.0), (100, 18.0), (25, 10.0), (6, 7.0), (2, 4.0)):
        shape = (height // cell + 2, width // cell + 2)
        texture = Image.fromarray(rng.normal(size=shape).astype(np.float32))
        shade += strength * np.asarray(texture.resize((width, height), Image.Resampling.BICUBIC))
    scene = Image.new("RGB", (width, height), (168, 160, 150))
    pen = ImageDraw.Draw(scene)
    pen.rectangle((0, 1250, width, height), fill=(96, 92, 88))
    pen.ellipse((530, 150, 690, 350), fill=(204, 164, 140))
    pen.polygon([(430, 380), (790, 380), (860, 860), (360, 860)], fill=(40, 60, 120))
    legs = [(420, 860), (800, 860), (760, 1480), (640, 1480), (610, 950), (580, 1480), (460, 1480)]
    pen.polygon(legs, fill=(70, 70, 76))
    pixels = np.asarray(scene, np.float32) + shade[..., None] + rng.normal(0, 2.5, (height, width, 1))
    buffer = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=PHONE_QUALITY)
    return buffer.getvalue()


def _ratios(data: bytes, pool: DecodePool, rounds: int, naive_rounds: int) -> list[Figure]:
    started = time.perf_counter()
    classifier = load_classifier(Settings())
    loaded = time.perf_counter() - started
    times = _measure_steps(classifier, pool, data, rounds)
    figures = [
        Figure(name="load the model", value=loaded, unit="s", target=0.3),
        *_step_figures(times),
        *_processor_figures(times, classifier.model_card.preprocessing),
    ]
    if naive_rounds:
        figures += _naive_figures(_measure_naive(classifier, pool, data, naive_rounds))
    return figures


def _measure_steps(classifier: StyleClassifier, pool: DecodePool, data: bytes, rounds: int) -> dict[str, list[float]]:
    """The seconds of each step in each round.

    Args:
        classifier: the model.
        pool: decodes the photo.
        data: the photo.
        rounds: of all steps.
    """
    picture = decode_photo(data)
    pixels = fit_to_input(picture, classifier.model_card.preprocessing).pixels
    verdict = classifier.classify(picture)
    left = np.random.default_rng(0).random((MATRIX, MATRIX), np.float32)
    steps: dict[str, Callable[[], object]] = {
        "forward": lambda: classifier.backend.forward(pixels),
        "path": lambda: _judge_photo(classifier, pool, data),
        "decode": lambda: pool.decode_photo(data),
        "decode_here": lambda: decode_photo(data),
        "resize": lambda: fit_to_input(picture, classifier.model_card.preprocessing),
        "heatmap": lambda: _draw_heatmap(picture, verdict),
        "hash": lambda: perceptual_hash(picture),
        "photo": lambda: picture.save(io.BytesIO(), "JPEG", quality=PHOTO_JPEG_QUALITY),
    }
    times = _measure_interleaved(steps, rounds)
    # Apart from the others: the threads of the matrix product keep spinning and would slow the next step.
    return times | _measure_interleaved({"matrix": lambda: left @ left}, rounds)


def _measure_naive(classifier: StyleClassifier, pool: DecodePool, data: bytes, rounds: int) -> dict[str, list[float]]:
    """The seconds of naive maps and of the whole path in each round.

    Args:
        classifier: the model.
        pool: decodes the photo.
        data: the photo.
        rounds: of all three.
    """
    cubic = NaiveCam()
    linear = cubic.with_order(1)
    steps: dict[str, Callable[[], object]] = {
        "path": lambda: _judge_photo(classifier, pool, data),
        "cubic": lambda: cubic(data),
        "linear": lambda: linear(data),
    }
    return _measure_interleaved(steps, rounds)


def _medians(times: Mapping[str, Sequence[float]]) -> dict[str, float]:
    return {name: float(np.median(seconds)) for name, seconds in times.items()}


def _step_figures(times: Mapping[str, Sequence[float]]) -> list[Figure]:
    medians = _medians(times)
    return [
        Figure(name="bare forward pass", value=medians["forward"] * 1e3, unit="ms"),
        Figure(name="whole path: photo bytes to verdict and heatmap JPEG", value=medians["path"] * 1e3, unit="ms"),
        Figure(name="  decoding in a child process", value=medians["decode"] * 1e3, unit="ms"),
        Figure(name="  resizing", value=medians["resize"] * 1e3, unit="ms"),
        Figure(name="  heatmap JPEG", value=medians["heatmap"] * 1e3, unit="ms"),
        Figure(name="decoding in the same process", value=medians["decode_here"] * 1e3, unit="ms"),
        Figure(name="storing only: perceptual hash", value=medians["hash"] * 1e3, unit="ms"),
        Figure(name="storing only: JPEG of the photo", value=medians["photo"] * 1e3, unit="ms"),
        Figure(
            name="whole path over forward pass",
            value=medians["path"] / medians["forward"],
            unit="x",
            target=1.25,
            headline=True,
        ),
    ]


def _processor_figures(times: Mapping[str, Sequence[float]], shape: Preprocessing) -> list[Figure]:
    # The rate of a processor is what it reaches undisturbed.
    rate = MATRIX**3 / 1e9 / min(times["matrix"])
    ceiling = FORWARD_GMAC * shape.width * shape.height / 256**2 / (4 * rate)
    return [
        Figure(name="float32 matrix rate", value=rate, unit="GMAC/s"),
        Figure(
            name="forward pass, share of the int8 ceiling",
            value=100 * ceiling / min(times["forward"]),
            unit="%",
            target=85.0,
            at_most=False,
            note=f"ceiling {ceiling * 1e3:.1f} ms; best round of both",
        ),
    ]


def _naive_figures(times: Mapping[str, Sequence[float]]) -> list[Figure]:
    medians = _medians(times)
    return [
        Figure(name="naive map", value=medians["cubic"] * 1e3, unit="ms", note="cubic interpolation, SciPy's default"),
        Figure(
            name="naive map over whole path",
            value=medians["cubic"] / medians["path"],
            unit="x",
            target=25.0,
            at_most=False,
        ),
        Figure(
            name="naive map with linear interpolation over whole path",
            value=medians["linear"] / medians["path"],
            unit="x",
        ),
    ]


def _judge_photo(classifier: StyleClassifier, pool: DecodePool, data: bytes) -> bytes:
    picture = pool.decode_photo(data)
    return _draw_heatmap(picture, classifier.classify(picture))


def _draw_heatmap(picture: Image.Image, verdict: Verdict) -> bytes:
    """Without tags, which a plain CAM does not have either."""
    return encode_heatmap_jpeg(picture, replace(verdict, attributes=None), Language.EN)


def _measure_interleaved(steps: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each step in each round. Each round has an order of its own; the first round is dropped."""
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


def _cold_start() -> list[Figure]:
    """`eva ask`, each time in a new process; another one makes the photo, which takes more memory than judging it."""
    with tempfile.TemporaryDirectory() as folder:
        photo, heatmap = Path(folder) / "photo.jpg", Path(folder) / "heatmap.jpg"
        make_photo = "import sys; from benchmarks.speed import phone_jpeg; sys.stdout.buffer.write(phone_jpeg())"
        with photo.open("wb") as file:
            subprocess.run([sys.executable, "-c", make_photo], stdout=file, check=True)
        command = [sys.executable, "-m", "eva", "ask", str(photo), "--fast", "--save", str(heatmap)]
        runs = [_run(command) for _ in range(5)]
    seconds, processor, megabytes = (np.array(column) for column in zip(*runs, strict=True))
    return [
        Figure(name="`eva ask` from a cold start", value=float(np.median(seconds)), unit="s", target=1.0),
        Figure(name="`eva ask`, processor time", value=float(np.median(processor)), unit="s"),
        Figure(name="`eva ask`, peak memory", value=float(np.max(megabytes)), unit="MB", target=250.0),
    ]


def _run(command: list[str]) -> tuple[float, float, float]:
    """Run a command; its seconds, processor seconds and peak resident memory in MB.

    Raises:
        RuntimeError: it failed.
    """
    with tempfile.TemporaryFile("w+") as output:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        if process.returncode != 0:
            raise RuntimeError(output.read())
        return seconds, usage.ru_utime + usage.ru_stime, _megabytes(usage)


def _megabytes(usage: resource.struct_rusage) -> float:
    # ru_maxrss is in KiB on Linux and in bytes on macOS.
    return usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e6 / 1024)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


_LOAD_BEFORE = os.getloadavg()[0]

if __name__ == "__main__":
    main()
