"""From scores and maps of items and colors to what may be said of an outfit.

A reason must be earned twice: enough of the style's positive evidence lies where the thing's map is warm, and the
training labels connect the thing with the style. The thresholds were chosen on validation photos: docs/explanations.md.

See ADR 0035.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from core.clothing import (
    BASE_LAYERS,
    COLORS,
    EXCLUSIVE,
    ITEMS,
    OUTERWEAR,
    WORN_PROPERTIES,
    Item,
    ItemGroup,
)
from core.styles import STYLES, Style
from core.vision.attribute_calibration import AttributeCalibration
from core.vision.attributes import WARM_LEVEL, Attribute, Attributes, DetectedAttribute, Reason, Swap
from core.vision.backends import AttributeOutputs
from core.vision.label_statistics import LabelStatistics, load_label_statistics
from core.vision.main_color import CLOTHES_FROM, count_clothes_pixels
from core.vision.property_placement import find_garment, find_pixel_colors, find_possible_garments
from core.vision.verdict import activation_map

NEVER_WITH: dict[Attribute, frozenset[Item]] = {
    item: frozenset[Item]().union(*(items for items in EXCLUSIVE if item in items)) - {item} for item in ITEMS
}
"""The items that are never worn together with each item."""
MIN_SHARE = 0.2
"""Share of the style's positive evidence on a thing from which it is a reason."""
MIN_LOG_ODDS = 0.4
"""Nats by which the labels connect a thing with a style from which it is a reason: odds 1.5 times those elsewhere."""
CLOTHES_RAMP = (0.3, 0.6)
"""Probability of clothes up to which evidence is left out, and from which it is kept in full."""
MIN_SWAP_SHARE = 0.04
"""Share of the runner-up's outfits that wear an item from which it is suggested."""
MIN_SWAP_PROBABILITY = 0.4
"""Probability of the runner-up after an exchange from which it is suggested."""
SWAPPED_GROUPS = frozenset({ItemGroup.TOP, ItemGroup.LOWER, ItemGroup.SHOES})
MAX_COLORS = 3
PLACES: dict[ItemGroup | Item, tuple[float, float]] = {
    ItemGroup.SHOES: (0.5, 1.0),
    Item.HAT: (0.0, 0.55),
    Item.SUNGLASSES: (0.0, 0.55),
    Item.TIE: (0.0, 0.75),
    Item.SCARF: (0.0, 0.75),
}
"""Between which parts of the height, from the top, the center of an item's map must lie to be its place."""
LIMITS = np.array([PLACES.get(item.group, PLACES.get(item, (0.0, 1.0))) for item in ITEMS])
"""The same for each item."""
LOWER_PLACES = {ItemGroup.LOWER: 0.25, ItemGroup.SHOES: 0.5}
"""Below which part of the height of the clothes, from their top, evidence for such items counts: above it are others.
"""
UPPER_FROM = 0.8
"""Probability of any top or one-piece, as if they were independent, from which the clothes begin above the waist."""
MIN_KEPT = 0.3
"""Share of an item's evidence that must be in its place; with less, the place is not certain and all of it counts."""
GROUP_ITEMS = {group: np.array([item.group is group for item in ITEMS]) for group in ItemGroup}
"""Which items are of a group."""
UPPER_ITEMS = GROUP_ITEMS[ItemGroup.TOP] | GROUP_ITEMS[ItemGroup.ONE_PIECE]
"""Items that begin above the waist."""
ITEMS_OFF_CLOTHES = np.array([item in {Item.HAT, Item.SUNGLASSES} for item in ITEMS])
"""Items whose evidence may lie on heads."""
IMPLIED = {Item.DENIM: Item.JEANS}
"""A property that the name of an item says already."""


def restrain_to_clothes(
    evidence: NDArray[np.float32], clothes: NDArray[np.float32], is_kept: NDArray[np.bool_] | None = None
) -> NDArray[np.float32]:
    """Positive evidence, weakened where there are no clothes; unchanged where no clothes are found at all.

    Args:
        evidence: rows x columns x outputs, over the image alone.
        clothes: rows x columns x 1, probability that a position is on worn clothes.
        is_kept: outputs that are not weakened.
    """
    low, high = CLOTHES_RAMP
    weights = np.clip((clothes - np.float32(low)) / np.float32(high - low), 0, 1)
    if not weights.any():
        return evidence
    weakened: NDArray[np.float32] = np.maximum(evidence, 0) * (
        weights if is_kept is None else np.maximum(weights, is_kept)
    )
    return weakened


