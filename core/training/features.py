"""Extraction of features: the frozen part of the network runs once per photo, and training repeats only the rest.

The frozen part runs in the int8 kernels of the serving model: several times faster than Keras on a CPU, and the trained
part sees the same quantization error as in production. Maps are stored as one byte per value: 255 times the square root
of the value over the channel's maximum. The root gives more codes to small values, where activations after a ReLU are
dense.
"""

import json
import multiprocessing
import shutil
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from core.errors import CheckpointMismatchError, DiskSpaceError, WorkerEndedError
from core.training.augmentation import augment
from core.training.data_files import open_photo
from core.training.run_files import replacing, write_text
from core.vision.classifier import fit_to_input
from core.vision.model_card import Preprocessing

CALIBRATION_PHOTOS = 96
HEADROOM = 1.3
"""Largest stored value, relative to the largest one in calibration."""
CHUNK_SIZE = 16
POOLED_FILE, PLAN_FILE, FINISHED_FILE = "pooled", "plan.json", "finished.npy"


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
        return (self.folder / FINISHED_FILE).exists() and bool(np.load(self.folder / FINISHED_FILE).all())


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoReader:
    """Decoded and preprocessed photos."""

    photos: Sequence[Path]
    shape: Preprocessing
    seed: int | None
    """Of the augmentation; None for no augmentation."""

    def __len__(self) -> int:
        return len(self.photos)

    def read(self, row: int, *, is_augmented: bool = True) -> NDArray[np.float32]:
        """The pixels of one photo, augmented if there is a seed."""
        image = open_photo(self.photos[row])
        if self.seed is not None and is_augmented:
            image = augment(image, np.random.default_rng((self.seed, row)))
        return fit_to_input(image, self.shape).pixels.astype(np.float32)

    def describe(self) -> str:
        """The names of the photos, the preprocessing and the seed."""
        return json.dumps([[photo.name for photo in self.photos], self.shape.to_dict(), self.seed])

    def names_digest(self) -> str:
        """Digest of the photos' names."""
        return digest_names(self.photos)


@dataclass(frozen=True, slots=True, kw_only=True)
class MapReader:
    """Stored maps, for the rest of the network."""

    folder: Path
    name: str
    """The layer."""

    def __len__(self) -> int:
        return len(np.load(self.folder / f"{self.name}.npy", mmap_mode="r"))

    def read(self, row: int, *, is_augmented: bool = True) -> NDArray[np.float32]:
        """The maps of one photo, always as they are."""
        codes, scale = FeatureStore(folder=self.folder).maps(self.name)
        return dequantize(codes[row], scale)

    def describe(self) -> str:
        """What the maps were made from."""
        return (self.folder / PLAN_FILE).read_text("utf-8")

    def names_digest(self) -> str:
        """Digest of the names of the photos that the maps were made from; empty if it was not stored."""
        return str(json.loads(self.describe()).get("names", ""))


Reader = PhotoReader | MapReader
"""The inputs of the base, one for each photo. Features are resumed only if `describe` says the same."""


def digest_names(photos: Iterable[Path]) -> str:
    """Digest of the names of photos in this order: features are paired with labels by position."""
    return sha256(json.dumps([photo.name for photo in photos]).encode()).hexdigest()


def dequantize(codes: NDArray[np.uint8], scale: NDArray[np.float32]) -> NDArray[np.float32]:
    """Restore the values of quantized maps."""
    root = codes.astype(np.float32) * np.float32(1 / 255)
    values: NDArray[np.float32] = root * root * scale
    return values


