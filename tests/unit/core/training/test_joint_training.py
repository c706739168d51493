"""Fine-tuning with all heads: mixing of feature maps, interpolation of weights, and resuming."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.training.run_files import append_log

pytest.importorskip("keras", reason="the extra `train` is not installed")

import tensorflow as tf

from core.clothing import COLORS, ITEMS
from core.errors import CheckpointMismatchError
from core.training import joint_training
from core.training.config import FinetuneConfig
from core.training.feature_mixing import blend, draw_partners, draw_shares, erase_cells, mix_statistics
from core.training.feature_sets import TrainingSet
from core.training.features import FeatureStore
from core.training.joint_training import finetune
from core.training.linear_heads import HEADS, interpolate
from core.training.targets import Targets

PHOTOS = 12


def test_mixing_with_oneself_changes_nothing() -> None:
    maps = tf.constant(np.random.default_rng(0).random((2, 5, 5, 3), np.float32))
    assert np.allclose(mix_statistics(maps, tf.constant([1, 0]), tf.ones((2, 1, 1, 1))), maps, atol=1e-5)
    target, weight = blend(tf.constant([[1.0], [0.0]]), tf.constant([1.0, 0.0]), tf.constant([1, 0]), tf.ones(2))
    assert target.numpy().tolist() == [[1.0], [0.0]]
    assert weight.numpy().tolist() == [1.0, 0.0]
    assert draw_shares(4, 0.3, 0.0, [1, 2]).numpy().tolist() == [1, 1, 1, 1]


def test_partner_without_label_leaves_the_target_as_it_is() -> None:
    target, weight = blend(
        tf.constant([[1.0], [0.0]]), tf.constant([1.0, 0.0]), tf.constant([1, 0]), tf.constant([0.6, 0.6])
    )
    assert target.numpy()[0, 0] == pytest.approx(1)
    assert weight.numpy()[0] == pytest.approx(0.6)


def test_a_rectangle_of_cells_is_erased() -> None:
    erased = erase_cells(tf.ones((8, 20, 14, 2)), 1.0, [0, 0]).numpy()
    share = (erased == 0).mean(axis=(1, 2, 3))
    assert np.all((share > 0.01) & (share < 0.25))


def test_every_draw_depends_on_its_seed() -> None:
    draws: tuple[Callable[[list[int]], Any], ...] = (
        lambda seed: draw_partners(50, seed),
        lambda seed: draw_shares(50, 0.3, 0.5, seed),
        lambda seed: erase_cells(tf.ones((8, 20, 14, 2)), 0.5, seed),
    )
    for draw in draws:
        first, again, other = (draw(seed).numpy() for seed in ([7, 1], [7, 1], [7, 2]))
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)
    assert sorted(draw_partners(50, [7, 1]).numpy().tolist()) == list(range(50))
    shares = draw_shares(4000, 0.4, 1.0, [0, 0]).numpy()
    assert 0.5 <= shares.min() < 0.55
    assert 0.95 < shares.max() <= 1


def test_interpolation_keeps_what_was_not_trained() -> None:
    start = {"block3/kernel": np.zeros(2, np.float32), "block5/kernel": np.zeros(2, np.float32)}
    mixed = interpolate(start, {"block5/kernel": np.ones(2, np.float32), "style/kernel": np.ones(2, np.float32)}, 0.25)
    assert {name: value.tolist() for name, value in mixed.items()} == {
        "block3/kernel": [0, 0],
        "block5/kernel": [0.25, 0.25],
    }


def test_interrupted_run_continues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, eager: None) -> None:
    rng = np.random.default_rng(0)
    start = {"block4_conv1/kernel": (3, 3, 4, 6), "block5_conv1/kernel": (3, 3, 6, 8)}
    weights = {name: rng.normal(0, 0.3, shape).astype(np.float32) for name, shape in start.items()}
    weights |= {name.replace("kernel", "bias"): np.zeros(shape[-1], np.float32) for name, shape in start.items()}
    for head in HEADS:
        weights[f"{head.name}/kernel"] = np.zeros((8, head.outputs), np.float32)
        weights[f"{head.name}/bias"] = np.zeros(head.outputs, np.float32)
    config = FinetuneConfig(photos=16, batch=4, learning_rate=1e-2, dropout=0.5, mixstyle=0.5, erase=0.5, mixup=0.5)
    np.save(tmp_path / "block3_pool.npy", rng.integers(0, 255, (PHOTOS, 4, 2, 4), np.uint8))
    np.save(tmp_path / "block3_pool.scale.npy", np.ones(4, np.float32))
    ones = np.ones(PHOTOS, np.float32)
    targets = Targets(
        style=np.eye(8, dtype=np.float32)[np.arange(PHOTOS) % 8],
        style_weight=ones,
        outfit=ones,
        items=rng.random((PHOTOS, len(ITEMS)), np.float32),
        items_weight=ones,
        colors=rng.random((PHOTOS, len(COLORS)), np.float32),
        colors_weight=ones,
    )

    stores = [FeatureStore(folder=tmp_path)]
    photos = TrainingSet(stores=stores, targets=targets, weights=np.full(PHOTOS, 1 / PHOTOS))

    def run(name: str, run_config: FinetuneConfig = config) -> dict[str, np.ndarray]:
        return finetune(run_config, start=weights, photos=photos, run_dir=tmp_path / name, save_every=8)

    whole = run("whole")
    assert not np.allclose(whole["block4_conv1/kernel"], weights["block4_conv1/kernel"])

    def interrupt(*arguments: object) -> None:
        append_log(*arguments)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(joint_training, "append_log", interrupt)
        with pytest.raises(KeyboardInterrupt):
            run("broken")
    broken = run("broken")
    assert all(np.allclose(whole[name], broken[name], atol=1e-6) for name in whole)
    with pytest.raises(CheckpointMismatchError):
        run("broken", FinetuneConfig(photos=8, batch=4))
