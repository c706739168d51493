"""The verdict on a photo: style, confidence, and where the evidence is.

The class activation map (CAM) says how much each position of the image contributes to a style.
Zhou, Khosla, Lapedriza, Oliva and Torralba, *Learning Deep Features for Discriminative Localization*, CVPR 2016. With
features F (rows x columns x channels) pooled by their mean and one dense layer W, the logit of style c is

    z_c = mean over positions of (F W[:, c]) + b_c

so that F W[:, c], the evidence, is each position's exact part in the logit, and the map is

    M_c = relu(F W[:, c]) / max

The network multiplies F by W itself; its output is the evidence.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from core.styles import Style
from core.vision.attributes import Attributes

TOO_CLOSE_LEAD = 0.05
"""Lead of the first style over the second below which the styles are as good as tied."""
MIN_THIRD_SHARE = 0.5
"""Share of the map's sum from which a third of the height is named; below it the evidence is all over."""
MIN_HALF_SHARE = 0.6
"""Share of the map's sum from which a half of the width is named."""


class ConfidenceBand(StrEnum):
    """How definite a verdict is; the wording of every reply depends on it."""

    CLEAR = "clear"
    LIKELY = "leaning"
    AMBIGUOUS = "torn"
    NOT_AN_OUTFIT = "not_an_outfit"


class Refusal(StrEnum):
    """What is in a photo instead of one outfit on one person, where a model can tell."""

    SEVERAL = "several"
    """Several outfits at once, e.g. a collage."""
    PART = "part"
    """Only a part of an outfit."""
    LAID_OUT = "laid_out"
    """Clothes without a wearer: laid out, on a rack or for sale."""


class VerticalPart(StrEnum):
    """The third of the image, from the top, with most of the evidence."""

    UPPER = "upper"
    MIDDLE = "middle"
    LOWER = "lower"
    ALL_OVER = "all_over"


class HorizontalPart(StrEnum):
    """The half, as the viewer sees it, with most of the evidence of the named third (or of the whole image)."""

    LEFT = "left"
    RIGHT = "right"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRegion:
    """Where the evidence is."""

    vertical: VerticalPart
    horizontal: HorizontalPart
    concentration: float
    """0 (spread evenly) to 1 (all in one cell): 1 minus twice the share of cells that hold half of the map's sum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """The limits of the bands; chosen on the validation split and stored in `model.json`."""

    outfit: float
    """Outfit probability below which there is no outfit to judge."""
    clear: float
    """Probability of the first style from which the verdict is clear."""
    ambiguous_margin: float
    """Lead of the first style over the second below which the verdict is ambiguous."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Verdict:
    """The result for one photo. Every sentence about the photo follows from these numbers.

    It holds an array, so verdicts are compared by identity.
    """

    style: Style
    """The most probable style, also if there is no outfit."""
    runner_up: Style
    """The second most probable style."""
    probabilities: Mapping[Style, float]
    """Calibrated probability of each of the eight styles; they sum to 1."""
    outfit_probability: float
    """Probability, 0 to 1, that there is an outfit to judge."""
    band: ConfidenceBand
    cam: NDArray[np.float32]
    """Class activation map of `style` over the image alone: rows x columns, maximum 1, or all 0. Where the model knows
    items, evidence that is not on clothes is left out."""
    region: EvidenceRegion
    """Where in the image the evidence is."""
    model: str
    """Version of the model, e.g. `vgg16-3f2a9c1d`."""
    engine: str
    """Name of the inference backend: `litert` or `scripted`."""
    attributes: Attributes | None = None
    """What is worn; None without an outfit, and from a model that knows styles alone."""
    embedding: NDArray[np.float32] | None = None
    """128 values of length 1, near for outfits that look alike. None without an outfit, from a model that knows styles
    alone, and where the verdict was read from the database."""
    refusal: Refusal | None = None
    """Without an outfit, what is there instead, if the model is sure; None from a model that knows styles alone."""

    @property
    def confidence(self) -> float:
        """Calibrated probability of the first style."""
        return self.probabilities[self.style]

    @property
    def ranking(self) -> tuple[tuple[Style, float], ...]:
        """All styles with their probabilities, the most probable first."""
        return tuple(sorted(self.probabilities.items(), key=lambda pair: -pair[1]))

    @property
    def is_too_close(self) -> bool:
        """Whether the verdict is ambiguous and no style leads; an ambiguous verdict may also have a favorite."""
        lead = self.confidence - self.probabilities[self.runner_up]
        return self.band is ConfidenceBand.AMBIGUOUS and lead < TOO_CLOSE_LEAD


