"""A linear embedding of pooled features in which outfits with the same items, colors and style lie close together."""

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from core.training.linear_heads import floored_deviation
from core.training.targets import Targets

EMBEDDING_SIZE = 128

ITEM_PART, COLOR_PART, STYLE_PART = 0.5, 0.2, 0.3
"""Parts of the similarity of two outfits by their labels."""
LABEL_TEMPERATURE, COSINE_TEMPERATURE = 0.08, 0.1


def label_similarity(targets: Targets, rows: NDArray[np.int64], frequency: NDArray[np.float32]) -> NDArray[np.float32]:
    """Compare photos by their labels, rows x rows, 0 to 1: cosines of items (rare ones count more), colors and styles.

    Args:
        targets: of all photos.
        rows: the photos to compare.
        frequency: of each item.
    """
    parts = (
        (ITEM_PART, targets.items[rows] * np.sqrt(-np.log(np.clip(frequency, 1e-3, 0.9)))),
        (COLOR_PART, targets.colors[rows]),
        (STYLE_PART, targets.style[rows]),
    )
    total = np.zeros((len(rows), len(rows)), np.float32)
    for part, values in parts:
        unit = values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-6)
        total += (part * unit @ unit.T).astype(np.float32)
    return total


def fit_embedding(
    pooled: NDArray[np.float32],
    targets: Targets,
    *,
    steps: int = 600,
    batch: int = 512,
    learning_rate: float = 1e-3,
    seed: int = 7,
) -> NDArray[np.float32]:
    """Fit the kernel, channels x 128, and the bias as its last row.

    In each batch the softmax over cosines learns the softmax over label similarities.

    Args:
        pooled: n x channels, of outfits with items and colors.
        targets: of the same photos.
        steps: how many batches.
        batch: photos compared with each other.
        learning_rate: at the start; falls to zero by a half cosine.
        seed: of start and draw.
    """
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    deviation = floored_deviation(pooled)
    mean = pooled.mean(axis=0)
    frequency = targets.items.mean(axis=0)
    kernel = tf.Variable(rng.normal(0, pooled.shape[1] ** -0.5, (pooled.shape[1], EMBEDDING_SIZE)).astype(np.float32))
    optimizer = keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(learning_rate, steps), weight_decay=0.05)
    optimizer.build([kernel])

    @tf.function  # type: ignore[untyped-decorator]
    def step(features: tf.Tensor, similarity: tf.Tensor) -> tf.Tensor:
        itself = tf.eye(tf.shape(features)[0]) * 1e9
        truth = tf.nn.softmax(similarity / LABEL_TEMPERATURE - itself)
        with tf.GradientTape() as tape:
            unit = tf.math.l2_normalize(tf.nn.dropout(features, 0.2) @ kernel, axis=1)
            cosines = tf.matmul(unit, unit, transpose_b=True) / COSINE_TEMPERATURE - itself
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(truth, cosines))
        optimizer.apply(tape.gradient(loss, [kernel]), [kernel])
        return loss

    standard = ((pooled - mean) / deviation).astype(np.float32)
    for _ in range(steps):
        rows = rng.choice(len(pooled), min(batch, len(pooled)), replace=False)
        step(tf.constant(standard[rows]), tf.constant(label_similarity(targets, rows, frequency)))
    folded: NDArray[np.float32] = kernel.numpy() / deviation[:, None]
    return np.concatenate([folded, -(mean @ folded)[None]]).astype(np.float32)
