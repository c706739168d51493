"""Fine-tuning of blocks 4 and 5 with all heads on stored maps; resumable from its last checkpoint."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from core.training.config import FinetuneConfig
from core.training.feature_mixing import (
    MIXSTYLE_CONCENTRATION,
    MIXUP_CONCENTRATION,
    blend,
    draw_partners,
    draw_shares,
    erase_cells,
    mix_statistics,
)
from core.training.feature_sets import TrainingSet
from core.training.head_network import CUT, build_joint_tail, read_weights
from core.training.linear_heads import HEADS
from core.training.network import bfloat16_where_supported
from core.training.run_files import append_log, claim_run_directory, save_arrays
from core.training.targets import Targets

CHECKPOINT_FILE = "checkpoint.npz"
_HEAD_NAMES = tuple(head.name for head in HEADS)


def finetune(
    config: FinetuneConfig,
    *,
    start: Mapping[str, NDArray[np.float32]],
    photos: TrainingSet,
    run_dir: Path,
    save_every: int = 1024,
) -> dict[str, NDArray[np.float32]]:
    """Train all heads and blocks 4 and 5, and return the averaged weights; a second call resumes.

    Args:
        config: every choice.
        start: weights of convolutions and heads.
        photos: with maps after block 3, and weights that sum to 1.
        run_dir: directory of the checkpoint, the configuration and `log.jsonl`.
        save_every: photos between two checkpoints.

    Raises:
        CheckpointMismatchError: `run_dir` holds a run with another configuration.
    """
    claim_run_directory(run_dir, config)
    _, *shape = photos.stores[0].maps(CUT)[0].shape
    keras.utils.set_random_seed(config.seed)
    with bfloat16_where_supported():
        tail = build_joint_tail(start, shape, dropout=config.dropout)
        average = build_joint_tail(start, shape)
    steps = config.photos // config.batch
    trained = _make_optimizers(config, tail, steps)
    variables = [*tail.trainable_weights, *average.trainable_weights]
    variables += [variable for optimizer, _ in trained for variable in optimizer.variables]
    train = _build_train_step(config, tail, trained)
    update = _build_average_step(tail, average)
    losses: list[NDArray[np.float32]] = []
    first = _restore(run_dir / CHECKPOINT_FILE, variables)
    for step, batch in _draw_batches(config, photos, range(first, steps)):
        losses.append(train({name: tf.constant(part) for name, part in batch.items()}).numpy())
        update(tf.constant(min(config.ema, (1 + step) / (10 + step)), tf.float32))
        seen = (step + 1) * config.batch
        if seen % save_every < config.batch or step + 1 == steps:
            arrays = {str(number): variable.numpy() for number, variable in enumerate(variables)}
            save_arrays(run_dir / CHECKPOINT_FILE, {"step": np.array(step + 1), **arrays})
            means = np.mean(losses, axis=0).tolist()
            append_log(run_dir, {"photos": seen}, dict(zip(("loss", *_HEAD_NAMES), means, strict=True)))
            losses = []
    return read_weights(average)


def _restore(path: Path, variables: Sequence[Any]) -> int:
    """Load the last checkpoint, if there is one, and return the step that it was stored before."""
    if not path.exists():
        return 0
    with np.load(path) as stored:
        for number, variable in enumerate(variables):
            variable.assign(stored[str(number)])
        return int(stored["step"])


def _make_optimizers(config: FinetuneConfig, tail: keras.Model, steps: int) -> list[tuple[Any, list[Any]]]:
    """One optimizer for the convolutions and one for the heads, each with its variables."""
    convolutions = [variable for variable in tail.trainable_weights if variable.path.startswith("block")]
    heads = [variable for variable in tail.trainable_weights if not variable.path.startswith("block")]
    warm = max(1, steps // 20)
    optimizers = []
    for variables, factor in ((convolutions, 1.0), (heads, config.head_rate)):
        rate = keras.optimizers.schedules.CosineDecay(
            0.0, max(1, steps - warm), warmup_target=config.learning_rate * factor, warmup_steps=warm
        )
        optimizer = keras.optimizers.AdamW(rate, config.weight_decay, clipnorm=1.0)
        optimizer.build(variables)
        optimizers.append((optimizer, variables))
    return optimizers


def _draw_batches(
    config: FinetuneConfig, photos: TrainingSet, steps: range
) -> Iterator[tuple[int, dict[str, NDArray[Any]]]]:
    """Read ahead by two batches. The draws of a step depend on seed and step alone, so a resumed run continues alike.

    `seed` in a batch is that of the draws that the step itself makes; the others are maps and targets.
    """

    def load(step: int) -> dict[str, NDArray[Any]]:
        rng = np.random.default_rng((config.seed, step))
        rows = np.sort(rng.choice(len(photos.targets.outfit), config.batch, p=photos.weights, replace=False))
        codes, scale = photos.read_maps(CUT, rows, rng.integers(0, len(photos.stores), len(rows)))
        batch = {field.name: getattr(photos.targets, field.name)[rows] for field in fields(Targets)}
        batch |= {"outfit": batch["outfit"][:, None], "outfit_weight": np.ones(config.batch, np.float32)}
        return batch | {"seed": np.array([config.seed % 2**31, step], np.int32), "codes": codes, "scale": scale}

    with ThreadPoolExecutor(1) as pool:
        ahead = [pool.submit(load, step) for step in steps[:2]]
        for number, step in enumerate(steps):
            batch = ahead.pop(0).result()
            ahead += [pool.submit(load, later) for later in steps[number + 2 : number + 3]]
            yield step, batch


def _build_train_step(
    config: FinetuneConfig, tail: keras.Model, trained: Sequence[tuple[Any, Sequence[Any]]]
) -> Callable[..., Any]:
    """Build the step that augments maps and targets of a batch, and returns the loss and the part of each head."""
    factors = {
        "style": config.style_weight,
        "outfit": config.outfit_weight,
        "items": config.items_weight,
        "colors": config.colors_weight,
    }
    dropouts = [layer for layer in tail.layers if isinstance(layer, keras.layers.Dropout)]

    @tf.function  # type: ignore[untyped-decorator]
    def step(batch: dict[str, Any]) -> Any:
        maps = tf.square(tf.cast(batch["codes"], tf.float32) * (1 / 255)) * batch["scale"]
        count = tf.shape(maps)[0]
        seeds = tf.random.split(batch["seed"], 4 + len(dropouts))
        for layer, layer_seed in zip(dropouts, tf.unstack(seeds[4:]), strict=True):
            layer.seed_generator.state.assign(tf.bitcast(layer_seed, tf.uint32))
        partner = draw_partners(count, seeds[0])
        own = draw_shares(count, MIXSTYLE_CONCENTRATION, config.mixstyle, seeds[1])[:, None, None, None]
        maps = erase_cells(mix_statistics(maps, partner, own), config.erase, seeds[2])
        share = draw_shares(count, MIXUP_CONCENTRATION, config.mixup, seeds[3])
        wide = share[:, None, None, None]
        maps = wide * maps + (1 - wide) * tf.gather(maps, partner)
        with tf.GradientTape() as tape:
            logits = tail(maps, training=True)
            parts = []
            for name in _HEAD_NAMES:
                goal, counts = blend(batch[name], batch[f"{name}_weight"], partner, share)
                parts.append(_weighted_loss(name, goal, counts, logits[name]))
            loss = tf.add_n([factors[name] * part for name, part in zip(_HEAD_NAMES, parts, strict=True)])
        gradients = tape.gradient(loss, [variables for _, variables in trained])
        for (optimizer, variables), slopes in zip(trained, gradients, strict=True):
            optimizer.apply(slopes, variables)
        return tf.stack([loss, *parts])

    return step  # type: ignore[no-any-return]


def _weighted_loss(name: str, goal: Any, counts: Any, logits: Any) -> Any:
    """Mean cross-entropy of a head over the photos, weighted by `counts`: softmax for styles, else sigmoid."""
    if name == "style":
        losses = tf.nn.softmax_cross_entropy_with_logits(goal, logits)
    else:
        losses = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(goal, logits), axis=-1)
    return tf.reduce_sum(losses * counts) / tf.maximum(tf.reduce_sum(counts), 1.0)


def _build_average_step(tail: keras.Model, average: keras.Model) -> Callable[..., Any]:
    pairs = list(zip(tail.trainable_weights, average.trainable_weights, strict=True))

    @tf.function  # type: ignore[untyped-decorator]
    def update(momentum: Any) -> None:
        for new, old in pairs:
            old.assign(momentum * old.value + (1 - momentum) * new.value)

    return update  # type: ignore[no-any-return]