def extract_features(
    reader: Reader, *, base: Path, folder: Path, processes: int, advance: Callable[[int], None]
) -> FeatureStore:
    """Run the frozen base over all photos in parallel; an interrupted extraction continues with what is missing.

    Args:
        reader: the photos, in the order of the result.
        base: a LiteRT model whose outputs are the maps after the cuts, by name, and `pooled`.
        folder: output directory; a complete one is used as it is.
        processes: number of worker processes.
        advance: called with the number of photos finished since the last call.

    Raises:
        CheckpointMismatchError: `folder` holds features of other photos or of another base.
        DatasetError: a photo cannot be read.
        DiskSpaceError: the features need more space than there is.
        WorkerEndedError: a process was killed, most often for its memory.
    """
    store = FeatureStore(folder=folder)
    folder.mkdir(parents=True, exist_ok=True)
    chunks = [range(start, min(start + CHUNK_SIZE, len(reader))) for start in range(0, len(reader), CHUNK_SIZE)]
    plan = json.dumps(
        {
            "base": sha256(base.read_bytes()).hexdigest(),
            "photos": sha256(reader.describe().encode()).hexdigest(),
            "names": reader.names_digest(),
        }
    )
    if not (folder / FINISHED_FILE).exists():
        _create_files(reader, base, folder)
        write_text(folder / PLAN_FILE, plan)
        with replacing(folder / FINISHED_FILE) as partial:
            np.save(partial, np.zeros(len(chunks), bool))
    elif (folder / PLAN_FILE).read_text("utf-8") != plan:
        raise CheckpointMismatchError(folder.name)
    finished = np.load(folder / FINISHED_FILE, mmap_mode="r+")
    advance(sum(len(chunk) for chunk, is_finished in zip(chunks, finished, strict=True) if is_finished))
    missing = [(int(number), chunks[number]) for number in np.flatnonzero(~finished)]
    if missing:
        context = multiprocessing.get_context("spawn")
        # Unlike a pool of `multiprocessing`, it does not wait forever for a process that was killed.
        pool = ProcessPoolExecutor(processes, context, _initialize_worker, (reader, base, folder))
        try:
            for future in as_completed([pool.submit(_extract_chunk, chunk) for chunk in missing]):
                number, count = future.result()
                finished[number] = True
                advance(count)
        except BrokenProcessPool as error:
            raise WorkerEndedError(folder.name) from error
        finally:
            pool.shutdown(cancel_futures=True)
    return store


def check_space(folder: Path, size: int) -> None:
    """Check that a file system has so many bytes left: a mapped file on a full one ends its process without a word.

    Raises:
        DiskSpaceError: it has not.
    """
    free = shutil.disk_usage(folder).free
    if free < size:
        raise DiskSpaceError(f"{size / 1e9:.1f} GB are needed in {folder}, {free / 1e9:.1f} GB are free")


def _create_files(reader: Reader, base: Path, folder: Path) -> None:
    """Create empty arrays, and choose the scale of the maps on a sample."""
    runner = _Runner(base)
    rows = range(0, len(reader), -(-len(reader) // CALIBRATION_PHOTOS))
    calibration = [runner(reader.read(row, is_augmented=False)) for row in rows]
    values = sum(sample.size * (4 if name == POOLED_FILE else 1) for name, sample in calibration[0].items())
    check_space(folder, values * len(reader))
    for name, sample in calibration[0].items():
        array = np.lib.format.open_memmap(
            folder / f"{name}.npy",
            mode="w+",
            dtype=np.float32 if name == POOLED_FILE else np.uint8,
            shape=(len(reader), *sample.shape),
        )
        del array
        if name != POOLED_FILE:
            largest = np.max([outputs[name].max(axis=(0, 1)) for outputs in calibration], axis=0)
            np.save(folder / f"{name}.scale.npy", np.maximum(largest * HEADROOM, 1e-3).astype(np.float32))


class _Runner:
    """One LiteRT interpreter over the frozen base."""

    def __init__(self, base: Path) -> None:
        self._interpreter = Interpreter(model_path=str(base), num_threads=1)
        self._run: Any = self._interpreter.get_signature_runner("serving_default")
        self._input = next(iter(self._run.get_input_details()))

    def __call__(self, values: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        outputs = self._run(**{self._input: values[None]})
        return {name: value[0] for name, value in outputs.items()}


_job: dict[str, Any] = {}


def _initialize_worker(reader: Reader, base: Path, folder: Path) -> None:
    """Initialize one worker process."""
    runner = _Runner(base)
    names = [POOLED_FILE, *(path.name.removesuffix(".scale.npy") for path in folder.glob("*.scale.npy"))]
    _job.update(
        reader=reader,
        runner=runner,
        arrays={name: np.load(folder / f"{name}.npy", mmap_mode="r+") for name in names},
        scale={name: np.load(folder / f"{name}.scale.npy") for name in names if name != POOLED_FILE},
    )


def _extract_chunk(chunk: tuple[int, range]) -> tuple[int, int]:
    number, rows = chunk
    for row in rows:
        for name, value in _job["runner"](_job["reader"].read(row)).items():
            if name == POOLED_FILE:
                _job["arrays"][name][row] = value
            else:
                coded = np.sqrt(np.maximum(value, 0) / _job["scale"][name]) * 255 + 0.5
                _job["arrays"][name][row] = np.minimum(coded, 255).astype(np.uint8)
    return number, len(rows)
