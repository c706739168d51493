"""What is done to fitted heads: an average with the fine-tuned ones, and a shift of the styles by their frequency."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

AVERAGED_HEADS = ("style", "outfit", "items")
"""Colors read other features than the fine-tuned head of colors."""

Weights = Mapping[str, NDArray[np.float32]]


def average_heads(fitted: Weights, tuned: Weights, share: float) -> dict[str, NDArray[np.float32]]:
    """Average kernels and biases with those of the fine-tuned network, which get `share`."""
    names = [f"{head}/{part}" for head in AVERAGED_HEADS for part in ("kernel", "bias")]
    return {
        name: ((1 - share) * value + share * tuned[name]).astype(np.float32) if name in names else value
        for name, value in fitted.items()
    }


def style_frequencies(labels: NDArray[np.int64], styles: int) -> NDArray[np.float64]:
    """The share of each style among the labels that name one; at least that of half a photo."""
    counts = np.maximum(np.bincount(labels[labels >= 0], minlength=styles), 0.5)
    shares: NDArray[np.float64] = counts / counts.sum()
    return shares


def shift_styles(bias: NDArray[np.float32], frequencies: NDArray[np.float64], power: float) -> NDArray[np.float32]:
    """Lower every style's bias by `power` times the logarithm of its frequency: rare styles are named more often."""
    return (bias - power * np.log(frequencies)).astype(np.float32)


def choose_power(
    logits: NDArray[np.float32],
    labels: NDArray[np.int64],
    frequencies: NDArray[np.float64],
    powers: Sequence[float],
) -> float:
    """Choose the power with which the first style is right most often; of equal ones, the first.

    Args:
        logits: n x styles, of validation photos.
        labels: n; photos with a negative label are left out.
        frequencies: of each style in training.
        powers: to choose from.
    """
    known = labels >= 0
    shifted = [logits[known] - power * np.log(frequencies) for power in powers]
    right = [int((values.argmax(axis=1) == labels[known]).sum()) for values in shifted]
    return powers[int(np.argmax(right))]