def activation_map(evidence: NDArray[np.float32]) -> NDArray[np.float32]:
    """Compute the class activation map of one style.

    Args:
        evidence: rows x columns, the style's evidence at each position, of any sign, in logits.

    Returns:
        Rows x columns, 0 to 1, read-only: the positive evidence, scaled to a maximum of 1; all zeros if no position is
        positive.
    """
    positive = np.maximum(evidence, np.float32(0))
    peak = positive.max()
    cam = positive / peak if peak > 0 else positive
    cam.setflags(write=False)
    return cam


def locate_evidence(cam: NDArray[np.float32]) -> EvidenceRegion:
    """Describe where a class activation map is high.

    Args:
        cam: the map over the image alone, rows x columns, 0 to 1. A map of zeros is all over, both sides.
    """
    total = float(cam.sum())
    if total <= 0.0:
        return EvidenceRegion(vertical=VerticalPart.ALL_OVER, horizontal=HorizontalPart.BOTH, concentration=0.0)
    rows, columns = cam.shape
    # Each cell three times, so that a third consists of whole cells.
    thirds = cam.repeat(3, axis=0).reshape(3, rows, columns).sum(axis=1, dtype=np.float64) / 3
    index = int(np.argmax(thirds.sum(axis=1)))
    vertical, named = VerticalPart.ALL_OVER, thirds.sum(axis=0)
    if thirds[index].sum() >= MIN_THIRD_SHARE * total:
        vertical, named = (VerticalPart.UPPER, VerticalPart.MIDDLE, VerticalPart.LOWER)[index], thirds[index]
    # Both in the same way, so that a mirrored image has the mirrored part.
    left, right = (float(half.repeat(2)[:columns].sum()) for half in (named, named[::-1]))
    horizontal = HorizontalPart.BOTH
    if left >= MIN_HALF_SHARE * (left + right):
        horizontal = HorizontalPart.LEFT
    elif right >= MIN_HALF_SHARE * (left + right):
        horizontal = HorizontalPart.RIGHT
    descending = np.sort(cam, axis=None)[::-1].cumsum()
    half_cells = int(np.searchsorted(descending, total / 2)) + 1
    concentration = max(0.0, 1 - 2 * (half_cells - 1) / max(1, cam.size - 1))
    return EvidenceRegion(vertical=vertical, horizontal=horizontal, concentration=concentration)


def confidence_band(
    probabilities: Mapping[Style, float], outfit_probability: float, thresholds: Thresholds
) -> ConfidenceBand:
    """Assign the band of a verdict.

    Args:
        probabilities: calibrated probability of each style.
        outfit_probability: 0 to 1.
        thresholds: the limits that belong to the model.
    """
    if outfit_probability < thresholds.outfit:
        return ConfidenceBand.NOT_AN_OUTFIT
    first, second = sorted(probabilities.values(), reverse=True)[:2]
    if first >= thresholds.clear:
        return ConfidenceBand.CLEAR
    return ConfidenceBand.AMBIGUOUS if first - second < thresholds.ambiguous_margin else ConfidenceBand.LIKELY


def find_refusal(kind_logits: NDArray[np.float32], thresholds: Mapping[Refusal, float]) -> Refusal | None:
    """What is in a picture without an outfit; None if it is something else or not sure.

    Args:
        kind_logits: in the order of `Refusal`, then something else.
        thresholds: probability from which each may be said; one that is missing never is.
    """
    probabilities = softmax(kind_logits)
    likeliest = int(np.argmax(probabilities))
    if likeliest == len(Refusal):
        return None
    refusal = tuple(Refusal)[likeliest]
    return refusal if probabilities[likeliest] >= thresholds.get(refusal, np.inf) else None


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities over the last axis, in its order; divide the logits by the temperature first."""
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probabilities: NDArray[np.float32] = exponentials / exponentials.sum(axis=-1, keepdims=True)
    return probabilities
