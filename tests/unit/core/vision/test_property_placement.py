"""A pattern or a color is told of a garment only where maps and pixels say that it is on this one."""

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from core.clothing import COLORS, ITEMS, Color, Item
from core.vision.attributes import Attribute, DetectedAttribute
from core.vision.main_color import BINS, MainColorModel, count_clothes_pixels
from core.vision.property_placement import (
    MIN_RIVAL_PROBABILITY,
    PossibleGarment,
    find_garment,
    find_pixel_colors,
    find_possible_garments,
)

RED, BLUE = (200, 20, 30), (30, 60, 190)


def _cells(*values: float) -> NDArray[np.float32]:
    return np.array([values], np.float32)


def _place(
    thing: Attribute,
    cam: NDArray[np.float32],
    garments: Mapping[Item, NDArray[np.float32]],
    *,
    unnamed: frozenset[Item] = frozenset(),
    pixel_colors: Mapping[Item, float] | None = None,
) -> Item | None:
    """On which of the garments the thing is; `pixel_colors` are probabilities of this color."""
    possible = [PossibleGarment(item=item, is_seen=item not in unnamed, cam=map_) for item, map_ in garments.items()]
    colors = None
    if pixel_colors is not None:
        colors = {item: np.where(np.array(COLORS) == thing, value, 0.0) for item, value in pixel_colors.items()}
    seen = DetectedAttribute(thing=thing, probability=0.9, cam=cam)
    return find_garment(seen, possible, colors)


UPPER, LOWER, MOSTLY_UPPER = _cells(1, 0), _cells(0, 1), _cells(1, 0.6)


def test_a_pattern_is_on_the_garment_in_the_same_place() -> None:
    garments = {Item.SHIRT: UPPER, Item.TROUSERS: LOWER}

    assert _place(Item.CHECK, MOSTLY_UPPER, garments) is Item.SHIRT
    assert _place(Item.CHECK, LOWER, garments) is Item.TROUSERS
    assert _place(Item.CHECK, _cells(0, 0), garments) is None
    assert _place(Item.CHECK, UPPER, {Item.JEANS: UPPER}) is None, "jeans are not checked"


def test_a_pattern_on_a_garment_that_is_not_named_is_on_none() -> None:
    garments = {Item.SHIRT: MOSTLY_UPPER, Item.SKIRT: UPPER}

    assert _place(Item.CHECK, UPPER, garments, unnamed=frozenset({Item.SKIRT})) is None
    assert _place(Item.CHECK, MOSTLY_UPPER, garments, unnamed=frozenset({Item.SKIRT})) is Item.SHIRT


def test_a_pattern_between_two_garments_is_on_none() -> None:
    assert _place(Item.CHECK, MOSTLY_UPPER, {Item.SHIRT: UPPER, Item.TROUSERS: _cells(1, 0.2)}) is None


def test_a_short_hem_is_on_the_garment_that_is_named() -> None:
    garments = {Item.SKIRT: UPPER, Item.DRESS: LOWER}

    assert _place(Item.MINI, UPPER, garments, unnamed=frozenset({Item.SKIRT})) is Item.DRESS


def test_only_probable_garments_compete() -> None:
    probabilities = np.full(len(ITEMS), 0.05)
    probabilities[ITEMS.index(Item.SKIRT)] = MIN_RIVAL_PROBABILITY
    probabilities[ITEMS.index(Item.DRESS)] = MIN_RIVAL_PROBABILITY - 0.01
    probabilities[ITEMS.index(Item.BAG)] = 0.9
    seen = [DetectedAttribute(thing=thing, probability=0.9, cam=UPPER) for thing in (Item.SHIRT, Item.BAG)]

    garments = find_possible_garments(seen, probabilities, np.ones((1, 2, len(ITEMS)), np.float32))

    assert {garment.item: garment.is_seen for garment in garments} == {Item.SHIRT: True, Item.SKIRT: False}


@pytest.mark.parametrize(("dress", "expected"), [(_cells(1, 0.2), Item.FLATS), (_cells(0.3, 1), None)])
def test_a_color_is_on_shoes_if_no_other_garment_is_as_close(dress: NDArray[np.float32], expected: Item | None) -> None:
    pixels = {Item.FLATS: 0.0, Item.DRESS: 1.0}

    assert _place(Color.WHITE, LOWER, {Item.FLATS: LOWER, Item.DRESS: dress}, pixel_colors=pixels) is expected


@pytest.mark.parametrize(
    ("shirt", "trousers", "expected"),
    [(0.9, 0.9, Item.SHIRT), (0.3, 0.5, Item.SHIRT), (0.3, 0.7, None), (0.05, 0.01, None)],
)
def test_pixels_must_agree_with_a_color(shirt: float, trousers: float, expected: Item | None) -> None:
    garments = {Item.SHIRT: UPPER, Item.TROUSERS: LOWER}
    pixels = {Item.SHIRT: shirt, Item.TROUSERS: trousers}

    assert _place(Color.BLUE, MOSTLY_UPPER, garments, pixel_colors=pixels) is expected
    assert _place(Color.BLUE, MOSTLY_UPPER, garments) is Item.SHIRT, "maps alone decide if there are no pixel colors"


def test_pixels_of_each_garment_are_judged_alone() -> None:
    red_and_blue = np.repeat(np.repeat(np.array([[RED, BLUE]], np.uint8), 16, axis=0), 16, axis=1)
    worn = _cells(1, 1)
    kernel = np.zeros((len(COLORS) + BINS, len(COLORS)))
    for color, cells in ((Color.RED, UPPER), (Color.BLUE, LOWER)):
        kernel[len(COLORS) + int(count_clothes_pixels(red_and_blue, cells).argmax()), COLORS.index(color)] = 20.0
    model = MainColorModel(kernel=kernel, bias=np.zeros(len(COLORS)), threshold=0.9)
    garments = [
        PossibleGarment(item=item, is_seen=True, cam=cam)
        for item, cam in {Item.SHIRT: UPPER, Item.TROUSERS: LOWER, Item.COAT: MOSTLY_UPPER}.items()
    ]

    scores = np.zeros(len(COLORS), np.float32)
    found = find_pixel_colors(garments, model, scores, red_and_blue, worn)

    assert COLORS[int(found[Item.SHIRT].argmax())] is Color.RED
    assert COLORS[int(found[Item.TROUSERS].argmax())] is Color.BLUE
    coat = found[Item.COAT]
    assert coat[COLORS.index(Color.RED)] == pytest.approx(coat[COLORS.index(Color.BLUE)])
    off_clothes = find_pixel_colors(garments, model, scores, red_and_blue, worn * 0)
    assert np.ptp(off_clothes[Item.SHIRT]) == 0, "no pixels say nothing"
