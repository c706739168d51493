"""The frozen part of the network, run once per photo and kept on disk, so that training repeats only the rest.

The frozen part runs in the same int8 kernels that serve it later: several times faster than Keras on a CPU, and the
trained part learns on exactly the rounding that it will meet. Maps are kept as one byte per value: the square root of
value over the channel's largest, times 255. The root spends the codes where activations behind a ReLU are dense.
"""

from __future__ import annotations

import json
import multiprocessing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from core.training.augment import augment
from core.vision.frame import frame

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from core.training.dataset import Example
    from core.vision.card import Preprocessing

__all__ = ["FeatureStore", "extract"]

CALIBRATION_PHOTOS = 96
HEADROOM = 1.3
"""Largest value kept, over the largest seen in calibration."""
CHUNK = 16
POOLED = "pooled"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureStore:
    """The kept features of one list of photos, each prepared in one way."""

    folder: Path

    def pooled(self) -> NDArray[np.float32]:
        """photos x channels: the means over positions of every kept map."""
        pooled: NDArray[np.float32] = np.load(self.folder / f"{POOLED}.npy")
        return pooled

    def maps(self, name: str) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """The coded maps behind layer `name`, photos x rows x columns x channels (on disk), and their scale."""
        return np.load(self.folder / f"{name}.npy", mmap_mode="r"), np.load(self.folder / f"{name}.scale.npy")

    @property
    def done(self) -> bool:
        """Whether every photo is in it."""
        return (self.folder / "done.json").exists()


def decode(codes: NDArray[np.uint8], scale: NDArray[np.float32]) -> NDArray[np.float32]:
    """Values of coded maps."""
    root = codes.astype(np.float32) * np.float32(1 / 255)
    values: NDArray[np.float32] = root * root * scale
    return values


def extract(
    examples: Sequence[Example],
    *,
    base: Path,
    folder: Path,
    shape: Preprocessing,
    seed: int | None,
    processes: int,
    advance: Callable[[int], None],
) -> FeatureStore:
    """Run the frozen base over photos, in parallel; goes on where an interrupted run stopped only from the start.

    Args:
        examples: the photos, in the order of the result.
        base: a LiteRT model whose outputs are the maps behind the cuts, by name, and `pooled`.
        folder: where the features are kept; a finished folder is used as it is.
        shape: how a picture becomes the network's rectangle.
        seed: of the augmentation; None leaves the photos as they are.
        processes: how many work at once.
        advance: called with the number of photos done since the last call.
    """
    store = FeatureStore(folder=folder)
    if store.done:
        advance(len(examples))
        return store
    folder.mkdir(parents=True, exist_ok=True)
    runner = _Runner(base)
    calibration = [
        runner(frame(example.open(), shape).pixels) for example in examples[:: -(-len(examples) // CALIBRATION_PHOTOS)]
    ]
    for name, sample in calibration[0].items():
        kept = np.lib.format.open_memmap(
            folder / f"{name}.npy",
            mode="w+",
            dtype=np.float32 if name == POOLED else np.uint8,
            shape=(len(examples), *sample.shape),
        )
        del kept
        if name != POOLED:
            largest = np.max([outputs[name].max(axis=(0, 1)) for outputs in calibration], axis=0)
            np.save(folder / f"{name}.scale.npy", np.maximum(largest * HEADROOM, 1e-3).astype(np.float32))
    chunks = [range(start, min(start + CHUNK, len(examples))) for start in range(0, len(examples), CHUNK)]
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes, _begin, (list(examples), base, folder, shape, seed)) as pool:
        for count in pool.imap_unordered(_work, chunks):
            advance(count)
    (folder / "done.json").write_text(json.dumps({"photos": len(examples), "seed": seed}))
    return store


class _Runner:
    """One LiteRT interpreter over the frozen base."""

    def __init__(self, base: Path) -> None:
        self._interpreter = Interpreter(model_path=str(base), num_threads=1)
        self._run: Any = self._interpreter.get_signature_runner("serving_default")
        self._input = next(iter(self._run.get_input_details()))

    def __call__(self, pixels: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        outputs = self._run(**{self._input: pixels[None].astype(np.float32)})
        return {name: value[0] for name, value in outputs.items()}


_job: dict[str, Any] = {}


def _begin(examples: list[Example], base: Path, folder: Path, shape: Preprocessing, seed: int | None) -> None:
    """Set up one worker process."""
    runner = _Runner(base)
    names = [path.name.removesuffix(".npy") for path in folder.glob("*.npy") if not path.name.endswith(".scale.npy")]
    _job.update(
        examples=examples,
        runner=runner,
        shape=shape,
        seed=seed,
        kept={name: np.load(folder / f"{name}.npy", mmap_mode="r+") for name in names},
        scale={name: np.load(folder / f"{name}.scale.npy") for name in names if name != POOLED},
    )


def _work(chunk: range) -> int:
    for row in chunk:
        image = _job["examples"][row].open()
        if _job["seed"] is not None:
            image = augment(image, np.random.default_rng((_job["seed"], row)))
        for name, value in _job["runner"](frame(image, _job["shape"]).pixels).items():
            if name == POOLED:
                _job["kept"][name][row] = value
            else:
                coded = np.sqrt(np.maximum(value, 0) / _job["scale"][name]) * 255 + 0.5
                _job["kept"][name][row] = np.minimum(coded, 255).astype(np.uint8)
    return len(chunk)
