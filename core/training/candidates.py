"""The command `eva compare`: input sizes, resize modes and layers compared by linear probes on frozen features."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from core.training.data_files import check_photos
from core.training.distillation import REGULARIZATION_C
from core.training.feature_sets import extract_versions
from core.training.features import PhotoReader
from core.training.network import ARCHITECTURES, build_frozen_base
from core.training.photo_table import Split, read_photo_table
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
    table = read_photo_table(data, with_attributes=False)
    train, validation = (rows[table.is_outfit[rows]] for rows in (table.rows(Split.TRAIN), table.rows(Split.VAL)))
    drawn = np.sort(np.random.default_rng(0).permutation(len(train))[:photos])
    rows = np.concatenate([train[drawn], validation])
    check_photos(table.paths(rows))
    lines = ["| framing | features | top-1 | style or runner-up |", "| --- | --- | --- | --- |"]
    for name, shape in INPUT_CANDIDATES.items():
        folder = name.replace(" ", "-")
        reader = PhotoReader(photos=table.paths(rows), shape=shape, seed=None)
        base = build_frozen_base(backbone, weights, (shape.height, shape.width), with_maxima=True)
        [store] = extract_versions(output_dir / folder, base, {folder: reader})
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
            top1, either = _linear_probe(values, table.style[rows, 0], table.second[rows, 0], train_count=len(drawn))
            lines.append(f"| {name} | {features} | {top1:.1%} | {either:.1%} |")
    write_text(output_dir / "candidates.md", "\n".join(lines) + "\n")
    console.print("\n".join(lines), markup=False)


def _linear_probe(
    features: NDArray[np.float32], styles: NDArray[np.int64], seconds: NDArray[np.int64], *, train_count: int
) -> tuple[float, float]:
    """Fit a logistic regression on fixed features; returns its accuracy, and how often it names style or runner-up."""
    roots = np.sqrt(np.maximum(features, 0))
    model = make_pipeline(StandardScaler(), LogisticRegression(C=REGULARIZATION_C, max_iter=400))
    predicted = model.fit(roots[:train_count], styles[:train_count]).predict(roots[train_count:])
    is_right = predicted == styles[train_count:]
    return float(is_right.mean()), float((is_right | (predicted == seconds[train_count:])).mean())
