"""The main color of an outfit: from the scores of the color heads and from the pixels of the clothes.

A head tells which colors are there; how much of the clothes each takes is better told by the pixels. These are counted
in Oklab (Ottosson 2020, https://bottosson.github.io/posts/oklab/), where equal steps look equally large.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.clothing import COLORS, Color
from core.images.color_space import decode_srgb
from core.vision.verdict import softmax

CLOTHES_FROM = 0.5
"""Probability of clothes from which the pixels of a position count."""
PIXEL_STEP = 2
"""Every second pixel of every second row is enough."""
GRAYS, HUES, SHADES = 6, 12, 2
"""Levels of lightness without a hue, hues, and levels of lightness with one."""
CHROMA_BOUNDS = (0.02, 0.05, 0.1)
"""A pixel below the first has no hue; the others separate pale, dull and strong colors."""
BINS = GRAYS + len(CHROMA_BOUNDS) * HUES * SHADES
_TO_CONES = np.array(
    [
        *((0.41222147, 0.53633254, 0.05144599), (0.2119035, 0.68069955, 0.10739696)),
        (0.08830246, 0.28171884, 0.6299787),
    ]
)
"""From linear sRGB, and below from their cube roots to lightness, green to red and blue to yellow."""
_TO_OKLAB = np.array(
    [
        *((0.21045426, 0.79361779, -0.00407205), (1.9779985, -2.42859221, 0.45059371)),
        (0.02590404, 0.78277177, -0.80867577),
    ]
)
_LINEAR = decode_srgb(np.linspace(0, 1, 256, dtype=np.float32))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MainColorModel:
    """A logistic regression over the colors."""

    kernel: NDArray[np.float64]
    """(colors + BINS) x colors: for the scores of the color heads, then for the square roots of the shares of bins."""
    bias: NDArray[np.float64]
    threshold: float
    """Probability from which the most probable color may be called the main one."""

    def find(self, color_scores: NDArray[np.float32], bins: NDArray[np.float32]) -> Color | None:
        """The main color; None if it is not sure enough.

        Args:
            color_scores: of the color heads.
            bins: from `count_clothes_pixels`.
        """
        probabilities = self.probabilities(color_scores, bins)
        best = int(np.argmax(probabilities))
        return COLORS[best] if probabilities[best] >= self.threshold else None

    def probabilities(self, color_scores: NDArray[np.float32], bins: NDArray[np.float32]) -> NDArray[np.float32]:
        """The probability of each color to be the main one of the pixels that were counted; arguments as for `find`."""
        scores = np.concatenate([color_scores, np.sqrt(bins)]) @ self.kernel + self.bias
        return softmax(scores.astype(np.float32))

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {"kernel": self.kernel.tolist(), "bias": self.bias.tolist(), "threshold": self.threshold}

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> "MainColorModel":
        """Parse the JSON form.

        Raises:
            KeyError, TypeError, ValueError: it is invalid.
        """
        kernel, bias = np.array(data["kernel"], np.float64), np.array(data["bias"], np.float64)
        if kernel.shape != (len(COLORS) + BINS, len(COLORS)) or bias.shape != (len(COLORS),):
            raise ValueError("the model of the main color has another shape")
        return MainColorModel(kernel=kernel, bias=bias, threshold=float(data["threshold"]))


def count_clothes_pixels(pixels: NDArray[np.uint8], clothes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Count the pixels of clothes by color.

    Args:
        pixels: height x width x 3, sRGB, of the image alone.
        clothes: rows x columns over it, probability of clothes.

    Returns:
        The share of each of `BINS` bins, grays first; zeros if there are no clothes.
    """
    rows = np.arange(0, pixels.shape[0], PIXEL_STEP)
    columns = np.arange(0, pixels.shape[1], PIXEL_STEP)
    position = np.ix_(rows * clothes.shape[0] // pixels.shape[0], columns * clothes.shape[1] // pixels.shape[1])
    colored = pixels[::PIXEL_STEP, ::PIXEL_STEP][clothes[position] >= CLOTHES_FROM]
    cones = np.cbrt(_LINEAR[colored] @ _TO_CONES.T)
    lightness, green_red, blue_yellow = (cones @ _TO_OKLAB.T).T
    chroma = np.digitize(np.hypot(green_red, blue_yellow), CHROMA_BOUNDS)
    hue = (np.arctan2(blue_yellow, green_red) / (2 * np.pi) % 1 * HUES).astype(int) % HUES
    gray = np.minimum((lightness * GRAYS).astype(int), GRAYS - 1)
    shade = np.minimum((lightness * SHADES).astype(int), SHADES - 1)
    chromatic = GRAYS + ((chroma - 1) * HUES + hue) * SHADES + shade
    counts = np.bincount(np.where(chroma == 0, gray, chromatic), minlength=BINS)
    shares: NDArray[np.float32] = (counts / max(1, counts.sum())).astype(np.float32)
    return shares
