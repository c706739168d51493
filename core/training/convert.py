"""From a Keras model to a LiteRT model with int8 weights and activations quantised on the fly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tensorflow as tf

if TYPE_CHECKING:
    import keras

__all__ = ["to_litert"]


def to_litert(model: keras.Model) -> bytes:
    """Convert with dynamic-range quantisation: int8 weights per channel, float inputs and outputs."""
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return bytes(converter.convert())
