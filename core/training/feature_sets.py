"""Stored features of several versions of photos, and the sets of them that `eva finetune` and `eva heads` read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress

from core.errors import DatasetError
from core.runtime import available_cpus
from core.training.export import store_base
from core.training.features import (
    FeatureStore,
    MapReader,
    PhotoReader,
    Reader,
    check_space,
    digest_names,
    extract_features,
)
from core.training.head_network import CUT, build_pooled_network, build_pooled_tail
from core.training.photo_table import PhotoTable, Split
from core.training.targets import Targets
from core.vision.model_card import Preprocessing

AUGMENTATION_SEED = 2001
FEATURES_FOLDER = "features"
CLEAN = "clean"
"""The version of the training photos as they are."""

console = Console(stderr=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSet:
    """Stored features of n photos with their targets."""

    stores: Sequence[FeatureStore]
    """One per version of the photos, in the order of the targets."""
    targets: Targets
    weights: NDArray[np.float64] | None = None
    """n; relative frequency of each photo in a sample. None: every photo once, in order."""

    def read_maps(
        self, cut: str, rows: NDArray[np.int64], versions: NDArray[np.int64]
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """The quantized maps of k photos after layer `cut`, and the scales of their channels, k x 1 x 1 x channels.

        Args:
            cut: name of the layer.
            rows: k, the photos.
            versions: k, the version of each.
        """
        maps = [store.maps(cut) for store in self.stores]
        codes = np.stack([maps[version][0][row] for row, version in zip(rows, versions, strict=True)])
        return codes, np.stack([maps[version][1] for version in versions])[:, None, None]


def training_versions(augmented: int) -> tuple[str, ...]:
    """The names of the versions of the training photos: as they are, and augmented ones."""
    return (CLEAN, *(f"augmented-{number}" for number in range(1, augmented + 1)))


def extract_training_features(
    table: PhotoTable,
    run_dir: Path,
    weights: Mapping[str, NDArray[np.float32]],
    shape: Preprocessing,
    *,
    augmented: int,
    with_maps: bool,
) -> list[FeatureStore]:
    """Extract the features of the training photos, as they are and augmented; a second call continues.

    Args:
        table: the photos.
        run_dir: directory of the run.
        weights: of the convolutions.
        shape: the preprocessing.
        augmented: number of augmented versions.
        with_maps: whether the maps from which fine-tuning starts are stored as well.

    Raises:
        DatasetError: the data are incomplete.
        CheckpointMismatchError: `run_dir` holds features of other photos or of another network.
        DiskSpaceError: the features need more space than there is.
    """
    photos = table.paths(table.rows(Split.TRAIN))
    network = build_pooled_network(weights, size=(shape.height, shape.width), with_maps=with_maps)
    if with_maps:
        size = len(photos) * int(np.prod(network.output[CUT].shape[1:]))
        size *= 1 + augmented
        console.print(f"{1 + augmented} versions of {len(photos)} photos need {size / 1e9:.1f} GB in {run_dir}")
        run_dir.mkdir(parents=True, exist_ok=True)
        stored = sum(_stored_bytes(run_dir / FEATURES_FOLDER / name) for name in training_versions(augmented))
        check_space(run_dir, size - stored)
    seeds = [None, *range(AUGMENTATION_SEED, AUGMENTATION_SEED + augmented)]
    readers = [PhotoReader(photos=photos, shape=shape, seed=seed) for seed in seeds]
    return extract_versions(run_dir, network, dict(zip(training_versions(augmented), readers, strict=True)))


def extract_tail_features(
    run_dir: Path,
    tuned_dir: Path,
    weights: Mapping[str, NDArray[np.float32]],
    *,
    versions: Sequence[str],
    photos: Iterable[str],
) -> list[FeatureStore]:
    """Run blocks 4 and 5 over the maps that a run of `eva finetune` stored: two fifths of the arithmetic of a photo.

    Args:
        run_dir: directory of the run.
        tuned_dir: directory of the run of `eva finetune`.
        weights: of the convolutions.
        versions: names of the versions that are read.
        photos: the training photos that the features must be of, in their order.

    Raises:
        DatasetError: `tuned_dir` has no complete features of these versions, or has those of other photos.
        CheckpointMismatchError: `run_dir` holds features of another network.
    """
    folders = [tuned_dir / FEATURES_FOLDER / version for version in versions]
    if not all(FeatureStore(folder=folder).done for folder in folders):
        raise DatasetError(f"{tuned_dir.name} has no complete features")
    readers = {folder.name: MapReader(folder=folder, name=CUT) for folder in folders}
    names = digest_names(Path(photo) for photo in photos)
    if any(reader.names_digest() != names for reader in readers.values()):
        raise DatasetError(f"{tuned_dir.name} holds features of other training photos than labels.csv")
    network = build_pooled_tail(weights, FeatureStore(folder=folders[0]).maps(CUT)[0].shape[1:])
    return extract_versions(run_dir, network, readers)


def extract_validation_features(
    table: PhotoTable, run_dir: Path, weights: Mapping[str, NDArray[np.float32]], shape: Preprocessing
) -> FeatureStore:
    """Extract the features of the validation photos, without maps.

    Args:
        table: the photos.
        run_dir: where the features are stored; complete ones of the same network are reused.
        weights: of the convolutions.
        shape: height and width of the input in px.

    Raises:
        DatasetError: the data are incomplete.
        CheckpointMismatchError: `run_dir` holds features of other photos or of another network.
    """
    network = build_pooled_network(weights, size=(shape.height, shape.width), with_maps=False)
    reader = PhotoReader(photos=table.paths(table.rows(Split.VAL)), shape=shape, seed=None)
    return extract_versions(run_dir, network, {"val": reader})[0]


def _stored_bytes(folder: Path) -> int:
    """The space that features take on the disk: their files have their full length from the start, but holes."""
    return sum(512 * path.stat().st_blocks for path in folder.glob("*.npy"))


def pool_versions(stores: Sequence[FeatureStore]) -> NDArray[np.float32]:
    """The pooled features of all versions, one after another."""
    return np.concatenate([store.pooled() for store in stores])


def extract_versions(run_dir: Path, network: keras.Model, readers: Mapping[str, Reader]) -> list[FeatureStore]:
    """Run a network over several versions of photos, by name; a second call continues.

    Raises:
        CheckpointMismatchError: `run_dir` holds features of other photos or of another network.
    """
    base = store_base(run_dir, network)
    stores = []
    with Progress(console=console) as progress:
        for name, reader in readers.items():
            store = extract_features(
                reader,
                base=base,
                folder=run_dir / FEATURES_FOLDER / name,
                processes=available_cpus(),
                advance=partial(progress.advance, progress.add_task(f"features {name}", total=len(reader))),
            )
            stores.append(store)
    return stores
