"""A second head on other people's classes: how far Eva's features carry on photos labelled by someone else."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Transfer", "pooled_features", "second_head"]

FOLDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Five-fold cross-validated figures of a second head."""

    photos: int
    classes: tuple[str, ...]
    top1: float
    macro_f1: float
    most_common: float
    """What always naming the most common class would reach."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def pooled_features(
    trained: keras.Model, pictures: Sequence[NDArray[np.uint8]], batch: int = 16
) -> NDArray[np.float32]:
    """n x 512: the trained network's pooled features of framed pictures."""
    body = keras.Model(trained.input, trained.get_layer("pool").output)
    parts = [
        body(np.stack(pictures[start : start + batch]).astype(np.float32)).numpy()
        for start in range(0, len(pictures), batch)
    ]
    return np.concatenate(parts)


def second_head(
    features: NDArray[np.float32], labels: Sequence[str], *, strength: float = 0.01, seed: int = 7
) -> Transfer:
    """Cross-validate a logistic regression on roots of pooled features, n x channels."""
    names = np.array(labels)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=500))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    said = cross_val_predict(model, np.sqrt(np.maximum(features, 0)), names, cv=folds)
    classes, counts = np.unique(names, return_counts=True)
    return Transfer(
        photos=len(names),
        classes=tuple(classes.tolist()),
        top1=float(accuracy_score(names, said)),
        macro_f1=float(f1_score(names, said, average="macro")),
        most_common=float(counts.max() / counts.sum()),
    )
