"""The command `eva compare`: input sizes, resize modes and layers compared by linear probes on frozen features."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from core.training.dataset import Example, Split, check_photos, read_examples
from core.training.distillation import REGULARIZATION_C
from core.training.feature_sets import extract_versions
from core.training.features import PhotoReader
from core.training.network import ARCHITECTURES, build_base
from core.training.run_files import write_text
from core.vision.model_card import Preprocessing, ResizeMode

INPUT_CANDIDATES = {
    "letterbox 256x256": Preprocessing(resize_mode=ResizeMode.LETTERBOX),
    "stretch 256x256": Preprocessing(resize_mode=ResizeMode.STRETCH),
    "center crop 256x256": Preprocessing(resize_mode=ResizeMode.CENTER_CROP),
    "letterbox 320x256": Preprocessing(resize_mode=ResizeMode.LETTERBOX, height=320),
}

console = Console(stderr=True)


def compare_candidates(*, data: Path, weights: Path | None, output_dir: Path, backbone: str, photos: int) -> None:
    """Measure every input candidate with every pooling on `val`, print the table and write `candidates.md`.

    A logistic regression on frozen ImageNet features does not predict the accuracy after fine-tuning, but ranks the
    choices.

    Args:
        data: directory with labels.csv and photos/.
        weights: ImageNet weights as .npz, or None for keras.applications' download.
        output_dir: directory of the table and of the stored features; existing ones are reused.
        backbone: a key of ARCHITECTURES.
        photos: number of training photos.

    Raises:
        DatasetError: the data are incomplete.
        CheckpointMismatchError: `output_dir` holds features of other photos, or of another backbone or weights.
    """
    train, validation = (
        [example for example in read_examples(data, split) if example.is_outfit] for split in (Split.TRAIN, Split.VAL)
    )
    drawn = np.sort(np.random.default_rng(0).permutation(len(train))[:photos])
    examples = [*(train[row] for row in drawn), *validation]
    check_photos(examples)
    lines = ["| framing | features | top-1 | style or runner-up |", "| --- | --- | --- | --- |"]
    for name, shape in INPUT_CANDIDATES.items():
        folder = name.replace(" ", "-")
        reader = PhotoReader(examples=examples, shape=shape, seed=None)
        [store] = extract_versions(output_dir / folder, _build_pooled_base(backbone, weights, shape), {folder: reader})
        shallow = ARCHITECTURES[backbone].channels
        block4, block4_max, rest = np.split(store.pooled(), [shallow, 2 * shallow], axis=1)
        block5, block5_max = np.split(rest, 2, axis=1)
        for features, values in {
            "block5, mean": block5,
            "block5, maximum": block5_max,
            "block4, mean": block4,
            "block4, maximum": block4_max,
            "block4 and 5, mean": np.concatenate([block4, block5], axis=1),
        }.items():
            top1, either = linear_probe(values, examples, train_count=len(drawn))
            lines.append(f"| {name} | {features} | {top1:.1%} | {either:.1%} |")
    write_text(output_dir / "candidates.md", "\n".join(lines) + "\n")
    console.print("\n".join(lines), markup=False)


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