def restrain_to_places(
    evidence: NDArray[np.float32], clothes: NDArray[np.float32], probabilities: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Positive evidence of items where such items are worn.

    For lower garments and shoes it leaves out what lies on the upper part of the clothes; unless no clothes or nothing
    that begins above the waist is found, since then a skirt may be all that the picture shows. Nothing is left of an
    item whose evidence is centered in a wrong place, as for shoes that were inferred from a jacket.

    Args:
        evidence: rows x columns x items, over the image alone.
        clothes: rows x columns x 1, probability that a position is on worn clothes.
        probabilities: of the items.
    """
    restrained, rows = np.maximum(evidence, np.float32(0)), np.arange(evidence.shape[0])
    worn_rows = np.flatnonzero((clothes[..., 0] >= CLOTHES_FROM).any(axis=1))
    if worn_rows.size and 1 - np.prod(1 - probabilities[UPPER_ITEMS]) >= UPPER_FROM:
        first, end = int(worn_rows[0]), int(worn_rows[-1]) + 1
        for group, start in LOWER_PLACES.items():
            items = GROUP_ITEMS[group]
            weights = np.clip(rows + 1 - (first + start * (end - first)), 0, 1).astype(np.float32)[:, None, None]
            whole = restrained[..., items]
            is_certain = (whole * weights).sum(axis=(0, 1)) >= MIN_KEPT * whole.sum(axis=(0, 1))
            restrained[..., items] = np.where(is_certain, whole * weights, whole)
    warm = np.where(restrained >= WARM_LEVEL * restrained.max(axis=(0, 1)), restrained, 0).sum(axis=1)
    centers = (rows + 0.5) @ warm / np.maximum(warm.sum(axis=0), 1e-9) / rows.size
    in_place: NDArray[np.float32] = restrained * ((centers >= LIMITS[:, 0]) & (centers <= LIMITS[:, 1]))
    return in_place


def find_seen_things(
    things: Sequence[Attribute],
    probabilities: NDArray[np.float64],
    thresholds: NDArray[np.float64],
    evidence: NDArray[np.float32],
) -> tuple[DetectedAttribute, ...]:
    """The things over their thresholds, the most probable first.

    Args:
        things: of the head, in its order.
        probabilities: of the things.
        thresholds: of the things.
        evidence: rows x columns x things, over the image alone.
    """
    seen = [
        DetectedAttribute(
            thing=things[place],
            probability=float(probabilities[place]),
            cam=activation_map(evidence[..., place]),
        )
        for place in np.flatnonzero(probabilities >= thresholds).tolist()
    ]
    return tuple(sorted(seen, key=lambda seen_thing: -seen_thing.probability))


def leave_out_contradictions(seen: Sequence[DetectedAttribute]) -> tuple[DetectedAttribute, ...]:
    """The items without those that exclude a more probable one, and without what the name of another one says.

    A short hem is left out, too, unless the garment that has it is seen: its evidence lies next to the clothes.

    Args:
        seen: items, the most probable first.
    """
    compatible: list[DetectedAttribute] = []
    for seen_thing in seen:
        others = {other.thing for other in compatible}
        if not NEVER_WITH.get(seen_thing.thing, frozenset()) & others:
            compatible.append(seen_thing)
    codes = {seen_thing.thing for seen_thing in compatible if isinstance(seen_thing.thing, Item)}
    left_out = {item for item in codes if IMPLIED.get(item) in codes}
    if not codes & WORN_PROPERTIES[Item.MINI]:
        left_out.add(Item.MINI)
    return tuple(seen_thing for seen_thing in compatible if seen_thing.thing not in left_out)


def find_reasons(
    styles: Sequence[Style],
    evidence: NDArray[np.float32],
    seen: Sequence[DetectedAttribute],
    statistics: LabelStatistics,
) -> tuple[Reason, ...]:
    """The seen things that carry the styles, those with the largest share of each style first.

    Args:
        styles: the style and the runner-up.
        evidence: rows x columns x 8 over the image alone, on clothes.
        seen: items and colors.
        statistics: of the training labels.
    """
    reasons: list[Reason] = []
    for style in styles:
        positive = np.maximum(evidence[..., style.position], 0)
        total = float(positive.sum())
        found = [
            Reason(
                style=style,
                thing=seen_thing.thing,
                share=float(positive[seen_thing.cam >= WARM_LEVEL].sum()) / total if total > 0 else 0.0,
                log_odds=float(statistics.log_odds[seen_thing.thing][style.position]),
            )
            for seen_thing in seen
        ]
        earned = [reason for reason in found if reason.share >= MIN_SHARE and reason.log_odds >= MIN_LOG_ODDS]
        reasons += sorted(earned, key=lambda reason: (-reason.share, -reason.log_odds))
    return tuple(reasons)


def find_swap(
    probabilities: Mapping[Style, float],
    second: Style,
    seen: Sequence[DetectedAttribute],
    excluded: Set[Attribute],
    statistics: LabelStatistics,
) -> Swap | None:
    """The smallest exchange of a seen item after which the runner-up would lead; None if no single one does it.

    Nothing is suggested that cannot be worn with the other seen items, and no coat in place of the shirt under it.

    Args:
        probabilities: of the styles.
        second: the runner-up.
        seen: items.
        excluded: which of them may not be exchanged: the reasons for the runner-up.
        statistics: of the training labels.
    """
    logits = np.log(np.array([max(probabilities[style], 1e-9) for style in STYLES]))
    present = {seen_thing.thing for seen_thing in seen}
    best: tuple[float, Swap] | None = None
    for item in (seen_thing.thing for seen_thing in seen):
        if not isinstance(item, Item) or item.group not in SWAPPED_GROUPS or item in excluded:
            continue
        for other in ITEMS:
            if other.group is not item.group or other in present or other is Item.TRADITIONAL:
                continue
            if item in BASE_LAYERS and other in OUTERWEAR:
                continue
            if statistics.share[other][second.position] < MIN_SWAP_SHARE or NEVER_WITH[other] & (present - {item}):
                continue
            shift = statistics.weight[other] - statistics.weight[item]
            moved = np.exp(logits + shift)
            moved /= moved.sum()
            size, probability = float(np.abs(shift).sum()), float(moved[second.position])
            leads = int(np.argmax(moved)) == second.position and probability >= MIN_SWAP_PROBABILITY
            if leads and (best is None or size < best[0]):
                best = size, Swap(remove=item, add=other, style=second, probability=round(probability, 3))
    return None if best is None else best[1]


def explain(
    outputs: AttributeOutputs,
    evidence: NDArray[np.float32],
    pixels: NDArray[np.uint8],
    probabilities: Mapping[Style, float],
    leading: tuple[Style, Style],
    calibration: AttributeCalibration,
) -> tuple[NDArray[np.float32], Attributes]:
    """The evidence of the styles on clothes, and everything that may be said of what is worn.

    Args:
        outputs: about items and colors; maps over the image alone.
        evidence: of the styles, rows x columns x 8 over the image alone.
        pixels: height x width x 3 of the image alone.
        probabilities: of the styles.
        leading: the style and the runner-up.
        calibration: of the model.
    """
    statistics, clothes = load_label_statistics(), outputs.clothes[..., None]
    items = calibration.items.probabilities(outputs.item_logits)
    colors = calibration.colors.probabilities(outputs.color_logits)
    style_evidence = restrain_to_clothes(evidence, clothes)
    item_evidence = restrain_to_clothes(outputs.item_evidence, clothes, ITEMS_OFF_CLOTHES)
    item_evidence = restrain_to_places(item_evidence, clothes, items)
    color_evidence = restrain_to_clothes(outputs.color_evidence, clothes)
    seen = leave_out_contradictions(find_seen_things(ITEMS, items, calibration.items.threshold, item_evidence))
    seen_colors = find_seen_things(COLORS, colors, calibration.colors.threshold, color_evidence)[:MAX_COLORS]
    garments = find_possible_garments(seen, items, item_evidence)
    main_color = pixel_colors = None
    if calibration.main_color is not None:
        scores, worn = outputs.color_logits, outputs.clothes
        main_color = calibration.main_color.find(scores, count_clothes_pixels(pixels, worn))
        pixel_colors = find_pixel_colors(garments if seen_colors else (), calibration.main_color, scores, pixels, worn)
    seen = tuple(replace(item, worn_on=find_garment(item, garments)) for item in seen)
    seen_colors = tuple(replace(color, worn_on=find_garment(color, garments, pixel_colors)) for color in seen_colors)
    reasons = find_reasons(leading, style_evidence, (*seen, *seen_colors), statistics)
    excluded = {reason.thing for reason in reasons if reason.style is leading[1]}
    return style_evidence, Attributes(
        item_probabilities=MappingProxyType(dict(zip(ITEMS, items.tolist(), strict=True))),
        color_probabilities=MappingProxyType(dict(zip(COLORS, colors.tolist(), strict=True))),
        seen=seen,
        colors=seen_colors,
        main_color=main_color,
        reasons=reasons,
        swap=find_swap(probabilities, leading[1], seen, excluded, statistics),
    )
