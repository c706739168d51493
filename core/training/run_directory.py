"""The folder of a run: the configuration that it belongs to, its log, and its results."""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import CheckpointMismatchError
from core.training.atomic_files import write_text

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

CONFIG_FILE, LOG_FILE = "recipe.json", "log.jsonl"
TUNED_FILE, CONVOLUTIONS_FILE = "tuned.npz", "convolutions.npz"
"""Results of `eva finetune`: the network at the end of the way, and the convolutions that went a share of it."""


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
