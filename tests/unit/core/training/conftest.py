"""Test data for training: drawn photos, labels, and a network of three small blocks."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

keras = pytest.importorskip("keras", reason="the extra `train` is not installed")

COLORS = {"casual": (40, 70, 200), "retro": (220, 120, 20), "street": (30, 160, 60)}


def tiny_backbone(*, include_top: bool, weights: str | None, input_tensor: Any) -> Any:
    """Three blocks of one convolution, named as VGG's; deterministic, as if the weights were loaded."""
    assert not include_top
    value = input_tensor
    for block, channels in ((3, 8), (4, 8), (5, 16)):
        start = keras.initializers.HeNormal(seed=block)
        convolution = keras.layers.Conv2D(
            channels, 3, padding="same", activation="relu", kernel_initializer=start, name=f"block{block}_conv1"
        )
        value = convolution(value)
        if block < 5:
            value = keras.layers.MaxPooling2D(name=f"block{block}_pool")(value)
    return keras.Model(input_tensor, value)


@pytest.fixture(scope="module")
def tiny() -> Iterator[str]:
    """The name of an architecture that trains in seconds."""
    from core.training.network import ARCHITECTURES, Architecture

    architecture = Architecture(
        make=tiny_backbone,
        features="block5_conv1",
        cuts={"block5": "block4_pool", "block4": "block3_pool"},
        channels=8,
        weights="random",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ARCHITECTURES, "tiny", architecture)
        yield "tiny"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The training data, to be changed by a test."""
    return write_data(tmp_path / "data")


@pytest.fixture
def eager() -> Iterator[None]:
    """Run TensorFlow step by step: for a few steps, tracing a graph takes longer than they do."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="module")
def unchanged_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The training data, for tests that only read it."""
    return write_data(tmp_path_factory.mktemp("training") / "data")


def write_data(folder: Path) -> Path:
    """Photos whose style is their color, gray ones without an outfit, in the three splits."""
    (folder / "photos").mkdir(parents=True)
    rng = np.random.default_rng(3)
    rows: list[dict[str, str]] = []
    for number in range(120):
        style = [*COLORS, "not_outfit"][number % 4]
        split = "train" if number < 72 else "val" if number < 96 else "test"
        color = np.array(COLORS.get(style, (128, 128, 128)))
        pixels = np.clip(color + rng.normal(0, 25, (48, 32, 3)), 0, 255).astype(np.uint8)
        name = f"photos/{number:03}.png"
        Image.fromarray(pixels).save(folder / name)
        rows.append(
            {
                "photo": name,
                "split": split,
                "style": style,
                "second": "mode" if number % 8 == 0 else "",
                "sure": str(1 + number % 3),
                "style_b": style if split == "test" else "",
                "second_b": "",
                "sure_b": "3" if split == "test" else "",
                "source": "drawn",
            }
        )
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder
