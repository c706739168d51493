"""On which garment a pattern, a material, a cut or a color is.

The maps of garments that touch overlap, and the one that has the property may be a garment that Eva does not name. So
unnamed garments compete, and the pixels of a garment must agree with its color. The bounds were chosen on validation
photos: docs/explanations.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.clothing import COLORS, GARMENTS, ITEMS, WORN_PROPERTIES, Item, ItemGroup
from core.vision.attributes import WARM_LEVEL, DetectedAttribute
from core.vision.main_color import MainColorModel, count_clothes_pixels
from core.vision.verdict import activation_map

MIN_RIVAL_PROBABILITY = 0.4
"""Probability from which a garment competes that Eva does not name."""
MIN_OVERLAP = 0.6
"""Cosine of two maps from which a property is on a garment."""
MIN_MARGIN = 0.1
"""By how much the map of shoes, or that of the garment with a pattern or a material, must be closer than any other
garment's. Pixels say nothing of patterns, and little of shoes, most of whose cells are floor."""
MIN_COLOR_PROBABILITY = 0.1
"""Probability of a color by the pixels of a garment from which it may be on it."""
MIN_COLOR_RATIO = 0.5
"""The same in relation to the garment whose pixels fit best."""
MIN_CLOTHES = 0.3
"""Probability of clothes from which a cell belongs to a garment."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PossibleGarment:
    """A garment that may have a property."""

    item: Item
    is_seen: bool
    """Whether Eva names it."""
    cam: NDArray[np.float32]
    """Its positive evidence over the image alone: rows x columns, maximum 1."""


def find_possible_garments(
    seen: Iterable[DetectedAttribute], probabilities: NDArray[np.float64], evidence: NDArray[np.float32]
) -> tuple[PossibleGarment, ...]:
    """The garments that Eva names and their rivals.

    Args:
        seen: what Eva names.
        probabilities: of the items.
        evidence: rows x columns x items, over the image alone.
    """
    named = {seen_thing.thing for seen_thing in seen}
    return tuple(
        PossibleGarment(item=item, is_seen=item in named, cam=activation_map(evidence[..., position]))
        for position, item in enumerate(ITEMS)
        if item in GARMENTS and (item in named or probabilities[position] >= MIN_RIVAL_PROBABILITY)
    )


def find_pixel_colors(
    garments: Iterable[PossibleGarment],
    model: MainColorModel,
    scores: NDArray[np.float32],
    pixels: NDArray[np.uint8],
    clothes: NDArray[np.float32],
) -> dict[Item, NDArray[np.float32]]:
    """The probability of each color by the pixels of each garment.

    Args:
        garments: possible ones.
        model: of the main color.
        scores: of the color heads.
        pixels: height x width x 3, sRGB, of the image alone.
        clothes: rows x columns over it, probability of clothes.
    """
    return {
        garment.item: model.probabilities(
            scores,
            count_clothes_pixels(pixels, ((garment.cam >= WARM_LEVEL) & (clothes >= MIN_CLOTHES)).astype(np.float32)),
        )
        for garment in garments
    }


def find_garment(
    seen_thing: DetectedAttribute,
    garments: Sequence[PossibleGarment],
    pixel_colors: Mapping[Item, NDArray[np.float32]] | None = None,
) -> Item | None:
    """On which of the named garments a pattern, a material, a cut or a color is; None where that is not clear.

    Args:
        seen_thing: an item or a color.
        garments: possible ones.
        pixel_colors: see `find_pixel_colors`; None if the model does not know main colors.
    """
    thing, cam = seen_thing.thing, seen_thing.cam
    bearers = WORN_PROPERTIES.get(thing, frozenset())
    overlaps = {
        garment: float((cam * garment.cam).sum() / max(np.linalg.norm(cam) * np.linalg.norm(garment.cam), 1e-9))
        for garment in garments
        if garment.item in bearers and (garment.is_seen or thing is not Item.MINI)
    }
    if not overlaps:
        return None
    best, *others = sorted(overlaps, key=lambda garment: -overlaps[garment])
    if thing is Item.MINI:
        return best.item
    if not best.is_seen or overlaps[best] < MIN_OVERLAP:
        return None
    if isinstance(thing, Item) or best.item.group is ItemGroup.SHOES:
        is_clear = not others or overlaps[best] - overlaps[others[0]] >= MIN_MARGIN
        return best.item if is_clear else None
    if pixel_colors is not None:
        fits = {garment: pixel_colors[garment.item][COLORS.index(thing)] for garment in overlaps}
        if fits[best] < max(MIN_COLOR_PROBABILITY, MIN_COLOR_RATIO * max(fits.values())):
            return None
    return best.item
