"""Embeddings of synthetic looks, as `looks.embedding` stores them: clusters whose sizes and widths differ.

Directions are of unequal weight, as in the embeddings of photos, where 20 of 128 have most of the variance.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

SIZE = 128
CLUSTERS = 3_000
BATCH = 50_000
SPREAD = (0.35, 0.9)
"""Deviation within a cluster, least and most, relative to that of the centers."""
DECAY = 24.0
"""Weights of the directions fall by e in this many of them."""


def draw_embeddings(count: int, *, seed: int = 42) -> Iterator[NDArray[np.uint8]]:
    """Batches of vectors, n x 128, `count` in total."""
    random = np.random.default_rng(seed)
    weights = np.exp(-np.arange(SIZE) / DECAY).astype(np.float32)
    centers = random.standard_normal((CLUSTERS, SIZE), np.float32) * weights
    spread = random.uniform(*SPREAD, CLUSTERS).astype(np.float32)
    popularity = random.pareto(1.2, CLUSTERS) + 0.2
    for start in range(0, count, BATCH):
        size = min(BATCH, count - start)
        cluster = random.choice(CLUSTERS, size, p=popularity / popularity.sum())
        noise = random.standard_normal((size, SIZE), np.float32) * weights
        vectors = centers[cluster] + noise * spread[cluster, None]
        yield quantize(vectors)


def quantize(vectors: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The bytes of `looks.embedding`, n x 128."""
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    levels: NDArray[np.uint8] = np.rint(vectors * (127 / largest) + 128).astype(np.uint8)
    return levels
