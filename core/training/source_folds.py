"""Whole sources held out of training in turn, to choose by photos whose source the network has not seen.

Only sources that came after the shipped network are held out, because training starts from that network.
"""

import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from core.errors import DatasetError
from core.training.config import load_finetune_config
from core.training.photo_table import PhotoTable
from core.vision.model_card import ModelCard

FOLDS = 2
SEEN_BY_SHIPPED = frozenset(
    {
        "ccp",
        "fpedia",
        "fpedib",
        "shadi",
        "aesth",
        "lpon",
        "dcode",
        "shtnpd",
        "world",
        "bangla",
        "myntra",
        "dfdeep",
        "fredin",
        "sunrin",
        "imagenet_sample",
    }
)
"""Sources in the training data of `vgg16-45eaa781`."""
NEVER_HELD_OUT = frozenset({"dfjul"})
"""A tenth of all training photos."""
ASSIGNED = {
    **dict.fromkeys(("dfwang", "vikram", "mdem", "jux"), 0),
    **dict.fromkeys(("dflily", "yas", "harry", "vcloset", "thom"), 1),
}
"""Larger sources; the small ones are divided by a checksum of their names."""

console = Console(stderr=True)


def held_out(source: NDArray[np.str_], fold: int) -> NDArray[np.bool_]:
    """Mark the photos whose sources are held out in a fold."""
    return np.array([_fold(str(name)) == fold for name in source], bool)


def find_used_photos(table: PhotoTable, rows: NDArray[np.int64], without_fold: int | None) -> NDArray[np.bool_]:
    """Mark those of `rows` that are not of the sources of a fold that is left out."""
    return np.ones(len(rows), bool) if without_fold is None else ~held_out(table.source[rows], without_fold)


def check_fold(run_dir: Path, without_fold: int | None) -> None:
    """Check that a run of `eva finetune` left out the same fold.

    Raises:
        DatasetError: it left out another one, or none, so that figures of unseen sources would be wrong.
    """
    left_out = load_finetune_config(run_dir).without_fold
    if left_out != without_fold:
        names = ["no fold" if fold is None else f"fold {fold}" for fold in (left_out, without_fold)]
        raise DatasetError(f"{run_dir.name} left out {names[0]} of the sources, but this run leaves out {names[1]}")


def warn_of_seen_sources(card: ModelCard, without_fold: int | None) -> None:
    """Say that the network a run starts from may have seen the sources that are left out."""
    if without_fold is not None and "heads" in card.training:
        console.print(f"{card.version} may have been trained on the sources that are left out now")


def _fold(source: str) -> int:
    if source in SEEN_BY_SHIPPED or source in NEVER_HELD_OUT:
        return -1
    return ASSIGNED.get(source, zlib.crc32(source.encode()) % FOLDS)
