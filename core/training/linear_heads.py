"""Linear heads on pooled features: styles, the gate, items and colors, each a convex problem solved to its minimum.

Fitted heads are then averaged with fine-tuned ones, and the styles are shifted by their frequency.

See ADR 0024.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, log_softmax, softmax

from core.clothing import COLORS, ITEMS
from core.styles import STYLES
from core.training.photo_table import PhotoTable
from core.training.targets import compute_targets, photo_weights

MIN_DEVIATION_SHARE = 0.5
"""Smallest standard deviation that a channel is divided by, as a share of the median channel's."""
MAX_ITERATIONS = 400
AVERAGED_HEADS = ("style", "outfit", "items")
"""Colors read other features than the fine-tuned head of colors."""

Weights = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """One linear head."""

    name: str
    """Also the prefix of its weights: `<name>/kernel` (channels x outputs) and `<name>/bias`."""
    outputs: int
    penalty: float
    """Weight of half the squared norm of the standardized kernel; chosen on validation and on held-out sources."""
    balance: float
    """Rare styles count more: frequency to the power of minus this."""
    uses_all_blocks: bool = False
    """Whether it reads the maps after blocks 3, 4 and 5, on the grid of the last one, instead of the last alone."""


HEADS = (
    Head(name="style", outputs=len(STYLES), penalty=0.1, balance=0.3),
    Head(name="outfit", outputs=1, penalty=1e-2, balance=0.6),
    Head(name="items", outputs=len(ITEMS), penalty=1e-2, balance=0.6),
    Head(name="colors", outputs=len(COLORS), penalty=1e-2, balance=0.6, uses_all_blocks=True),
)
GUESS_RATE = 0.6
"""Weight of a photo whose first label is a guess, relative to a certain one."""


def floored_deviation(pooled: NDArray[np.float32]) -> NDArray[np.float32]:
    """Compute each channel's standard deviation, at least half of the median one.

    Without the floor, nearly dead channels get weights a hundred times the others', and int8 cannot hold both.
    """
    deviation = pooled.std(axis=0)
    floored: NDArray[np.float32] = np.maximum(deviation, MIN_DEVIATION_SHARE * np.median(deviation)).astype(np.float32)
    return floored


def count_last_channels(weights: Mapping[str, NDArray[np.float32]]) -> int:
    """Count the channels of the last convolution."""
    return len(weights[max(name for name in weights if name.startswith("block") and name.endswith("/bias"))])


def fit_heads(
    pooled: NDArray[np.float32],
    last: int,
    table: PhotoTable,
    rows: NDArray[np.int64],
    heads: Sequence[Head] = HEADS,
) -> dict[str, NDArray[np.float32]]:
    """Fit every head to soft targets; scale and mean of the features are folded into kernel and bias.

    Args:
        pooled: n x channels, means over positions of the maps after blocks 3, 4 and 5.
        last: number of channels of block 5.
        table: all labels.
        rows: n, the photo of each row of `pooled`; several rows of one photo share its weight.
        heads: the heads to fit.
    """
    targets = compute_targets(table, rows)
    goals = {
        "style": (targets.style, targets.style_weight),
        "outfit": (targets.outfit[:, None], np.ones(len(pooled), np.float32)),
        "items": (targets.items, targets.items_weight),
        "colors": (targets.colors, targets.colors_weight),
    }
    versions = np.bincount(rows, minlength=len(table))[rows]
    fitted: dict[str, NDArray[np.float32]] = {}
    for head in heads:
        features = pooled if head.uses_all_blocks else pooled[:, -last:]
        goal, counts = goals[head.name]
        weights = photo_weights(table, rows, balance=head.balance, guess_rate=GUESS_RATE) / versions * counts
        fitted |= fit_linear_map(head.name, features, goal, weights, head.penalty, exclusive=head.name == "style")
    return fitted


def fit_linear_map(
    name: str,
    features: NDArray[np.float32],
    goal: NDArray[np.float32],
    weights: NDArray[np.float64],
    penalty: float,
    *,
    exclusive: bool,
) -> dict[str, NDArray[np.float32]]:
    """Fit `<name>/kernel` and `<name>/bias`; scale and mean of the features are folded into them.

    Args:
        name: of the head.
        features: n x channels.
        goal: n x outputs, 0 to 1.
        weights: n, relative.
        penalty: see `Head`.
        exclusive: whether exactly one of the outputs is true.
    """
    mean, deviation = features.mean(axis=0), floored_deviation(features)
    standard = ((features - mean) / deviation).astype(np.float32)
    kernel, bias = _fit(standard, goal, weights, penalty, exclusive=exclusive)
    kernel = kernel / deviation[:, None]
    return {
        f"{name}/kernel": kernel.astype(np.float32),
        f"{name}/bias": (bias - mean @ kernel).astype(np.float32),
    }


def apply_heads(
    pooled: NDArray[np.float32], weights: Mapping[str, NDArray[np.float32]], heads: Sequence[Head] = HEADS
) -> dict[str, NDArray[np.float32]]:
    """Compute the logits of every head, n x outputs; of the gate, n."""
    logits = {}
    for head in heads:
        kernel = weights[f"{head.name}/kernel"]
        logits[head.name] = pooled[:, -len(kernel) :] @ kernel + weights[f"{head.name}/bias"]
    return {name: values[:, 0] if name == "outfit" else values for name, values in logits.items()}


def average_heads(fitted: Weights, tuned: Weights, share: float) -> dict[str, NDArray[np.float32]]:
    """Average kernels and biases with those of the fine-tuned network, which get `share`."""
    names = [f"{head}/{part}" for head in AVERAGED_HEADS for part in ("kernel", "bias")]
    return interpolate(fitted, {name: tuned[name] for name in names}, share)


def interpolate(start: Weights, end: Weights, share: float) -> dict[str, NDArray[np.float32]]:
    """Move every weight of `start` that `end` has toward it, by `share` of the way (Wortsman et al. 2022).

    Half of the way keeps what the first network knew of all sources and most of what the second learned: on sources
    held out of the training both ends name the style in 0.61, the middle in 0.64.
    """
    return {
        name: ((1 - share) * value + share * end[name]).astype(np.float32) if name in end else value
        for name, value in start.items()
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


def _fit(
    features: NDArray[np.float32],
    goal: NDArray[np.float32],
    weights: NDArray[np.float64],
    penalty: float,
    *,
    exclusive: bool,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Minimize the cross-entropy (of a softmax if the outputs exclude each other) with L-BFGS."""
    used = weights > 0
    features, goal = features[used], goal[used]
    share = (weights[used] / weights[used].sum()).astype(np.float32)[:, None]
    shape = (features.shape[1], goal.shape[1])

    def loss(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        kernel, bias = parameters[: -shape[1]].reshape(shape), parameters[-shape[1] :]
        logits = features @ kernel.astype(np.float32) + bias.astype(np.float32)
        if exclusive:
            value = -np.sum(share * goal * log_softmax(logits, axis=1))
            slope = share * (softmax(logits, axis=1) * goal.sum(axis=1, keepdims=True) - goal)
        else:
            value = np.sum(share * (np.logaddexp(0, logits) - goal * logits))
            slope = share * (expit(logits) - goal)
        gradient = np.concatenate([(features.T @ slope + penalty * kernel).ravel(), slope.sum(axis=0)])
        return float(value + 0.5 * penalty * np.sum(kernel**2)), gradient.astype(np.float64)

    start = np.zeros((shape[0] + 1) * shape[1])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": MAX_ITERATIONS}).x
    return found[: -shape[1]].reshape(shape), found[-shape[1] :]
