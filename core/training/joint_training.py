"""Fine-tuning of blocks 4 and 5 with all heads on stored maps; resumable from its last checkpoint."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from core.errors import CheckpointMismatchError, DatasetError
from core.training.atomic_files import save_arrays, write_text
from core.training.config import CONFIG_FILE
from core.training.feature_mixing import (
    MIXSTYLE_CONCENTRATION,
    MIXUP_CONCENTRATION,
    blend,
    draw_partners,
    draw_shares,
    erase_cells,
    mix_statistics,
)
from core.training.head_targets import HeadTargets
from core.training.joint_network import build_joint_tail, read_tail
from core.training.staged_training import supports_bfloat16

CHECKPOINT_FILE = "checkpoint.npz"
LOSSES = ("loss", "style", "outfit", "items", "colors")


@dataclass(frozen=True, slots=True, kw_only=True)
class FinetuneConfig:
    """Every choice of a run."""

    photos: int = 24_576
    """Number of training samples over all epochs."""
    batch: int = 32
    learning_rate: float = 2e-4
    """Peak for the convolutions; linear warm-up over the first twentieth, then cosine decay to zero."""
    head_rate: float = 3.0
    """Learning rate of the heads, relative to the convolutions'."""
    weight_decay: float = 0.02
    ema: float = 0.995
    """Momentum of the exponential moving average of the weights, which is the result."""
    dropout: float = 0.3
    style_weight: float = 1.0
    outfit_weight: float = 0.3
    items_weight: float = 3.0
    colors_weight: float = 1.0
    mixstyle: float = 0.3
    """Share of the photos whose channel statistics are mixed."""
    erase: float = 0.25
    """Share of the photos that lose a rectangle of cells."""
    mixup: float = 0.3
    """Share of the photos that are blended with another."""
    share: float = 0.5
    """How far the convolutions move from the first network to the fine-tuned one in the end."""
    versions: int = 1
    """Augmented versions of every photo, next to the photo itself."""
    without_fold: int | None = None
    """Fold of `core.training.source_folds` whose sources are left out, to measure by them afterward."""
    start: str = ""
    """Digest of the `tuned.npz` that the run starts from; empty: the exported model and new heads."""
    teachers: Sequence[str] = ()
    """Digests of networks whose predictions soften the targets."""
    teacher_share: float = 0.3
    """Their share of every target, if there are any."""
    seed: int = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class MapVersions:
    """Quantized maps of the same photos in one or more versions."""

    codes: Sequence[NDArray[np.uint8]]
    """Each photos x rows x columns x channels, memory-mapped."""
    scales: Sequence[NDArray[np.float32]]
    """Each channels."""

    def read(self, rows: NDArray[np.int64], rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """The maps of these photos, each in a random version, and the scale of each photo's channels."""
        versions = rng.integers(0, len(self.codes), len(rows))
        maps = np.stack([self.codes[version][row] for version, row in zip(versions, rows, strict=True)])
        return maps, np.stack([self.scales[version] for version in versions])[:, None, None]


def finetune(
    config: FinetuneConfig,
    *,
    start: Mapping[str, NDArray[np.float32]],
    maps: MapVersions,
    targets: HeadTargets,
    weights: NDArray[np.float64],
    run_dir: Path,
    save_every: int = 1024,
) -> dict[str, NDArray[np.float32]]:
    """Train all heads and blocks 4 and 5, and return the averaged weights; a second call resumes.

    Args:
        config: every choice.
        start: weights of convolutions and heads.
        maps: after block 3, of all photos.
        targets: of all photos.
        weights: how often each photo is drawn; they sum to 1.
        run_dir: directory of the checkpoint, the configuration and `log.jsonl`.
        save_every: photos between two checkpoints.

    Raises:
        CheckpointMismatchError: `run_dir` holds a run with another configuration.
    """
    claim_run_directory(run_dir, config)
    shape = maps.codes[0].shape[1:]
    keras.utils.set_random_seed(config.seed)
    keras.config.set_dtype_policy("mixed_bfloat16" if supports_bfloat16() else "float32")
    try:
        tail = build_joint_tail(start, (shape[0], shape[1], shape[2]), dropout=config.dropout)
        average = build_joint_tail(start, (shape[0], shape[1], shape[2]))
    finally:
        keras.config.set_dtype_policy("float32")
    steps = config.photos // config.batch
    is_convolution = [variable.path.startswith("block") for variable in tail.trainable_weights]
    groups = [
        [v for v, inside in zip(tail.trainable_weights, is_convolution, strict=True) if inside is wanted]
        for wanted in (True, False)
    ]
    optimizers = [
        keras.optimizers.AdamW(_schedule(config.learning_rate * factor, steps), config.weight_decay, clipnorm=1.0)
        for factor in (1.0, config.head_rate)
    ]
    for optimizer, variables in zip(optimizers, groups, strict=True):
        optimizer.build(variables)
    checkpoint = _Checkpoint(run_dir / CHECKPOINT_FILE, tail, average, optimizers)
    first = checkpoint.restore()
    train = _build_train_step(config, tail, optimizers, groups)
    update = _build_average_step(tail, average)
    losses: list[NDArray[np.float32]] = []
    for step, batch in _draw_batches(config, maps, targets, weights, first, steps):
        losses.append(train(*(tf.constant(part) for part in batch)).numpy())
        update(tf.constant(min(config.ema, (1 + step) / (10 + step)), tf.float32))
        photos = (step + 1) * config.batch
        if photos % save_every < config.batch or step + 1 == steps:
            checkpoint.save(step + 1)
            _append_losses(run_dir, photos, losses)
            losses = []
    return read_tail(average)


def load_finetune_config(run_dir: Path) -> FinetuneConfig:
    """Read the configuration of a run of `eva finetune`.

    Raises:
        DatasetError: the directory holds no such run.
    """
    try:
        return FinetuneConfig(**json.loads((run_dir / CONFIG_FILE).read_text("utf-8")))
    except (FileNotFoundError, TypeError, ValueError) as error:
        raise DatasetError(f"{run_dir.name} is not the directory of a run of eva finetune") from error


def claim_run_directory(run_dir: Path, config: FinetuneConfig) -> None:
    """Write the configuration of a run into its directory.

    Raises:
        CheckpointMismatchError: the directory holds a run with another configuration.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(config), indent=2)
    path = run_dir / CONFIG_FILE
    if path.exists() and path.read_text("utf-8") != text:
        raise CheckpointMismatchError(run_dir.name)
    write_text(path, text)


def _schedule(rate: float, steps: int) -> Any:
    warm = max(1, steps // 20)
    return keras.optimizers.schedules.CosineDecay(0.0, max(1, steps - warm), warmup_target=rate, warmup_steps=warm)


def _draw_batches(
    config: FinetuneConfig,
    maps: MapVersions,
    targets: HeadTargets,
    weights: NDArray[np.float64],
    first: int,
    steps: int,
) -> Iterator[tuple[int, tuple[NDArray[Any], ...]]]:
    """Read ahead by two batches. The draws of a step depend on seed and step alone, so a resumed run continues alike.

    The first part of a batch is the seed of the draws that the step itself makes.
    """

    def load(step: int) -> tuple[NDArray[Any], ...]:
        rng = np.random.default_rng((config.seed, step))
        rows = np.sort(rng.choice(len(weights), config.batch, p=weights, replace=False))
        return (
            np.array([config.seed % 2**31, step], np.int32),
            *maps.read(rows, rng),
            targets.style[rows],
            targets.style_weight[rows],
            targets.outfit[rows, None],
            targets.items[rows],
            targets.items_weight[rows],
            targets.colors[rows],
            targets.colors_weight[rows],
        )

    with ThreadPoolExecutor(1) as pool:
        waiting = [(step, pool.submit(load, step)) for step in range(first, min(first + 2, steps))]
        while waiting:
            step, future = waiting.pop(0)
            if step + 2 < steps:
                waiting.append((step + 2, pool.submit(load, step + 2)))
            yield step, future.result()


def _build_train_step(
    config: FinetuneConfig, tail: keras.Model, optimizers: Sequence[Any], groups: Sequence[Sequence[Any]]
) -> Callable[..., Any]:
    def weighted(losses: Any, weights: Any) -> Any:
        return tf.reduce_sum(losses * weights) / tf.maximum(tf.reduce_sum(weights), 1.0)

    def binary(truth: Any, logits: Any) -> Any:
        return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(truth, logits), axis=-1)

    dropouts = [layer for layer in tail.layers if isinstance(layer, keras.layers.Dropout)]

    @tf.function  # type: ignore[untyped-decorator]
    def step(
        seed: Any,
        codes: Any,
        scale: Any,
        style: Any,
        style_w: Any,
        outfit: Any,
        items: Any,
        items_w: Any,
        colors: Any,
        colors_w: Any,
    ) -> Any:
        maps = tf.square(tf.cast(codes, tf.float32) * (1 / 255)) * scale
        count = tf.shape(maps)[0]
        seeds = tf.random.split(seed, 4 + len(dropouts))
        for layer, layer_seed in zip(dropouts, tf.unstack(seeds[4:]), strict=True):
            layer.seed_generator.state.assign(tf.bitcast(layer_seed, tf.uint32))
        partner = draw_partners(count, seeds[0])
        own = draw_shares(count, MIXSTYLE_CONCENTRATION, config.mixstyle, seeds[1])[:, None, None, None]
        maps = erase_cells(mix_statistics(maps, partner, own), config.erase, seeds[2])
        share = draw_shares(count, MIXUP_CONCENTRATION, config.mixup, seeds[3])
        wide = share[:, None, None, None]
        maps = wide * maps + (1 - wide) * tf.gather(maps, partner)
        style, style_w = blend(style, style_w, partner, share)
        items, items_w = blend(items, items_w, partner, share)
        colors, colors_w = blend(colors, colors_w, partner, share)
        outfit, _ = blend(outfit, tf.ones_like(share), partner, share)
        with tf.GradientTape() as tape:
            logits = tail(maps, training=True)
            parts = (
                weighted(tf.nn.softmax_cross_entropy_with_logits(style, logits["style"]), style_w),
                tf.reduce_mean(binary(outfit, logits["outfit"])),
                weighted(binary(items, logits["items"]), items_w),
                weighted(binary(colors, logits["colors"]), colors_w),
            )
            factors = (config.style_weight, config.outfit_weight, config.items_weight, config.colors_weight)
            loss = tf.add_n([factor * part for factor, part in zip(factors, parts, strict=True)])
        gradients = tape.gradient(loss, [*groups[0], *groups[1]])
        optimizers[0].apply(gradients[: len(groups[0])], groups[0])
        optimizers[1].apply(gradients[len(groups[0]) :], groups[1])
        return tf.stack([loss, *parts])

    return step  # type: ignore[no-any-return]


def _build_average_step(tail: keras.Model, average: keras.Model) -> Callable[..., Any]:
    pairs = list(zip(tail.trainable_weights, average.trainable_weights, strict=True))

    @tf.function  # type: ignore[untyped-decorator]
    def update(momentum: Any) -> None:
        for new, old in pairs:
            old.assign(momentum * old.value + (1 - momentum) * new.value)

    return update  # type: ignore[no-any-return]


class _Checkpoint:
    """Weights, running average and optimizers in one file that is replaced atomically."""

    def __init__(self, path: Path, tail: keras.Model, average: keras.Model, optimizers: Sequence[Any]) -> None:
        self._path = path
        self._variables = [
            *tail.trainable_weights,
            *average.trainable_weights,
            *(variable for optimizer in optimizers for variable in optimizer.variables),
        ]

    def save(self, step: int) -> None:
        """Store the state before a step."""
        arrays = {str(i): variable.numpy() for i, variable in enumerate(self._variables)}
        save_arrays(self._path, {"step": np.array(step), **arrays})

    def restore(self) -> int:
        """Load the last state, if there is one, and return its step."""
        if not self._path.exists():
            return 0
        with np.load(self._path) as stored:
            for index, variable in enumerate(self._variables):
                variable.assign(stored[str(index)])
            return int(stored["step"])


def _append_losses(run_dir: Path, photos: int, losses: Sequence[NDArray[np.float32]]) -> None:
    means = np.mean(losses, axis=0).tolist()
    line = {"time": round(time.time()), "photos": photos}
    line |= {name: round(value, 4) for name, value in zip(LOSSES, means, strict=True)}
    with (run_dir / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps(line) + "\n")
