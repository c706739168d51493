"""Several fine-tuned networks as teachers: the mean of what they predict softens the targets (Hinton et al. 2015)."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from core.errors import DatasetError
from core.training.feature_sets import CLEAN, extract_tail_features
from core.training.head_targets import HeadTargets
from core.training.linear_heads import HEADS, apply_heads

Predictions = Mapping[str, NDArray[np.float32]]
"""Probabilities of n photos by the head's name, n x outputs; of the gate, n."""


def file_digest(path: Path) -> str:
    """Name the content of a file by twelve digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def read_tuned(path: Path) -> dict[str, NDArray[np.float32]]:
    """Read the `tuned.npz` of a run.

    Raises:
        DatasetError: it is no result of `eva finetune`.
    """
    found = dict(np.load(path))
    if missing := [head.name for head in HEADS if f"{head.name}/kernel" not in found]:
        raise DatasetError(f"{path.name} has no heads {', '.join(missing)}")
    return found


def predict_by_teachers(
    teachers: Sequence[Path],
    *,
    weights: Mapping[str, NDArray[np.float32]],
    run_dir: Path,
    photos: Iterable[str],
) -> Predictions:
    """Average what several networks predict for the photos as they are; an interrupted call continues.

    Args:
        teachers: `tuned.npz` of runs of `eva finetune` on the same blocks 1 to 3.
        weights: of the convolutions that a teacher's file lacks.
        run_dir: directory of the run with the stored maps, and of what the teachers' convolutions make of them.
        photos: the training photos, in the order of the labels.

    Raises:
        DatasetError: a file is no result of `eva finetune`, or the maps are of other photos.
    """
    names = list(photos)
    found = []
    for teacher in teachers:
        own = read_tuned(teacher)
        folder = run_dir / f"teacher-{file_digest(teacher)}"
        stores = extract_tail_features(folder, run_dir, {**weights, **own}, versions=[CLEAN], photos=names)
        logits = apply_heads(stores[0].pooled(), own)
        found.append(
            {name: softmax(value, axis=1) if name == "style" else expit(value) for name, value in logits.items()}
        )
    return {head.name: np.mean([one[head.name] for one in found], axis=0, dtype=np.float32) for head in HEADS}


def blend_with_teachers(targets: HeadTargets, predictions: Predictions, share: float) -> HeadTargets:
    """Replace a share of every target by the teachers' prediction; photos without a label keep their weight of 0."""
    mixed = {
        name: (1 - share) * getattr(targets, name) + share * predictions[name]
        for name in (field.name for field in fields(HeadTargets))
        if name in predictions
    }
    return replace(targets, **{name: value.astype(np.float32) for name, value in mixed.items()})
