"""Training in resumable stages: the heads, then ever more layers before them."""

import math
import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from core.training.config import Stage, TrainingConfig
from core.training.feature_sets import TrainingSet
from core.training.features import dequantize
from core.training.linear_heads import HEADS, fit_linear_map
from core.training.network import (
    ARCHITECTURES,
    bfloat16_where_supported,
    build_base,
    build_network,
    build_tail,
    load_network,
)
from core.training.run_files import append_log, claim_run_directory, load_arrays, replacing, save_arrays

VALIDATIONS_PER_STAGE = 4
"""Validations per stage; training can be resumed from each."""

Batch = tuple["NDArray[np.float32]", dict[str, "NDArray[np.float32]"], dict[str, "NDArray[np.float32]"]]

console = Console(stderr=True)


class FeatureBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """Maps after one cut with their targets, for Keras.

    Without weights, every photo comes once, in order (validation). With weights, `draw` draws the sample of an epoch,
    and each photo takes one of the versions at random.
    """

    def __init__(
        self, features: TrainingSet, cut: str, *, batch_size: int, size: int | None = None, seed: int = 0
    ) -> None:
        """Draw the first epoch's sample.

        Args:
            features: the photos.
            cut: name of the layer whose maps are returned.
            batch_size: number of photos in a batch.
            size: number of photos in an epoch; all by default.
            seed: of the samples.
        """
        super().__init__(workers=1, use_multiprocessing=False, max_queue_size=4)
        self._features, self._cut, self._batch, self._seed = features, cut, batch_size, seed
        self._size = size or len(features.targets.outfit)
        self.draw(0)

    def __len__(self) -> int:
        return math.ceil(self._size / self._batch)

    def __getitem__(self, index: int) -> Batch:
        part = slice(index * self._batch, (index + 1) * self._batch)
        rows, versions = self._rows[part], self._versions[part]
        targets = self._features.targets
        return (
            dequantize(*self._features.read_maps(self._cut, rows, versions)),
            {"style": targets.style[rows], "outfit": targets.outfit[rows, None]},
            {"style": targets.style_weight[rows], "outfit": np.ones(len(rows), np.float32)},
        )

    def draw(self, epoch: int) -> None:
        """Draw the sample of an epoch, which depends on the seed and its number alone."""
        weights = self._features.weights
        if weights is None:
            self._rows, self._versions = np.arange(self._size), np.zeros(self._size, int)
            return
        rng = np.random.default_rng((self._seed, epoch))
        share = weights / weights.sum()
        times = (share * self._size + rng.random(share.size)).astype(int)
        rows = np.repeat(np.arange(share.size), times)
        short = max(0, self._size - rows.size)
        self._rows = rng.permutation(np.concatenate([rows, rng.choice(share.size, short, p=share)]))[: self._size]
        self._versions = rng.integers(0, len(self._features.stores), self._rows.size)


def train_stages(
    config: TrainingConfig,
    *,
    weights: Path | None,
    start: Path | None,
    train_set: TrainingSet,
    validation_set: TrainingSet,
    run_dir: Path,
) -> None:
    """Train all stages and write `model.keras`, `recipe.json` and `log.jsonl` into `run_dir`.

    A second call with the same configuration resumes an interrupted run; finished stages are loaded.

    Args:
        config: the configuration of the run.
        weights: ImageNet weights as .npz, or None for keras.applications' download.
        start: a `model.keras` to start from, or None for the ImageNet weights and new heads.
        train_set: features and targets of the training split.
        validation_set: the same of the validation split.
        run_dir: output directory.

    Raises:
        CheckpointMismatchError: `run_dir` holds a run with another configuration.
        DatasetError: `weights` or `start` is no file of a network.
    """
    claim_run_directory(run_dir, config)
    shape = (config.preprocessing.height, config.preprocessing.width)
    keras.utils.set_random_seed(config.seed)
    with bfloat16_where_supported():
        network = build_network(build_base(config.backbone, weights, shape), config.dropout)
        if start:
            network.set_weights(load_network(start).get_weights())
        else:
            _initialize_heads(network, train_set, validation_set, run_dir)
        for number, stage in enumerate(config.stages):
            done = run_dir / f"stage{number}.weights.h5"
            if done.exists():
                network.load_weights(done)
                continue
            console.print(f"stage {number}: {stage.photos} photos through {stage.block} and later layers")
            _fit_tail(network, config, stage, number, train_set, validation_set, run_dir)
            with replacing(done) as partial:
                network.save_weights(partial)
            shutil.rmtree(_backup_dir(run_dir, number), ignore_errors=True)
    trained = build_network(build_base(config.backbone, weights, shape))
    trained.set_weights(network.get_weights())
    with replacing(run_dir / "model.keras") as partial:
        trained.save(partial)


