"""What Eva found in a photo: the style, how sure she is, and where she saw it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from core.styles import STYLES, Style
from core.vision.cam import EvidenceRegion

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ConfidenceBand(StrEnum):
    """How definite a verdict is; everything Eva says starts from it."""

    CLEAR = "clear"
    LIKELY = "leaning"
    AMBIGUOUS = "torn"
    NOT_AN_OUTFIT = "not_an_outfit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Where one band ends and the next begins; chosen on the validation photos, kept in model.json."""

    outfit: float
    """Gate probability under which there is no outfit to judge."""
    clear: float
    """Probability of the first style from which the verdict is clear."""
    torn_margin: float
    """Lead of the first style over the second under which Eva is torn between them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Verdict:
    """One judged photo. Every sentence about the photo must follow from these numbers.

    It holds an array, so two verdicts are equal only if they are one and the same.
    """

    style: Style
    """The most probable style, also where the band says that there is no outfit."""
    probabilities: Mapping[Style, float]
    """Calibrated probability of each of the eight styles; they sum to 1."""
    outfit_probability: float
    """Probability, 0 to 1, that there is an outfit to judge at all."""
    band: ConfidenceBand
    cam: NDArray[np.float32]
    """Class activation map of `style` over the picture alone: rows x columns, maximum 1, or all 0."""
    region: EvidenceRegion
    """Where in the picture the evidence lies."""
    model: str
    """Version of the model that judged, e.g. `vgg16-3f2a9c1d`."""
    engine: str
    """`litert`, `tensorflow` or `scripted`."""

    @property
    def confidence(self) -> float:
        """Calibrated probability of the first style."""
        return self.probabilities[self.style]

    @property
    def ranking(self) -> tuple[tuple[Style, float], ...]:
        """All styles with their probabilities, the most probable first."""
        return tuple(sorted(self.probabilities.items(), key=lambda pair: -pair[1]))

    @property
    def runner_up(self) -> Style:
        """The second most probable style."""
        return self.ranking[1][0]


def confidence_band(
    probabilities: Mapping[Style, float], outfit_probability: float, thresholds: Thresholds
) -> ConfidenceBand:
    """Name the band of a verdict.

    Args:
        probabilities: calibrated probability per style.
        outfit: gate probability, 0 to 1.
        thresholds: the limits that belong to the model.
    """
    if outfit_probability < thresholds.outfit:
        return ConfidenceBand.NOT_AN_OUTFIT
    first, second = sorted(probabilities.values(), reverse=True)[:2]
    if first >= thresholds.clear:
        return ConfidenceBand.CLEAR
    return ConfidenceBand.AMBIGUOUS if first - second < thresholds.torn_margin else ConfidenceBand.LIKELY


def to_style_mapping(values: NDArray[np.float32]) -> Mapping[Style, float]:
    """Eight numbers in the network's order as a read-only mapping from style to number."""
    return MappingProxyType({style: float(value) for style, value in zip(STYLES, values, strict=True)})


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities over the last axis, in that axis's order; divide the logits by the temperature first."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: NDArray[np.float32] = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def sigmoid(logit: float) -> float:
    """Probability of a yes, 0 to 1, for any finite logit."""
    return 0.5 * (1.0 + math.tanh(0.5 * logit))
