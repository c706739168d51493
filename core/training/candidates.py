"""Candidates side by side, before any fine-tuning: how pictures are framed, pooled, and where features are taken.

Each candidate is a logistic regression on frozen ImageNet features, learnt on a part of `train` and measured on `val`.
It says little about how good a fine-tuned network will be, and much about which choice is the better one.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import keras
import numpy as np
from rich.progress import Progress
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from core.training.convert import to_litert
from core.training.dataset import Example, Split, read_examples
from core.training.features import extract
from core.training.network import ARCHITECTURES, build_base
from core.training.teacher import STRENGTH
from core.vision.card import Fit, Preprocessing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Score", "compare_frozen"]

SHAPES = {
    "letterbox 256x256": Preprocessing(fit=Fit.LETTERBOX),
    "squash 256x256": Preprocessing(fit=Fit.SQUASH),
    "centre crop 256x256": Preprocessing(fit=Fit.COVER),
    "letterbox 320x256": Preprocessing(fit=Fit.LETTERBOX, height=320),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One candidate on the validation photos."""

    shape: str
    features: str
    top1: float
    either: float
    """Style or runner-up of the annotator."""


def compare_frozen(
    *, data: Path, weights: Path | None, out: Path, backbone: str, photos: int, seed: int = 0
) -> list[Score]:
    """Measure every shape with every pooling.

    Args:
        data: folder with labels.csv and photos/.
        weights: ImageNet weights as .npz, or None for keras.applications' download.
        out: where features are kept; what is there is used again.
        backbone: a key of ARCHITECTURES.
        photos: how many training photos to learn from.
        seed: of the choice of these photos.
    """
    train = [one for one in read_examples(data, Split.TRAIN) if one.is_outfit]
    rows = np.sort(np.random.default_rng(seed).permutation(len(train))[:photos])
    examples = [train[row] for row in rows] + [one for one in read_examples(data, Split.VAL) if one.is_outfit]
    out.mkdir(parents=True, exist_ok=True)
    scores = []
    with Progress() as progress:
        for name, shape in SHAPES.items():
            base = out / f"pooled-{shape.height}x{shape.width}.tflite"
            if not base.exists():
                base.write_bytes(to_litert(_pooled(backbone, weights, shape)))
            store = extract(
                examples,
                base=base,
                folder=out / name.replace(" ", "-"),
                shape=shape,
                seed=None,
                processes=os.cpu_count() or 1,
                advance=partial(progress.advance, progress.add_task(name, total=len(examples))),
            )
            pooled = store.pooled()
            shallow = ARCHITECTURES[backbone].channels
            block4, block4_max, rest = np.split(pooled, [shallow, 2 * shallow], axis=1)
            block5, block5_max = np.split(rest, 2, axis=1)
            for features, values in {
                "block5, mean": block5,
                "block5, maximum": block5_max,
                "block4, mean": block4,
                "block4, maximum": block4_max,
                "block4 and 5, mean": np.concatenate([block4, block5], axis=1),
            }.items():
                top1, either = _probe(values, examples, learn=len(rows))
                scores.append(Score(shape=name, features=features, top1=top1, either=either))
    return scores


def _pooled(backbone: str, weights: Path | None, shape: Preprocessing) -> keras.Model:
    base = build_base(backbone, weights, (shape.height, shape.width))
    maps = (base.get_layer(ARCHITECTURES[backbone].cuts["block5"]).output, base.output)
    pools = (keras.layers.GlobalAveragePooling2D, keras.layers.GlobalMaxPooling2D)
    return keras.Model(
        base.input, {"pooled": keras.layers.Concatenate()([pool()(one) for one in maps for pool in pools])}
    )


def _probe(features: NDArray[np.float32], examples: Sequence[Example], *, learn: int) -> tuple[float, float]:
    roots = np.sqrt(np.maximum(features, 0))
    labels = np.array([style.position for one in examples if (style := one.label.style) is not None])
    model = make_pipeline(StandardScaler(), LogisticRegression(C=STRENGTH, max_iter=400))
    said = model.fit(roots[:learn], labels[:learn]).predict(roots[learn:])
    ranks = [{style.position for style in one.label.acceptable} for one in examples[learn:]]
    return (
        float(np.mean(said == labels[learn:])),
        float(np.mean([name in rank for name, rank in zip(said, ranks, strict=True)])),
    )
