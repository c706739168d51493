"""Teachers: models whose predictions soften the targets of training photos.

Each photo's label is predicted by a logistic regression on frozen features, fitted on the other folds. Mixing its
probabilities into the targets lowers the weight of guessed or wrong labels (distillation: Hinton et al. 2015; confident
learning: Northcutt et al. 2021). Several fine-tuned networks teach with the mean of what they predict. Labels
themselves are never changed.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from core.errors import DatasetError
from core.styles import STYLES
from core.training.feature_sets import CLEAN, extract_tail_features
from core.training.linear_heads import HEADS, apply_heads
from core.training.run_files import load_arrays
from core.training.targets import Targets

REGULARIZATION_C = 0.003
"""Inverse regularization strength of the logistic regression; chosen on validation among 0.001, 0.003, 0.01, 0.03."""
Predictions = Mapping[str, NDArray[np.float32]]
"""Probabilities of n photos by the head's name, n x outputs; of the gate, n."""


def cross_validated_predictions(
    features: NDArray[np.float32], labels: NDArray[np.int64], *, folds: int, seed: int
) -> NDArray[np.float32]:
    """Predict the style of every photo with an outfit by a model that was not fitted on it.

    Args:
        features: n x channels, non-negative (pooled activations); their square roots are used.
        labels: n, position of the style; negative without an outfit.
        folds: number of folds.
        seed: of the partition.

    Returns:
        Probabilities, n x 8; uniform for photos without an outfit.
    """
    rows = np.flatnonzero(labels >= 0)
    named, roots = labels[rows], np.sqrt(np.maximum(features[rows], 0))
    probabilities = np.full((len(labels), len(STYLES)), 1 / len(STYLES), np.float32)
    for learn, answer in StratifiedKFold(folds, shuffle=True, random_state=seed).split(roots, named):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=REGULARIZATION_C, max_iter=400))
        model.fit(roots[learn], named[learn])
        probabilities[rows[answer]] = 0
        probabilities[np.ix_(rows[answer], model.classes_)] = model.predict_proba(roots[answer])
    return probabilities


def find_doubtful(predicted: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """The rows of labels that are predicted with under 5 %, and another style with over 60 %."""
    rows = np.flatnonzero(labels >= 0)
    return np.asarray(rows[(predicted[rows, labels[rows]] < 0.05) & (predicted[rows].max(axis=1) > 0.6)])


def file_digest(path: Path) -> str:
    """Name the content of a file by twelve digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def read_tuned(path: Path) -> dict[str, NDArray[np.float32]]:
    """Read the `tuned.npz` of a run.

    Raises:
        DatasetError: it is no result of `eva finetune`.
    """
    found = load_arrays(path)
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
    return {
        head.name: np.mean([predictions[head.name] for predictions in found], axis=0, dtype=np.float32)
        for head in HEADS
    }


def blend_with_teachers(targets: Targets, predictions: Predictions, share: float) -> Targets:
    """Replace a share of every target by the teachers' prediction; photos without a label keep their weight of 0."""
    mixed = {
        name: (1 - share) * getattr(targets, name) + share * predictions[name]
        for name in (field.name for field in fields(Targets))
        if name in predictions
    }
    return replace(targets, **{name: value.astype(np.float32) for name, value in mixed.items()})