def _initialize_heads(
    network: keras.Model,
    train_set: TrainingSet,
    validation_set: TrainingSet,
    run_dir: Path,
) -> None:
    """Fit both heads on the pooled features of the frozen network."""
    path = run_dir / "heads.npz"
    channels = network.get_layer("pool").output.shape[-1]
    if not path.exists():
        pooled = np.concatenate([store.pooled()[:, -channels:] for store in train_set.stores])
        copies = len(train_set.stores)
        targets, penalty = train_set.targets, {head.name: head.penalty for head in HEADS}
        style, outfit = np.tile(targets.style, (copies, 1)), np.tile(targets.outfit[:, None], (copies, 1))
        counts, ones = np.tile(targets.style_weight, copies).astype(np.float64), np.ones(len(pooled))
        fitted = fit_linear_map("style", pooled, style, counts, penalty["style"], exclusive=True)
        fitted |= fit_linear_map("outfit", pooled, outfit, ones, penalty["outfit"], exclusive=False)
        save_arrays(path, fitted)
        logits = validation_set.stores[0].pooled()[:, -channels:] @ fitted["style/kernel"] + fitted["style/bias"]
        is_outfit = validation_set.targets.style_weight > 0
        top1 = float((logits.argmax(axis=1) == validation_set.targets.style.argmax(axis=1))[is_outfit].mean())
        append_log(run_dir, {"stage": "heads"}, {"val_style_top1": top1})
        console.print(f"heads: {top1:.3f} of the validation photos named as the annotator did")
    stored = load_arrays(path)
    for name in ("style", "outfit"):
        network.get_layer(name).set_weights([stored[f"{name}/kernel"], stored[f"{name}/bias"]])


def _fit_tail(
    network: keras.Model,
    config: TrainingConfig,
    stage: Stage,
    number: int,
    train_set: TrainingSet,
    validation_set: TrainingSet,
    run_dir: Path,
) -> None:
    cut = ARCHITECTURES[config.backbone].cuts[stage.block]
    tail = build_tail(network, cut)
    tail = keras.Model(tail.input, dict(zip(("style", "outfit"), tail.outputs, strict=True)))
    part = max(config.batch, stage.photos // VALIDATIONS_PER_STAGE)
    batches = FeatureBatches(train_set, cut, batch_size=config.batch, size=part, seed=config.seed + number)
    steps = len(batches) * VALIDATIONS_PER_STAGE
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, steps - steps // 20, warmup_target=stage.rate, warmup_steps=steps // 20
    )
    optimizer = keras.optimizers.AdamW(
        schedule, weight_decay=config.weight_decay, clipnorm=1.0, use_ema=True, ema_momentum=config.ema
    )
    _compile(tail, optimizer, config.gate_weight)
    tail.fit(
        batches,
        epochs=VALIDATIONS_PER_STAGE,
        validation_data=FeatureBatches(validation_set, cut, batch_size=config.batch),
        # The sample is in random order already; Keras would draw another one from a state that no backup has.
        shuffle=False,
        callbacks=[
            # Before the averaged weights take the place of those that training continues with.
            keras.callbacks.BackupAndRestore(_backup_dir(run_dir, number), delete_checkpoint=False),
            keras.callbacks.SwapEMAWeights(swap_on_epoch=True),
            _EpochDraws(batches, config.seed + number),
            _MetricsLogger(run_dir, f"stage{number}"),
        ],
    )


def _backup_dir(run_dir: Path, number: int) -> Path:
    """Where a stage is backed up until its result is written."""
    return run_dir / f"stage{number}.backup"


def _compile(model: keras.Model, optimizer: Any, gate_weight: float) -> None:
    model.compile(
        optimizer=optimizer,
        loss={
            "style": keras.losses.CategoricalCrossentropy(from_logits=True),
            "outfit": keras.losses.BinaryCrossentropy(from_logits=True),
        },
        loss_weights={"style": 1.0, "outfit": gate_weight},
        weighted_metrics={
            "style": [keras.metrics.CategoricalAccuracy(name="top1")],
            "outfit": [keras.metrics.AUC(name="auroc", from_logits=True)],
        },
    )


class _EpochDraws(keras.callbacks.Callback):  # type: ignore[misc]
    """Makes the sample and the dropout of an epoch depend on its number, so that a resumed stage draws the same."""

    def __init__(self, batches: FeatureBatches, seed: int) -> None:
        super().__init__()
        self._batches, self._seed = batches, seed

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._batches.draw(epoch)
        for layer in self.model.layers:
            if isinstance(layer, keras.layers.Dropout):
                # A backup has no states of generators. The second number counts the draws: one for each step.
                layer.seed_generator.state.assign([self._seed, epoch * len(self._batches)])


class _MetricsLogger(keras.callbacks.Callback):  # type: ignore[misc]
    """Appends one JSON line per validation."""

    def __init__(self, run_dir: Path, stage: str) -> None:
        super().__init__()
        self._run_dir, self._stage = run_dir, stage

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        append_log(self._run_dir, {"stage": self._stage, "part": epoch}, logs or {})
