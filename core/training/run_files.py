"""The files of a run, which are complete or not there whenever it is killed: configuration, log, arrays and results."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from core.errors import CheckpointMismatchError, DatasetError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

CONFIG_FILE, LOG_FILE = "recipe.json", "log.jsonl"
TUNED_FILE, CONVOLUTIONS_FILE = "tuned.npz", "convolutions.npz"
"""Results of `eva finetune`: the network at the end of the way, and the convolutions that went a share of it."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path in the same directory, with the same suffix, whose file takes the place of `path` when the block ends."""
    partial = path.with_name(f"partial-{path.name}")
    yield partial
    partial.replace(path)


def write_text(path: Path, text: str) -> None:
    """Replace a file by this text, UTF-8."""
    with replacing(path) as partial:
        partial.write_text(text, "utf-8")


def save_arrays(path: Path, arrays: Mapping[str, NDArray[np.generic]]) -> None:
    """Replace an .npz file by these arrays."""
    with replacing(path) as partial:
        np.savez(partial, allow_pickle=False, **arrays)


def load_arrays(path: Path) -> dict[str, NDArray[np.float32]]:
    """Read all arrays of an .npz file.

    Raises:
        DatasetError: it is missing, or no complete .npz file.
    """
    try:
        with np.load(path) as stored:
            return {name: stored[name] for name in stored.files}
    except FileNotFoundError as error:
        raise DatasetError(f"{path.name} is missing") from error
    except (AttributeError, BadZipFile, EOFError, OSError, TypeError, ValueError) as error:
        raise DatasetError(f"{path.name} is no complete .npz file") from error


def claim_run_directory(run_dir: Path, config: "DataclassInstance") -> None:
    """Write the configuration of a run into its directory.

    Raises:
        CheckpointMismatchError: the directory holds a run with another configuration.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    path, text = run_dir / CONFIG_FILE, json.dumps(asdict(config), indent=2)
    if path.exists() and path.read_text("utf-8") != text:
        raise CheckpointMismatchError(run_dir.name)
    write_text(path, text)


def append_log(run_dir: Path, place: Mapping[str, str | int], metrics: Mapping[str, Any]) -> None:
    """Append a line to the log: the time, where in the run it is, and rounded figures."""
    rounded = {name: round(float(value), 5) for name, value in metrics.items()}
    with (run_dir / LOG_FILE).open("a", encoding="utf-8") as log:
        log.write(json.dumps({"time": round(time.time()), **place, **rounded}) + "\n")
