"""A cross-fitted teacher: soft labels for the training photos from models that have not seen them.

Each photo's label is predicted by a logistic regression on frozen features fitted on the other folds. It knows what
photos like this one are usually called, so that a label which was a guess, or a slip, weighs less (distillation:
Hinton et al. 2015; confident learning: Northcutt et al. 2021). Photos are never relabelled; targets are only mixed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from core.styles import STYLES
from core.training.dataset import Example

REGULARIZATION_C = 0.003
"""Inverse regularisation of the logistic regression; chosen on validation among 0.001, 0.003, 0.01, 0.03."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TeacherTargets:
    """What the teacher says."""

    probabilities: NDArray[np.float32]
    """n x 8; uniform where there is no outfit."""
    is_doubtful: NDArray[np.bool_]
    """n; labels to which the teacher gives under 5 %, while it gives another style over 60 %."""


def cross_validated_predictions(
    features: NDArray[np.float32], examples: Sequence[Example], *, folds: int, seed: int
) -> TeacherTargets:
    """Predict each outfit's style from the folds that it is not in.

    Args:
        features: n x channels, non-negative (pooled activations); their roots are used.
        examples: the photos in the same order.
        folds: how many parts.
        seed: of the division.
    """
    rows = np.array([row for row, example in enumerate(examples) if example.is_outfit])
    labels = np.array([style.position for example in examples if (style := example.label.style) is not None])
    roots = np.sqrt(np.maximum(features[rows], 0))
    probabilities = np.full((len(examples), len(STYLES)), 1 / len(STYLES), np.float32)
    for learn, answer in StratifiedKFold(folds, shuffle=True, random_state=seed).split(roots, labels):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=REGULARIZATION_C, max_iter=400))
        model.fit(roots[learn], labels[learn])
        probabilities[rows[answer]] = 0
        probabilities[np.ix_(rows[answer], model.classes_)] = model.predict_proba(roots[answer])
    doubtful = np.zeros(len(examples), bool)
    doubtful[rows] = (probabilities[rows, labels] < 0.05) & (probabilities[rows].max(axis=1) > 0.6)
    return TeacherTargets(probabilities=probabilities, is_doubtful=doubtful)
