"""Files that are complete or not there, whenever a run is killed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from core.errors import DatasetError


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
