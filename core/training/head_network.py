"""The networks with every head: the one that is served, the parts that features are read from, and the trained part."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from core.training.config import BLOCKS
from core.training.linear_heads import HEADS
from core.training.network import IMAGENET_MEAN

OUTPUTS = {
    "style": ("style_logits", "evidence"),
    "outfit": ("outfit_logit", "outfit_evidence"),
    "items": ("item_logits", "item_evidence"),
    "colors": ("color_logits", "color_evidence"),
}
"""Names of each head's logits and evidence in the serving model."""
FURTHER_HEADS = ("kind", "clothes")
"""Heads from `core.training.picture_heads`: of the first, the logits are an output, of the second, probabilities of
positions."""
CUT = "block3_pool"
"""The layer before BLOCKS, which fine-tuning changes."""
HEAD_BLOCKS = 3
"""How many of the last blocks the heads may read."""


def build_pooled_network(
    weights: Mapping[str, NDArray[np.float32]], *, size: tuple[int, int], with_maps: bool
) -> keras.Model:
    """Build the network from float32 RGB pixels to `pooled`, the means of the maps after the last three blocks.

    Args:
        weights: `<layer>/kernel` and `<layer>/bias` of the convolutions.
        size: height and width of the input.
        with_maps: whether `block3_pool`, the maps from which fine-tuning starts, are an output too.
    """
    picture = keras.Input((*size, 3), batch_size=1, name="picture")
    network = keras.Model(picture, {"pooled": _pool(_build_picture_blocks(picture, weights))})
    return keras.Model(picture, network.output | {CUT: network.get_layer(CUT).output}) if with_maps else network


def build_pooled_tail(weights: Mapping[str, NDArray[np.float32]], shape: Sequence[int]) -> keras.Model:
    """Build the rest of the same network, from `block3_pool` to `pooled`."""
    maps = keras.Input(shape, batch_size=1, name="maps")
    return keras.Model(maps, {"pooled": _pool(_on_last_grid([maps, *_build_last_blocks(maps, weights)]))})


def build_joint_tail(
    weights: Mapping[str, NDArray[np.float32]], shape: Sequence[int], *, dropout: float = 0.0
) -> keras.Model:
    """Build the trainable part: the rest of the network with all heads on the last features.

    Args:
        weights: `<layer>/kernel` and `<layer>/bias` of the convolutions and heads.
        shape: rows, columns and channels of the maps after block 3.
        dropout: share of the last channels that are left out of a photo in training.

    Returns:
        A model whose outputs are the logits by the head's name.
    """
    maps = keras.Input(shape, name="maps")
    last = _build_last_blocks(maps, weights)[-1]
    pooled = keras.layers.GlobalAveragePooling2D(dtype="float32", name="pool")(last)
    if dropout:
        pooled = keras.layers.Dropout(dropout, dtype="float32", name="dropout")(pooled)
    layers = {head.name: keras.layers.Dense(head.outputs, dtype="float32", name=head.name) for head in HEADS}
    tail = keras.Model(maps, {name: layer(pooled) for name, layer in layers.items()}, name="joint_tail")
    for name, layer in layers.items():
        layer.set_weights([weights[f"{name}/kernel"], weights[f"{name}/bias"]])
    return tail


def read_weights(network: keras.Model) -> dict[str, NDArray[np.float32]]:
    """Read `<layer>/kernel` and `<layer>/bias` of every layer."""
    weights: dict[str, NDArray[np.float32]] = {}
    for layer in network.layers:
        if layer.weights:
            weights[f"{layer.name}/kernel"], weights[f"{layer.name}/bias"] = layer.get_weights()
    return weights


