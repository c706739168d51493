"""A cross-validated teacher: soft labels for training photos from models that were not trained on them.

Each photo's label is predicted by a logistic regression on frozen features, fitted on the other folds. Mixing its
probabilities into the targets lowers the weight of guessed or wrong labels (distillation: Hinton et al. 2015; confident
learning: Northcutt et al. 2021). Labels themselves are never changed.
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
"""Inverse regularization strength of the logistic regression; chosen on validation among 0.001, 0.003, 0.01, 0.03."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TeacherTargets:
    """The teacher's predictions."""

    probabilities: NDArray[np.float32]
    """n x 8; uniform for photos without an outfit."""
    is_doubtful: NDArray[np.bool_]
    """n; whether the teacher gives the label under 5 %, and another style over 60 %."""


def cross_validated_predictions(
    features: NDArray[np.float32], examples: Sequence[Example], *, folds: int, seed: int
) -> TeacherTargets:
    """Predict each outfit's style by a model that was fitted on the other folds.

    Args:
        features: n x channels, non-negative (pooled activations); their square roots are used.
        examples: the photos in the same order.
        folds: number of folds.
        seed: of the partition.
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
    is_doubtful = np.zeros(len(examples), bool)
    is_doubtful[rows] = (probabilities[rows, labels] < 0.05) & (probabilities[rows].max(axis=1) > 0.6)
    return TeacherTargets(probabilities=probabilities, is_doubtful=is_doubtful)
