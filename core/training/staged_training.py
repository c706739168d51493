"""Training in resumable stages: the heads, then ever more layers before them."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from core.styles import STYLES
from core.training.atomic_files import load_arrays, replacing, save_arrays
from core.training.config import Stage, TrainingConfig
from core.training.dataset import Example, Targets
from core.training.features import FeatureStore
from core.training.network import ARCHITECTURES, build_base, build_network, build_tail, load_network
from core.training.run_directory import append_log, claim_run_directory
from core.training.sampling import BalancedBatches, sampling_weights

VALIDATIONS_PER_STAGE = 4
"""Validations per stage; training can be resumed from each."""
HEAD_EPOCHS = 40
HEAD_BATCH = 256
HEAD_STEPS = 400
"""Minimum number of steps; small data sets are repeated more often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSet:
    """Stored features with their targets."""

    examples: Sequence[Example]
    targets: Targets
    stores: Sequence[FeatureStore]
    """One per version of the photos."""


def train_stages(
    config: TrainingConfig,
    *,
    weights: Path | None,
    start: Path | None,
    train_set: FeatureSet,
    validation_set: FeatureSet,
    run_dir: Path,
    print_line: Callable[[str], None],
) -> keras.Model:
    """Train all stages and write `model.keras`, `recipe.json` and `log.jsonl` into `run_dir`.

    A second call with the same configuration resumes an interrupted run; finished stages are loaded.

    Args:
        config: the configuration of the run.
        weights: ImageNet weights as .npz, or None for keras.applications' download.
        start: a `model.keras` to start from, or None for the ImageNet weights and new heads.
        train_set: features and targets of the training split.
        validation_set: the same of the validation split.
        run_dir: output directory.
        print_line: prints the progress.

    Raises:
        CheckpointMismatchError: `run_dir` holds a run with another configuration.
        DatasetError: `weights` or `start` is no file of a network.
    """
    claim_run_directory(run_dir, config)
    shape = (config.preprocessing.height, config.preprocessing.width)
    keras.utils.set_random_seed(config.seed)
    keras.config.set_dtype_policy("mixed_bfloat16" if supports_bfloat16() else "float32")
    try:
        network = build_network(build_base(config.backbone, weights, shape), config.dropout)
        if start:
            network.set_weights(load_network(start).get_weights())
        else:
            _initialize_heads(network, train_set, validation_set, run_dir, print_line)
        for number, stage in enumerate(config.stages):
            done = run_dir / f"stage{number}.weights.h5"
            if done.exists():
                network.load_weights(done)
                continue
            print_line(f"stage {number}: {stage.photos} photos through {stage.block} and later layers")
            _fit_tail(network, config, stage, number, train_set, validation_set, run_dir)
            with replacing(done) as partial:
                network.save_weights(partial)
            shutil.rmtree(_backup_dir(run_dir, number), ignore_errors=True)
    finally:
        keras.config.set_dtype_policy("float32")
    trained = build_network(build_base(config.backbone, weights, shape))
    trained.set_weights(network.get_weights())
    with replacing(run_dir / "model.keras") as partial:
        trained.save(partial)
    return trained


def _initialize_heads(
    network: keras.Model,
    train_set: FeatureSet,
    validation_set: FeatureSet,
    run_dir: Path,
    print_line: Callable[[str], None],
) -> None:
    path = run_dir / "heads.npz"
    if not path.exists():
        _fit_heads(train_set, validation_set, network.get_layer("pool").output.shape[-1], path, run_dir, print_line)
    stored = load_arrays(path)
    for name in ("style", "outfit"):
        network.get_layer(name).set_weights([stored[f"{name}_kernel"], stored[f"{name}_bias"]])


def _fit_heads(
    train_set: FeatureSet,
    validation_set: FeatureSet,
    channels: int,
    path: Path,
    run_dir: Path,
    print_line: Callable[[str], None],
) -> None:
    """Train both heads on pooled features; these are standardized, and the scale is folded into the weights."""
    pooled = np.concatenate([store.pooled()[:, -channels:] for store in train_set.stores])
    mean, deviation = pooled.mean(axis=0), pooled.std(axis=0) + 1e-3
    copies = len(train_set.stores)
    features = keras.Input((pooled.shape[1],))
    dropped = keras.layers.Dropout(0.5)(features)
    style = keras.layers.Dense(len(STYLES), name="style", dtype="float32")(dropped)
    outfit = keras.layers.Dense(1, name="outfit", dtype="float32")(dropped)
    model = keras.Model(features, {"style": style, "outfit": outfit})
    batches = -(-len(pooled) // HEAD_BATCH)
    epochs = max(HEAD_EPOCHS, -(-HEAD_STEPS // batches))
    rate = keras.optimizers.schedules.CosineDecay(2e-3, epochs * batches)
    _compile(model, keras.optimizers.AdamW(rate, weight_decay=0.05), 0.3)
    targets, goal = train_set.targets, validation_set.targets
    history = model.fit(
        (pooled - mean) / deviation,
        {
            "style": np.tile(targets.style, (copies, 1)),
            "outfit": np.tile(targets.outfit[:, None], (copies, 1)),
        },
        sample_weight={
            "style": np.tile(targets.style_weight, copies),
            "outfit": np.ones(len(pooled), np.float32),
        },
        batch_size=HEAD_BATCH,
        epochs=epochs,
        validation_data=(
            (validation_set.stores[0].pooled()[:, -channels:] - mean) / deviation,
            {"style": goal.style, "outfit": goal.outfit[:, None]},
            {"style": goal.style_weight, "outfit": np.ones(len(goal.outfit), np.float32)},
        ),
        # Only the final metrics are used.
        validation_freq=epochs,
        verbose=0,
    ).history
    append_log(run_dir, {"stage": "heads"}, {key: values[-1] for key, values in history.items()})
    print_line(f"heads: {history['val_style_top1'][-1]:.3f} of the validation photos named as the annotator did")
    folded: dict[str, NDArray[np.float32]] = {}
    for name in ("style", "outfit"):
        kernel, bias = model.get_layer(name).get_weights()
        kernel = kernel / deviation[:, None]
        folded |= {f"{name}_kernel": kernel, f"{name}_bias": bias - mean @ kernel}
    save_arrays(path, folded)


def _fit_tail(
    network: keras.Model,
    config: TrainingConfig,
    stage: Stage,
    number: int,
    train_set: FeatureSet,
    validation_set: FeatureSet,
    run_dir: Path,
) -> None:
    cut = ARCHITECTURES[config.backbone].cuts[stage.block]
    tail = build_tail(network, cut)
    tail = keras.Model(tail.input, dict(zip(("style", "outfit"), tail.outputs, strict=True)))
    part = max(config.batch, stage.photos // VALIDATIONS_PER_STAGE)
    batches = BalancedBatches(
        train_set.stores,
        cut,
        train_set.targets,
        batch_size=config.batch,
        weights=sampling_weights(
            train_set.examples, balance=config.balance, guess_weight=config.guess_rate, emphasis=config.emphasis
        ),
        size=part,
        seed=config.seed + number,
    )
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
        validation_data=BalancedBatches(validation_set.stores, cut, validation_set.targets, batch_size=config.batch),
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

    def __init__(self, batches: BalancedBatches, seed: int) -> None:
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


def supports_bfloat16() -> bool:
    """Whether the processor supports bfloat16, which halves the time of a step."""
    try:
        flags = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags
