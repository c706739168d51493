"""The command `eva finetune`: blocks 4 and 5 are trained with all heads, and the convolutions go a share of the way."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from core.errors import CheckpointMismatchError, DatasetError
from core.training.config import FinetuneConfig
from core.training.data_files import check_photos
from core.training.distillation import blend_with_teachers, file_digest, predict_by_teachers, read_tuned
from core.training.feature_sets import TrainingSet, extract_training_features, pool_versions
from core.training.features import FeatureStore
from core.training.joint_training import finetune
from core.training.linear_heads import GUESS_RATE, HEADS, count_last_channels, fit_heads, interpolate
from core.training.litert_weights import read_convolutions
from core.training.photo_table import PhotoTable, Split, read_photo_table
from core.training.run_files import CONVOLUTIONS_FILE, TUNED_FILE, claim_run_directory, save_arrays
from core.training.source_folds import check_fold, find_used_photos, warn_of_seen_sources
from core.training.targets import compute_targets, photo_weights
from core.vision.model_card import CARD_FILE, load_model_card

SAMPLING_BALANCE = 0.6
"""Rare styles are drawn more often: frequency to the power of minus this."""

console = Console(stderr=True)


def finetune_convolutions(
    *,
    data: Path,
    run_dir: Path,
    source_dir: Path,
    config: FinetuneConfig,
    start: Path | None = None,
    teachers: Sequence[Path] = (),
) -> None:
    """Fine-tune blocks 4 and 5 of an exported model with all heads, and write `convolutions.npz` for `eva heads`.

    `tuned.npz` holds the network at the end of the way, of which `convolutions.npz` goes a share.

    Args:
        data: directory with labels.csv, attributes.csv and photos/.
        run_dir: directory of the run: features (280 KB for each version of a training photo), checkpoint, log.
        source_dir: directory of the exported model to start from.
        config: every choice.
        start: the `tuned.npz` of an earlier run, to train on from its end instead of from the exported model.
        teachers: the `tuned.npz` of other runs, whose predictions soften the targets.

    Raises:
        DatasetError: the data are incomplete, the source is not a VGG-16, or `start` or a teacher has no heads
            or has seen the fold that is left out.
        DiskSpaceError: the features need more space than there is.
        WorkerEndedError: a process that computed features was killed.
        CheckpointMismatchError: `run_dir` holds a run with another configuration, or the one that `start` comes from.
    """
    if start is not None and start.resolve().parent == run_dir.resolve():
        raise CheckpointMismatchError(run_dir.name)
    card = load_model_card(source_dir / CARD_FILE)
    weights = read_convolutions(source_dir / card.file)
    warn_of_seen_sources(card, config.without_fold)
    config = _add_networks(config, start, teachers)
    table = read_photo_table(data)
    rows = table.rows(Split.TRAIN)
    check_photos(table.paths(rows))
    claim_run_directory(run_dir, config)
    used = find_used_photos(table, rows, config.without_fold)
    if used.sum() < config.batch:
        raise DatasetError(f"a step takes {config.batch} training photos, and there are {used.sum()}")
    stores = extract_training_features(
        table, run_dir, weights, card.preprocessing, augmented=config.versions, with_maps=True
    )
    first = _first_network(table, rows, used, weights, stores, start)
    targets = compute_targets(table, rows)
    if teachers:
        predictions = predict_by_teachers(teachers, weights=weights, run_dir=run_dir, photos=table.photo[rows])
        targets = blend_with_teachers(targets, predictions, config.teacher_share)
    shares = np.zeros(len(rows))
    shares[used] = photo_weights(table, rows[used], balance=SAMPLING_BALANCE, guess_rate=GUESS_RATE)
    photos = TrainingSet(stores=stores, targets=targets, weights=shares)
    tuned = finetune(config, start=first, photos=photos, run_dir=run_dir)
    save_arrays(run_dir / TUNED_FILE, tuned)
    save_arrays(run_dir / CONVOLUTIONS_FILE, interpolate(weights, tuned, config.share))
    console.print(f"{run_dir / CONVOLUTIONS_FILE} is written")


def _add_networks(config: FinetuneConfig, start: Path | None, teachers: Sequence[Path]) -> FinetuneConfig:
    """Check the networks of earlier runs, and add their digests to the configuration."""
    for network in (*([start] if start else []), *teachers):
        read_tuned(network)
        if config.without_fold is not None:
            check_fold(network.parent, config.without_fold)
    digests = [file_digest(teacher) for teacher in teachers]
    return replace(config, start=file_digest(start) if start else "", teachers=digests)


def _first_network(
    table: PhotoTable,
    rows: NDArray[np.int64],
    used: NDArray[np.bool_],
    weights: dict[str, NDArray[np.float32]],
    stores: Sequence[FeatureStore],
    start: Path | None,
) -> dict[str, NDArray[np.float32]]:
    """The weights of an earlier run, or those of the exported model with new heads on its last features."""
    if start:
        return weights | read_tuned(start)
    last_only = [replace(head, uses_all_blocks=False) for head in HEADS]
    is_used = np.tile(used, len(stores))
    pooled, pooled_rows = pool_versions(stores)[is_used], np.tile(rows, len(stores))[is_used]
    return weights | fit_heads(pooled, count_last_channels(weights), table, pooled_rows, last_only)
