"""Training in stages, each of which can be interrupted and gone on with: heads, then deeper and deeper tails."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from core.errors import CheckpointMismatch
from core.styles import STYLES
from core.training.batches import Batches, drawing_rates
from core.training.dataset import Example, Targets
from core.training.network import ARCHITECTURES, build_base, build_network, build_tail
from core.training.recipe import RECIPE_FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from core.training.features import FeatureStore
    from core.training.recipe import Recipe, Stage

__all__ = ["Lesson", "fit"]

VALIDATIONS = 4
"""How often a stage looks at the validation photos; it can be resumed from each."""
HEAD_EPOCHS = 40
HEAD_BATCH = 256
HEAD_STEPS = 400
"""Steps at least, so that few photos are repeated more often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """Kept features with the targets that belong to them."""

    examples: Sequence[Example]
    targets: Targets
    stores: Sequence[FeatureStore]
    """One per version of the photos."""


def fit(
    recipe: Recipe,
    *,
    weights: Path | None,
    start: Path | None,
    learn: Lesson,
    check: Lesson,
    out: Path,
    say: Callable[[str], None],
) -> keras.Model:
    """Train all stages and write `model.keras`, `recipe.json` and `log.jsonl` into `out`.

    A second call with the same recipe goes on where the first one was interrupted; a finished stage is loaded.
    The network begins with `start` (a `model.keras`), or else with the ImageNet weights and fresh heads.

    Raises:
        CheckpointMismatch: `out` holds the work of another recipe.
    """
    _claim(out, recipe)
    shape = (recipe.preprocessing.height, recipe.preprocessing.width)
    keras.utils.set_random_seed(recipe.seed)
    keras.config.set_dtype_policy("mixed_bfloat16" if _multiplies_bfloat16() else "float32")
    try:
        network = build_network(build_base(recipe.backbone, weights, shape), recipe.dropout)
        if start:
            network.set_weights(keras.models.load_model(start).get_weights())
        else:
            _begin_heads(network, learn, check, out, say)
        for number, stage in enumerate(recipe.stages):
            done = out / f"stage{number}.weights.h5"
            if done.exists():
                network.load_weights(done)
                continue
            say(f"stage {number}: {stage.photos} photos through {stage.block} and what is behind it")
            _fit_tail(network, recipe, stage, number, learn, check, out)
            network.save_weights(done)
    finally:
        keras.config.set_dtype_policy("float32")
    trained = build_network(build_base(recipe.backbone, weights, shape))
    trained.set_weights(network.get_weights())
    trained.save(out / "model.keras")
    return trained


def _begin_heads(network: keras.Model, learn: Lesson, check: Lesson, out: Path, say: Callable[[str], None]) -> None:
    path = out / "heads.npz"
    if not path.exists():
        _fit_heads(learn, check, network.get_layer("pool").output.shape[-1], path, out, say)
    with np.load(path) as stored:
        for name in ("style", "outfit"):
            network.get_layer(name).set_weights([stored[f"{name}_kernel"], stored[f"{name}_bias"]])


def _claim(out: Path, recipe: Recipe) -> None:
    out.mkdir(parents=True, exist_ok=True)
    text = recipe.to_json()
    path = out / RECIPE_FILE
    if path.exists() and path.read_text("utf-8") != text:
        raise CheckpointMismatch(out.name)
    path.write_text(text, "utf-8")


def _fit_heads(learn: Lesson, check: Lesson, channels: int, path: Path, out: Path, say: Callable[[str], None]) -> None:
    """Both heads on pooled features. Features are standardised for the fit and the scale is folded back in."""
    pooled = np.concatenate([store.pooled()[:, -channels:] for store in learn.stores])
    mean, deviation = pooled.mean(axis=0), pooled.std(axis=0) + 1e-3
    copies = len(learn.stores)
    features = keras.Input((pooled.shape[1],))
    dropped = keras.layers.Dropout(0.5)(features)
    style = keras.layers.Dense(len(STYLES), name="style", dtype="float32")(dropped)
    outfit = keras.layers.Dense(1, name="outfit", dtype="float32")(dropped)
    model = keras.Model(features, {"style": style, "outfit": outfit})
    batches = -(-len(pooled) // HEAD_BATCH)
    epochs = max(HEAD_EPOCHS, -(-HEAD_STEPS // batches))
    rate = keras.optimizers.schedules.CosineDecay(2e-3, epochs * batches)
    _compile(model, keras.optimizers.AdamW(rate, weight_decay=0.05), 0.3)
    targets, goal = learn.targets, check.targets
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
            (check.stores[0].pooled()[:, -channels:] - mean) / deviation,
            {"style": goal.style, "outfit": goal.outfit[:, None]},
            {"style": goal.style_weight, "outfit": np.ones(len(goal.outfit), np.float32)},
        ),
        verbose=0,
    ).history
    _log(out, "heads", {key: values[-1] for key, values in history.items()})
    say(f"heads: {history['val_style_top1'][-1]:.3f} of the validation photos named as the annotator did")
    folded: dict[str, NDArray[np.float32]] = {}
    for name in ("style", "outfit"):
        kernel, bias = model.get_layer(name).get_weights()
        kernel = kernel / deviation[:, None]
        folded |= {f"{name}_kernel": kernel, f"{name}_bias": bias - mean @ kernel}
    np.savez(path, allow_pickle=False, **folded)


def _fit_tail(
    network: keras.Model, recipe: Recipe, stage: Stage, number: int, learn: Lesson, check: Lesson, out: Path
) -> None:
    cut = ARCHITECTURES[recipe.backbone].cuts[stage.block]
    tail = build_tail(network, cut)
    tail = keras.Model(tail.input, dict(zip(("style", "outfit"), tail.outputs, strict=True)))
    part = max(recipe.batch, stage.photos // VALIDATIONS)
    batches = Batches(
        learn.stores,
        cut,
        learn.targets,
        batch=recipe.batch,
        rates=drawing_rates(
            learn.examples, balance=recipe.balance, guess_rate=recipe.guess_rate, emphasis=recipe.emphasis
        ),
        size=part,
        seed=recipe.seed + number,
    )
    steps = len(batches) * VALIDATIONS
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, steps - steps // 20, warmup_target=stage.rate, warmup_steps=steps // 20
    )
    optimizer = keras.optimizers.AdamW(
        schedule, weight_decay=recipe.weight_decay, clipnorm=1.0, use_ema=True, ema_momentum=recipe.ema
    )
    _compile(tail, optimizer, recipe.gate_weight)
    tail.fit(
        batches,
        epochs=VALIDATIONS,
        validation_data=Batches(check.stores, cut, check.targets, batch=recipe.batch),
        callbacks=[
            keras.callbacks.SwapEMAWeights(swap_on_epoch=True),
            keras.callbacks.BackupAndRestore(out / f"stage{number}.backup"),
            _Journal(out, f"stage{number}"),
        ],
    )


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


class _Journal(keras.callbacks.Callback):  # type: ignore[misc]
    """One JSON line per look at the validation photos."""

    def __init__(self, out: Path, stage: str) -> None:
        super().__init__()
        self._out, self._stage = out, stage

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        _log(self._out, self._stage, {"part": epoch, **(logs or {})})


def _log(out: Path, stage: str, values: dict[str, Any]) -> None:
    line = {"time": round(time.time()), "stage": stage, **{k: round(float(v), 5) for k, v in values.items()}}
    with (out / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps(line) + "\n")


def _multiplies_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 natively; it halves the time of a step."""
    try:
        flags = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags
