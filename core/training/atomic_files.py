"""Files that are complete or not there, whenever a run is killed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


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