def build_head_network(weights: Mapping[str, NDArray[np.float32]], *, size: tuple[int, int]) -> keras.Model:
    """Build the serving network, from uint8 RGB pixels to logits and evidence of every head, and the embedding.

    Every logit is the mean of its evidence over the positions plus a bias, so the evidence shows exactly what the logit
    is made of. `kind_logits` come without evidence, and `clothes` is a probability at every position.

    Args:
        weights: `<layer>/kernel` and `<layer>/bias` of convolutions and heads, and `embedding/kernel` with the bias as
            its last row.
        size: height and width of the input.
    """
    picture = keras.Input((*size, 3), batch_size=1, dtype="uint8", name="picture")
    maps = _build_picture_blocks(keras.ops.cast(picture, "float32"), weights)
    outputs: dict[str, Any] = {}
    last_only = [head for head in HEADS if not head.uses_all_blocks]
    # One convolution for the heads on the last block, which are quantized and read once.
    names = [*(head.name for head in last_only), *FURTHER_HEADS]
    kernel = np.concatenate([weights[f"{name}/kernel"] for name in names], axis=1)
    together = _project(maps[-1:], kernel, "evidence")
    start = 0
    for head in HEADS:
        logits, evidence = OUTPUTS[head.name]
        if head.uses_all_blocks:
            outputs[evidence] = _project(maps, weights[f"{head.name}/kernel"], head.name)
        else:
            outputs[evidence] = together[..., start : start + head.outputs]
            start += head.outputs
        bias = weights[f"{head.name}/bias"].astype(np.float32)
        outputs[logits] = keras.ops.mean(outputs[evidence], axis=(1, 2)) + bias
    kinds = len(weights["kind/bias"])
    outputs["kind_logits"] = keras.ops.mean(together[..., start : start + kinds], axis=(1, 2)) + weights["kind/bias"]
    outputs["clothes"] = keras.ops.sigmoid(together[..., start + kinds :] + weights["clothes/bias"])
    kernel = weights["embedding/kernel"]
    dense = keras.layers.Dense(kernel.shape[1], name="embedding_dense")
    vector = dense(keras.layers.GlobalAveragePooling2D(name="pool")(maps[-1]))
    dense.set_weights([kernel[:-1], kernel[-1]])
    norm = keras.ops.sqrt(keras.ops.sum(keras.ops.square(vector), axis=1, keepdims=True) + 1e-12)
    outputs["embedding"] = vector / norm
    return keras.Model(picture, outputs, name="eva")


def build_last_maps(weights: Mapping[str, NDArray[np.float32]], *, size: tuple[int, int]) -> keras.Model:
    """Build the network from float32 RGB pixels to the maps after the last block."""
    picture = keras.Input((*size, 3), batch_size=1, name="picture")
    return keras.Model(picture, _build_picture_blocks(picture, weights)[-1])


def _build_picture_blocks(picture: Any, weights: Mapping[str, NDArray[np.float32]]) -> list[Any]:
    """The maps after the last three blocks, all on the grid of the last one."""
    return _on_last_grid(_build_blocks(picture - np.array(IMAGENET_MEAN, np.float32), weights))


def _build_last_blocks(maps: Any, weights: Mapping[str, NDArray[np.float32]]) -> list[Any]:
    """The maps after each of BLOCKS."""
    return _build_blocks(maps, {name: value for name, value in weights.items() if name.startswith(BLOCKS)})


def _build_blocks(maps: Any, weights: Mapping[str, NDArray[np.float32]]) -> list[Any]:
    """The maps after every block."""
    names = sorted(name.removesuffix("/kernel") for name in weights if name.startswith("block") and "/kernel" in name)
    last_block = names[-1].split("_")[0]
    after: list[Any] = []
    for block, group in groupby(names, key=lambda name: name.split("_")[0]):
        for name in group:
            kernel, bias = weights[f"{name}/kernel"], weights[f"{name}/bias"]
            layer = keras.layers.Conv2D(len(bias), 3, padding="same", activation="relu", name=name)
            maps = layer(maps)
            layer.set_weights([kernel, bias])
        if block != last_block:
            maps = keras.layers.MaxPooling2D(2, name=f"{block}_pool")(maps)
        after.append(maps)
    return after


def _on_last_grid(after: Sequence[Any]) -> list[Any]:
    early, middle, last = after[-HEAD_BLOCKS:]
    return [keras.layers.AveragePooling2D(2, name="early_on_last_grid")(early), middle, last]


def _pool(maps: Sequence[Any]) -> Any:
    return keras.layers.Concatenate()([keras.layers.GlobalAveragePooling2D()(layer) for layer in maps])


def _project(maps: Sequence[Any], kernel: NDArray[np.float32], name: str) -> Any:
    """Multiply by a kernel over the channels of all maps. Each map has its own convolution, hence its own scale."""
    total, start = None, 0
    for number, layer in enumerate(maps):
        channels = layer.shape[-1]
        convolution = keras.layers.Conv2D(kernel.shape[1], 1, use_bias=False, name=f"{name}_{number}")
        part = convolution(layer)
        convolution.set_weights([kernel[None, None, start : start + channels]])
        total = part if total is None else total + part
        start += channels
    return total
