"""Several fine-tuned networks as teachers: the mean of what they predict softens the targets (Hinton et al. 2015)."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from core.errors import DatasetError
from core.training.features import dequantize
from core.training.head_targets import HeadTargets
from core.training.joint_network import build_joint_tail
from core.training.linear_heads import HEADS

BATCH = 32

Predictions = Mapping[str, NDArray[np.float32]]
"""Probabilities of n photos by the head's name, n x outputs."""


def file_digest(path: Path) -> str:
    """Name the content of a file by twelve digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def predict_by_teachers(
    teachers: Sequence[Path],
    *,
    weights: Mapping[str, NDArray[np.float32]],
    codes: NDArray[np.uint8],
    scale: NDArray[np.float32],
    run_dir: Path,
) -> Predictions:
    """Average what several networks predict; each one's predictions are stored, so a second call reads them.

    Args:
        teachers: `tuned.npz` of runs of `eva finetune` on the same blocks 1 to 3.
        weights: of the convolutions that a teacher's file lacks.
        codes: n x rows x columns x channels, quantized maps after block 3.
        scale: channels.
        run_dir: directory of the stored predictions.

    Raises:
        DatasetError: a file is no result of `eva finetune`.
    """
    found = []
    for teacher in teachers:
        path = run_dir / f"teacher-{file_digest(teacher)}.npz"
        if not path.exists():
            own = dict(np.load(teacher))
            if missing := [head.name for head in HEADS if f"{head.name}/kernel" not in own]:
                raise DatasetError(f"{teacher.name} has no heads {', '.join(missing)}")
            partial = path.with_suffix(".partial.npz")
            np.savez(partial, allow_pickle=False, **_predict({**weights, **own}, codes, scale))
            partial.replace(path)
        found.append(dict(np.load(path)))
    return {head.name: np.mean([one[head.name] for one in found], axis=0, dtype=np.float32) for head in HEADS}


def blend_with_teachers(targets: HeadTargets, predictions: Predictions, share: float) -> HeadTargets:
    """Replace a share of every target by the teachers' prediction; photos without a label keep their weight of 0."""
    gate = predictions["outfit"][:, 0]
    mixed = {
        name: ((1 - share) * getattr(targets, name) + share * (gate if name == "outfit" else predictions[name]))
        for name in (field.name for field in fields(HeadTargets))
        if name in predictions
    }
    return replace(targets, **{name: value.astype(np.float32) for name, value in mixed.items()})


def _predict(
    weights: Mapping[str, NDArray[np.float32]], codes: NDArray[np.uint8], scale: NDArray[np.float32]
) -> dict[str, NDArray[np.float32]]:
    rows, columns, channels = codes.shape[1:]
    tail: keras.Model = build_joint_tail(weights, (rows, columns, channels))
    parts = [
        {name: np.asarray(value) for name, value in tail(dequantize(codes[start : start + BATCH], scale)).items()}
        for start in range(0, len(codes), BATCH)
    ]
    logits = {head.name: np.concatenate([part[head.name] for part in parts]) for head in HEADS}
    return {name: softmax(value, axis=1) if name == "style" else expit(value) for name, value in logits.items()}
