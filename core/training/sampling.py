"""Batches of stored features for Keras, sampled so that rare styles and certain labels are more frequent."""

import math
from collections.abc import Mapping, Sequence

import keras
import numpy as np
from numpy.typing import NDArray

from core.styles import STYLES
from core.training.dataset import Example, Targets
from core.training.features import FeatureStore, dequantize

NOT_OUTFIT_WEIGHT = 0.8

Batch = tuple["NDArray[np.float32]", dict[str, "NDArray[np.float32]"], dict[str, "NDArray[np.float32]"]]


class BalancedBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """Maps after one cut with their targets.

    Without weights, every photo comes once, in order (validation). With weights, `draw` draws the sample of an epoch,
    and each photo takes one of the stores' versions at random.
    """

    def __init__(
        self,
        stores: Sequence[FeatureStore],
        cut: str,
        targets: Targets,
        *,
        batch_size: int,
        weights: NDArray[np.float64] | None = None,
        size: int | None = None,
        seed: int = 0,
    ) -> None:
        """Draw the first epoch's sample.

        Args:
            stores: versions of the features of the same photos in the same order.
            cut: name of the layer whose maps are returned.
            targets: of the photos, in the order of the stores.
            batch_size: number of photos in a batch.
            weights: relative frequency of each photo; None for every photo once, in order.
            size: number of photos in an epoch; all by default.
            seed: of the samples.
        """
        super().__init__(workers=1, use_multiprocessing=False, max_queue_size=4)
        self._maps = [store.maps(cut) for store in stores]
        self._targets, self._batch, self._rates = targets, batch_size, weights
        self._size = size or len(targets.outfit)
        self._seed = seed
        self.draw(0)

    def __len__(self) -> int:
        return math.ceil(self._size / self._batch)

    def __getitem__(self, index: int) -> Batch:
        part = slice(index * self._batch, (index + 1) * self._batch)
        rows, versions = self._rows[part], self._versions[part]
        maps = np.stack(
            [dequantize(self._maps[v][0][r], self._maps[v][1]) for r, v in zip(rows, versions, strict=True)]
        )
        targets = self._targets
        return (
            maps,
            {"style": targets.style[rows], "outfit": targets.outfit[rows, None]},
            {"style": targets.style_weight[rows], "outfit": np.ones(len(rows), np.float32)},
        )

    def draw(self, epoch: int) -> None:
        """Draw the sample of an epoch, which depends on the seed and its number alone."""
        if self._rates is None:
            self._rows = np.arange(self._size)
            self._versions = np.zeros(self._size, int)
            return
        rng = np.random.default_rng((self._seed, epoch))
        share = self._rates / self._rates.sum()
        times = (share * self._size + rng.random(share.size)).astype(int)
        rows = np.repeat(np.arange(share.size), times)
        short = max(0, self._size - rows.size)
        self._rows = rng.permutation(np.concatenate([rows, rng.choice(share.size, short, p=share)]))[: self._size]
        self._versions = rng.integers(0, len(self._maps), self._rows.size)


def sampling_weights(
    examples: Sequence[Example], *, balance: float, guess_weight: float, emphasis: Mapping[str, float]
) -> NDArray[np.float64]:
    """Compute the relative sampling weight of each photo.

    Args:
        examples: the photos.
        balance: styles are weighted by their frequency to the power of minus this.
        guess_weight: factor for guessed labels.
        emphasis: factors by source; default 1.
    """
    counts = np.zeros(len(STYLES))
    for example in examples:
        if example.label.style is not None:
            counts[example.label.style.position] += 1
    by_style = (counts.mean() / np.maximum(counts, 1)) ** balance
    return np.array(
        [
            emphasis.get(example.source, 1.0) * NOT_OUTFIT_WEIGHT
            if example.label.style is None
            else emphasis.get(example.source, 1.0)
            * by_style[example.label.style.position]
            * (guess_weight if example.label.sure == 1 else 1.0)
            for example in examples
        ]
    )
