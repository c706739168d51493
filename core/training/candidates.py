"""Linear probes on frozen features: comparison of input candidates, and transfer to other labels."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from core.runtime import available_cpus
from core.training.dataset import Example, Split, check_photos, read_examples
from core.training.distillation import REGULARIZATION_C
from core.training.export import store_base
from core.training.features import PhotoReader, extract_features
from core.training.network import ARCHITECTURES, build_base
from core.vision.model_card import Preprocessing, ResizeMode

FOLDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferMetrics:
    """Five-fold cross-validated metrics of a linear head on other labels."""

    photos: int
    classes: tuple[str, ...]
    top1: float
    macro_f1: float
    most_common: float
    """Accuracy of always predicting the most common class."""

    def to_dict(self) -> dict[str, Any]:
        """The metrics as a JSON object."""
        return asdict(self)


def pooled_features(trained: keras.Model, images: Sequence[NDArray[np.uint8]], batch: int = 16) -> NDArray[np.float32]:
    """Compute the trained network's pooled features, n x 512, of preprocessed images."""
    body = keras.Model(trained.input, trained.get_layer("pool").output)
    parts = [
        body(np.stack(images[start : start + batch]).astype(np.float32)).numpy()
        for start in range(0, len(images), batch)
    ]
    return np.concatenate(parts)


def evaluate_linear_head(
    features: NDArray[np.float32], labels: Sequence[str], *, regularization_c: float = 0.01, seed: int = 7
) -> TransferMetrics:
    """Cross-validate a logistic regression on other labels.

    Args:
        features: pooled features, n x channels; their square roots are used.
        labels: n class names.
        regularization_c: inverse regularization strength.
        seed: of the folds.
    """
    names = np.array(labels)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=regularization_c, max_iter=500))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    predicted = cross_val_predict(model, np.sqrt(np.maximum(features, 0)), names, cv=folds)
    classes, counts = np.unique(names, return_counts=True)
    return TransferMetrics(
        photos=len(names),
        classes=tuple(classes.tolist()),
        top1=float(accuracy_score(names, predicted)),
        macro_f1=float(f1_score(names, predicted, average="macro")),
        most_common=float(counts.max() / counts.sum()),
    )


INPUT_CANDIDATES = {
    "letterbox 256x256": Preprocessing(resize_mode=ResizeMode.LETTERBOX),
    "stretch 256x256": Preprocessing(resize_mode=ResizeMode.STRETCH),
    "center crop 256x256": Preprocessing(resize_mode=ResizeMode.CENTER_CROP),
    "letterbox 320x256": Preprocessing(resize_mode=ResizeMode.LETTERBOX, height=320),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateScore:
    """Accuracy of one candidate on the validation split."""

    input_shape: str
    features: str
    top1: float
    either: float
    """Predicted as the annotator's style or runner-up."""


def compare_frozen_features(
    *, data: Path, weights: Path | None, output_dir: Path, backbone: str, photos: int, seed: int = 0
) -> list[CandidateScore]:
    """Measure every input candidate with every pooling by logistic regression on frozen ImageNet features.

    This does not predict the accuracy after fine-tuning, but ranks the choices.

    Args:
        data: directory with labels.csv and photos/.
        weights: ImageNet weights as .npz, or None for keras.applications' download.
        output_dir: directory of the features; existing ones are reused.
        backbone: a key of ARCHITECTURES.
        photos: number of training photos.
        seed: of the selection of these photos.

    Raises:
        DatasetError: the data are incomplete.
        CheckpointMismatchError: `output_dir` holds features of other photos, or of another backbone or weights.
    """
    train = [example for example in read_examples(data, Split.TRAIN) if example.is_outfit]
    rows = np.sort(np.random.default_rng(seed).permutation(len(train))[:photos])
    examples = [train[row] for row in rows] + [
        example for example in read_examples(data, Split.VAL) if example.is_outfit
    ]
    check_photos(examples)
    scores = []
    with Progress() as progress:
        for name, shape in INPUT_CANDIDATES.items():
            network = _build_pooled_base(backbone, weights, shape)
            base = store_base(output_dir, network, f"pooled-{shape.height}x{shape.width}")
            store = extract_features(
                PhotoReader(examples=examples, shape=shape, seed=None),
                base=base,
                folder=output_dir / name.replace(" ", "-"),
                processes=available_cpus(),
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
                top1, either = linear_probe(values, examples, train_count=len(rows))
                scores.append(CandidateScore(input_shape=name, features=features, top1=top1, either=either))
    return scores


def _build_pooled_base(backbone: str, weights: Path | None, shape: Preprocessing) -> keras.Model:
    base = build_base(backbone, weights, (shape.height, shape.width))
    maps = (base.get_layer(ARCHITECTURES[backbone].cuts["block5"]).output, base.output)
    pools = (keras.layers.GlobalAveragePooling2D, keras.layers.GlobalMaxPooling2D)
    return keras.Model(
        base.input, {"pooled": keras.layers.Concatenate()([pool()(layer) for layer in maps for pool in pools])}
    )


def linear_probe(
    features: NDArray[np.float32], examples: Sequence[Example], *, train_count: int
) -> tuple[float, float]:
    """Fit a logistic regression on fixed features; returns its accuracy, and how often it names style or runner-up."""
    roots = np.sqrt(np.maximum(features, 0))
    labels = np.array([style.position for example in examples if (style := example.label.style) is not None])
    model = make_pipeline(StandardScaler(), LogisticRegression(C=REGULARIZATION_C, max_iter=400))
    predicted = model.fit(roots[:train_count], labels[:train_count]).predict(roots[train_count:])
    ranks = [{style.position for style in example.label.acceptable} for example in examples[train_count:]]
    return (
        float(np.mean(predicted == labels[train_count:])),
        float(np.mean([name in rank for name, rank in zip(predicted, ranks, strict=True)])),
    )
