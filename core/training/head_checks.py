"""What `eva heads` checks before it extracts features, which takes most of its time."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import DatasetError
from core.training.head_calibration import outfits_with_attributes
from core.training.head_evaluation import shared_styles
from core.training.photo_table import PhotoTable
from core.training.run_files import CONVOLUTIONS_FILE
from core.training.source_folds import check_fold


def check_output(model_dir: Path, read: Sequence[Path]) -> None:
    """Check that the new model replaces none that is read: a second call would learn from its own result.

    Raises:
        DatasetError: it would.
    """
    if model_dir.resolve() in [folder.resolve() for folder in read]:
        raise DatasetError(f"the new model would replace the one in {model_dir} that it is made from")


def check_tuned(tuned: Path, without_fold: int | None) -> None:
    """Check that a run of `eva finetune` has finished and left out the same fold.

    Raises:
        DatasetError: it has not.
    """
    check_fold(tuned, without_fold)
    if not (tuned / CONVOLUTIONS_FILE).exists():
        raise DatasetError(f"{tuned.name} has no {CONVOLUTIONS_FILE}: eva finetune has not finished")


def check_measured(table: PhotoTable, rows: NDArray[np.int64], name: str) -> None:
    """Check that style, items and colors can be measured on these photos, which `name` names.

    Raises:
        DatasetError: it cannot.
    """
    if not (shared_styles(table, rows) >= 0).any():
        raise DatasetError(f"labels.csv has no photo of {name} with a style that two views share")
    if not outfits_with_attributes(table, rows).size:
        raise DatasetError(f"attributes.csv has no outfit of {name} with items and colors")
