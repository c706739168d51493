"""Augmentation of feature maps: what is left of a photo's style after its source and parts of it are blurred.

MixStyle (Zhou et al. 2021) exchanges channel statistics of two photos, so that the look of a source is no hint; random
erasing (Zhong et al. 2020) removes cells; mixup (Zhang et al. 2018) blends maps and targets. A seed, two whole numbers,
decides every draw, so that an interrupted run draws what it would have drawn.
"""

from typing import Any

import tensorflow as tf

MIXSTYLE_CONCENTRATION, MIXUP_CONCENTRATION = 0.3, 0.4
"""Of the Beta distributions of the shares."""
ERASED_SIDE = (0.2, 0.4)
"""Length of an erased rectangle, as a share of each side."""


def mix_statistics(maps: Any, partner: Any, share: Any) -> Any:
    """Give each channel of a photo a mean and deviation between its own and its partner's.

    Args:
        maps: batch x rows x columns x channels, non-negative.
        partner: batch, positions of the partners.
        share: batch x 1 x 1 x 1, the photo's own part, 0 to 1.
    """
    mean, variance = tf.nn.moments(maps, axes=(1, 2), keepdims=True)
    deviation = tf.sqrt(variance + 1e-4)
    mixed_mean = share * mean + (1 - share) * tf.gather(mean, partner)
    mixed_deviation = share * deviation + (1 - share) * tf.gather(deviation, partner)
    # Features after a ReLU and a maximum stay non-negative.
    return tf.nn.relu((maps - mean) / deviation * mixed_deviation + mixed_mean)


def draw_partners(count: Any, seed: Any) -> Any:
    """Draw the positions of the photos' partners."""
    return tf.argsort(tf.random.stateless_uniform((count,), seed))


def erase_cells(maps: Any, chance: float, seed: Any) -> Any:
    """Set a rectangle of cells of some photos to zero."""
    batch = tf.shape(maps)[0]
    seeds = tf.random.split(seed, 5)

    def is_inside(count: Any, length_seed: Any, start_seed: Any) -> Any:
        length = tf.random.stateless_uniform((batch, 1), length_seed, *ERASED_SIDE)
        start = tf.random.stateless_uniform((batch, 1), start_seed) * (1 - length)
        place = (tf.cast(tf.range(count), tf.float32)[None] + 0.5) / tf.cast(count, tf.float32)
        return (place >= start) & (place < start + length)

    down = is_inside(tf.shape(maps)[1], seeds[0], seeds[1])
    across = is_inside(tf.shape(maps)[2], seeds[2], seeds[3])
    hole = down[:, :, None] & across[:, None, :]
    hole &= tf.random.stateless_uniform((batch, 1, 1), seeds[4]) < chance
    return tf.where(hole[..., None], 0.0, maps)


def blend(values: Any, weights: Any, partner: Any, share: Any) -> tuple[Any, Any]:
    """Blend targets of photos and partners, batch x outputs, in proportion to share and weight.

    Args:
        values: targets of the photos, batch x outputs.
        weights: batch, how much the targets of each photo count.
        partner: batch, positions of the partners.
        share: batch, each photo's own part, 0 to 1.

    Returns:
        The targets and their weights.
    """
    own, other = share * weights, (1 - share) * tf.gather(weights, partner)
    total = tf.maximum(own + other, 1e-6)
    return (own[:, None] * values + other[:, None] * tf.gather(values, partner)) / total[:, None], own + other


def draw_shares(count: Any, concentration: float, chance: float, seed: Any) -> Any:
    """Draw each photo's own part, 0.5 to 1; 1 for those that are not mixed.

    Args:
        count: of the photos.
        concentration: of the Beta distribution.
        chance: share of the photos that are mixed.
        seed: of the draw.
    """
    seeds = tf.random.split(seed, 2)
    # Beta(a, a) is the share of one of two Gammas.
    gammas = tf.random.stateless_gamma((2, count), seeds[0], concentration) + 1e-6
    share = gammas[0] / (gammas[0] + gammas[1])
    share = tf.maximum(share, 1 - share)
    return tf.where(tf.random.stateless_uniform((count,), seeds[1]) < chance, share, 1.0)
