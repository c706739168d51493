"""Extraction of features: the frozen part of the network runs once per photo, and training repeats only the rest.

The frozen part runs in the int8 kernels of the serving model: several times faster than Keras on a CPU, and the trained
part sees the same quantization error as in production. Maps are stored as one byte per value: 255 times the square root
of the value over the channel's maximum. The root gives more codes to small values, where activations after a ReLU are
dense.
"""

import json
import multiprocessing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from core.training.augmentation import augment
from core.training.dataset import Example
from core.vision.classifier import fit_to_input
from core.vision.model_card import Preprocessing

CALIBRATION_PHOTOS = 96
HEADROOM = 1.3
"""Largest stored value, relative to the largest one in calibration."""
CHUNK_SIZE = 16
POOLED_FILE = "pooled"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureStore:
    """The stored features of one list of photos, preprocessed in one way."""

    folder: Path

    def pooled(self) -> NDArray[np.float32]:
        """photos x channels: the means over positions of every stored map."""
        pooled: NDArray[np.float32] = np.load(self.folder / f"{POOLED_FILE}.npy")
        return pooled

    def maps(self, name: str) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """The quantized maps after layer `name`, photos x rows x columns x channels (memory-mapped), and their
        scale."""
        return np.load(self.folder / f"{name}.npy", mmap_mode="r"), np.load(self.folder / f"{name}.scale.npy")

    @property
    def done(self) -> bool:
        """Whether the features of every photo are stored."""
        return (self.folder / "done.json").exists()


def dequantize(codes: NDArray[np.uint8], scale: NDArray[np.float32]) -> NDArray[np.float32]:
    """Restore the values of quantized maps."""
    root = codes.astype(np.float32) * np.float32(1 / 255)
    values: NDArray[np.float32] = root * root * scale
    return values


def extract_features(
    examples: Sequence[Example],
    *,
    base: Path,
    folder: Path,
    shape: Preprocessing,
    seed: int | None,
    processes: int,
    advance: Callable[[int], None],
) -> FeatureStore:
    """Run the frozen base over photos in parallel; an interrupted extraction starts again.

    Args:
        examples: the photos, in the order of the result.
        base: a LiteRT model whose outputs are the maps after the cuts, by name, and `pooled`.
        folder: output directory; a complete one is used as it is.
        shape: the preprocessing.
        seed: of the augmentation; None for no augmentation.
        processes: number of worker processes.
        advance: called with the number of photos finished since the last call.
    """
    store = FeatureStore(folder=folder)
    if store.done:
        advance(len(examples))
        return store
    folder.mkdir(parents=True, exist_ok=True)
    runner = _Runner(base)
    calibration = [
        runner(fit_to_input(example.open(), shape).pixels)
        for example in examples[:: -(-len(examples) // CALIBRATION_PHOTOS)]
    ]
    for name, sample in calibration[0].items():
        array = np.lib.format.open_memmap(
            folder / f"{name}.npy",
            mode="w+",
            dtype=np.float32 if name == POOLED_FILE else np.uint8,
            shape=(len(examples), *sample.shape),
        )
        del array
        if name != POOLED_FILE:
            largest = np.max([outputs[name].max(axis=(0, 1)) for outputs in calibration], axis=0)
            np.save(folder / f"{name}.scale.npy", np.maximum(largest * HEADROOM, 1e-3).astype(np.float32))
    chunks = [range(start, min(start + CHUNK_SIZE, len(examples))) for start in range(0, len(examples), CHUNK_SIZE)]
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes, _initialize_worker, (list(examples), base, folder, shape, seed)) as pool:
        for count in pool.imap_unordered(_extract_chunk, chunks):
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


def _initialize_worker(
    examples: list[Example], base: Path, folder: Path, shape: Preprocessing, seed: int | None
) -> None:
    """Initialize one worker process."""
    runner = _Runner(base)
    names = [path.name.removesuffix(".npy") for path in folder.glob("*.npy") if not path.name.endswith(".scale.npy")]
    _job.update(
        examples=examples,
        runner=runner,
        shape=shape,
        seed=seed,
        arrays={name: np.load(folder / f"{name}.npy", mmap_mode="r+") for name in names},
        scale={name: np.load(folder / f"{name}.scale.npy") for name in names if name != POOLED_FILE},
    )


def _extract_chunk(chunk: range) -> int:
    for row in chunk:
        image = _job["examples"][row].open()
        if _job["seed"] is not None:
            image = augment(image, np.random.default_rng((_job["seed"], row)))
        for name, value in _job["runner"](fit_to_input(image, _job["shape"]).pixels).items():
            if name == POOLED_FILE:
                _job["arrays"][name][row] = value
            else:
                coded = np.sqrt(np.maximum(value, 0) / _job["scale"][name]) * 255 + 0.5
                _job["arrays"][name][row] = np.minimum(coded, 255).astype(np.uint8)
    return len(chunk)
