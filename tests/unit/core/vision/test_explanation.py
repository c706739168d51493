"""What is said of items and colors follows from scores, maps and the statistics of the training labels."""

import json
from collections.abc import Set
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from core.clothing import COLORS, GARMENTS, ITEMS, WORN_PROPERTIES, Color, Item, ItemGroup
from core.errors import ModelMismatchError
from core.styles import STYLES, Style
from core.vision.attributes import ATTRIBUTES, ATTRIBUTES_BY_CODE, Attribute, Attributes, DetectedAttribute, Swap
from core.vision.classifier import StyleClassifier
from core.vision.explanation import MIN_LOG_ODDS, MIN_SHARE, find_swap, restrain_to_clothes, restrain_to_places
from core.vision.fake_backend import FAKE_ATTRIBUTES_CARD, FAKE_MODEL_CARD, FakeBackend, add_attributes, make_outputs
from core.vision.label_statistics import load_label_statistics
from core.vision.verdict import Refusal
from tests.factories import classify_scripted, classify_with_attributes, make_photo

TOP, BOTTOM = (0.2, 0.5), (0.9, 0.5)


def _attributes(*args: object, **more: object) -> Attributes:
    attributes = classify_with_attributes(*args, **more).attributes  # type: ignore[arg-type]
    assert attributes is not None
    return attributes


def test_every_code_has_one_group_and_no_code_is_used_twice() -> None:
    assert [item.group for item in (Item.VEST, Item.DRESS, Item.SHORTS, Item.TRADITIONAL, Item.FLATS)] == [
        *(ItemGroup.TOP, ItemGroup.ONE_PIECE, ItemGroup.LOWER, ItemGroup.ONE_PIECE, ItemGroup.SHOES),
    ]
    assert [item.group for item in (Item.BELT, Item.EMBROIDERY, Item.PLEATS, Item.OVERSIZED)] == [
        *(ItemGroup.EXTRA, ItemGroup.PATTERN, ItemGroup.MATERIAL, ItemGroup.CUT),
    ]
    assert (len(ITEMS), len(COLORS), len({*ITEMS, *COLORS})) == (42, 14, 56)
    assert [ATTRIBUTES_BY_CODE[thing.value] for thing in ATTRIBUTES] == list(ATTRIBUTES)


def test_every_property_says_what_it_may_be_on() -> None:
    assert {thing for thing in ATTRIBUTES if isinstance(thing, Color) or not thing.is_worn_alone} == set(
        WORN_PROPERTIES
    )
    assert all(bearers <= GARMENTS for bearers in WORN_PROPERTIES.values())
    assert WORN_PROPERTIES[Color.RED] == GARMENTS
    assert WORN_PROPERTIES[Item.STRIPES].isdisjoint({Item.JEANS, Item.BOOTS, Item.BAG})


def test_only_things_over_their_thresholds_are_seen() -> None:
    attributes = _attributes(things={Item.HOODIE: 0.9, Item.BOOTS: 0.49, Item.HAT: 0.51, Color.BLACK: 0.7})

    assert [(each.thing, round(each.probability, 2)) for each in attributes.seen] == [
        (Item.HOODIE, 0.9),
        (Item.HAT, 0.51),
    ]
    assert [each.thing for each in attributes.colors] == [Color.BLACK]
    assert attributes.probability(Item.BOOTS) == pytest.approx(0.49, abs=1e-5)
    assert attributes.main_color is Color.BLACK
    assert _attributes(things={Color.RED: 0.55}).main_color is None


def test_jeans_are_not_told_twice() -> None:
    assert [each.thing for each in _attributes(things={Item.JEANS: 0.8, Item.DENIM: 0.9}).seen] == [Item.JEANS]
    assert [each.thing for each in _attributes(things={Item.DENIM: 0.9}).seen] == [Item.DENIM]


def test_items_that_exclude_each_other_are_not_seen_together() -> None:
    things = {Item.JEANS: 0.7, Item.TROUSERS: 0.9, Item.BOOTS: 0.6, Item.SNEAKERS: 0.8, Item.SHIRT: 0.7}
    assert [each.thing for each in _attributes(things=things).seen] == [Item.TROUSERS, Item.SNEAKERS, Item.SHIRT]


def test_an_item_in_a_wrong_place_is_seen_without_a_place() -> None:
    attributes = _attributes(
        Style.STREET,
        {Item.SNEAKERS: 0.9, Item.HAT: 0.8},
        peaks={Item.SNEAKERS: TOP, Item.HAT: TOP},
        peak=TOP,
        confidence=0.6,
    )
    places = {each.thing: bool(each.cam.any()) for each in attributes.seen}
    assert places == {Item.SNEAKERS: False, Item.HAT: True}
    assert [reason.thing for reason in attributes.reasons_for(Style.STREET)] == [Item.HAT]


def test_a_short_hem_is_said_of_a_garment_only() -> None:
    assert _attributes(things={Item.MINI: 0.9}).seen == ()
    attributes = _attributes(things={Item.MINI: 0.9, Item.SKIRT: 0.8}, peaks={Item.MINI: BOTTOM, Item.SKIRT: TOP})
    assert {each.thing: each.worn_on for each in attributes.seen} == {Item.MINI: Item.SKIRT, Item.SKIRT: None}


def test_reasons_are_earned_by_evidence_and_by_labels() -> None:
    attributes = _attributes(
        Style.STREET,
        {Item.HOODIE: 0.9, Item.SNEAKERS: 0.9, Item.DRESS: 0.9},
        peaks={Item.HOODIE: TOP, Item.SNEAKERS: BOTTOM, Item.DRESS: TOP},
        peak=TOP,
        second=Style.FEMININE,
        confidence=0.6,
        second_confidence=0.3,
    )

    # The sneakers say Street, but the evidence is elsewhere; the dress lies right, but says Feminine.
    assert [reason.thing for reason in attributes.reasons_for(Style.STREET)] == [Item.HOODIE]
    assert [reason.thing for reason in attributes.reasons_for(Style.FEMININE)] == [Item.DRESS]
    for reason in attributes.reasons:
        assert MIN_SHARE <= reason.share <= 1
        assert reason.log_odds >= MIN_LOG_ODDS


def test_patterns_and_colors_belong_to_the_garment_in_the_same_place() -> None:
    peaks = {Item.DRESS: TOP, Item.FLORAL: TOP, Item.BOOTS: BOTTOM, Color.BLACK: BOTTOM, Item.BAG: TOP}
    attributes = _attributes(
        Style.FEMININE, dict.fromkeys(peaks, 0.9) | {Item.LACE: 0.9}, peaks=peaks | {Item.LACE: (0.5, 0.05)}
    )

    worn_on = {each.thing: each.worn_on for each in (*attributes.seen, *attributes.colors)}
    assert (worn_on[Item.FLORAL], worn_on[Color.BLACK]) == (Item.DRESS, Item.BOOTS)
    assert (worn_on[Item.LACE], worn_on[Item.BAG], worn_on[Item.DRESS]) == (None, None, None)


def test_swap_is_the_smallest_exchange_after_which_the_runner_up_leads() -> None:
    statistics = load_label_statistics()
    attributes = _attributes(
        Style.STREET, {Item.HOODIE: 0.9}, confidence=0.5, second=Style.BUSINESS_CASUAL, second_confidence=0.4
    )
    swap = attributes.swap

    assert swap is not None
    assert (swap.remove, swap.style) == (Item.HOODIE, Style.BUSINESS_CASUAL)
    assert swap.add.group is ItemGroup.TOP
    assert swap.probability > 0.4
    # Nothing that is not seen is exchanged, and no single exchange turns a sure verdict into any other.
    assert find_swap(dict.fromkeys(STYLES, 1 / 8), Style.MODE, (), frozenset(), statistics) is None
    assert _attributes(Style.ETHNIC, {Item.BAG: 0.9}, confidence=0.99).swap is None


def test_swap_adds_nothing_that_contradicts_what_else_is_seen() -> None:
    statistics = load_label_statistics()
    cam = np.ones((2, 2), np.float32)

    def swap(*items: Item, excluded: Set[Item] = frozenset()) -> Swap | None:
        seen = [DetectedAttribute(thing=item, probability=0.9, cam=cam) for item in items]
        chances = dict.fromkeys(STYLES, 0.1 / 6) | {Style.CASUAL: 0.6, Style.FEMININE: 0.3}
        return find_swap(chances, Style.FEMININE, seen, excluded, statistics)

    with_bag = swap(Item.BAG, Item.JEANS)
    assert with_bag is not None
    assert (with_bag.remove, with_bag.add) == (Item.JEANS, Item.SKIRT)
    assert swap(Item.DRESS, Item.JEANS) is None, "a skirt is not worn with a dress"
    assert swap(Item.BAG, Item.JEANS, excluded={Item.JEANS}) is None, "a reason for the runner-up stays on"


def test_swap_puts_no_coat_in_place_of_the_shirt_under_it() -> None:
    shirt, cam = Item.TSHIRT, np.ones((2, 2), np.float32)
    chances = dict.fromkeys(STYLES, 0.15 / 6) | {Style.ETHNIC: 0.5, Style.BUSINESS_CASUAL: 0.35}
    seen = [DetectedAttribute(thing=shirt, probability=0.9, cam=cam)]
    swap = find_swap(chances, Style.BUSINESS_CASUAL, seen, frozenset(), load_label_statistics())
    assert swap is not None
    assert (swap.remove, swap.add) == (shirt, Item.SHIRT), "a jacket would change less"


def test_evidence_off_the_clothes_is_left_out() -> None:
    clothes = np.zeros((4, 4, 1), np.float32)
    clothes[1:3, 1:3] = 0.9
    clothes[0, 0] = 0.45
    evidence = np.ones((4, 4, 2), np.float32)
    restrained = restrain_to_clothes(evidence, clothes, np.array([False, True]))

    assert restrained[..., 0].sum() == pytest.approx(4.5), "half of the cell that may be clothes"
    assert restrained[..., 1].sum() == 16, "a hat is on a head"
    assert (restrain_to_clothes(evidence, clothes * 0) == 1).all()


@pytest.mark.parametrize("upper", [Item.SHIRT, Item.TRADITIONAL])
def test_evidence_of_lower_garments_counts_below_the_upper_part_of_the_clothes(upper: Item) -> None:
    clothes = np.zeros((12, 4, 1), np.float32)
    clothes[2:10] = 0.9
    evidence = np.ones((12, 4, len(ITEMS)), np.float32)
    evidence[:, :, ITEMS.index(Item.SKIRT)] = np.eye(12, dtype=np.float32)[2][:, None]
    items = np.array([0.9 if item is upper else 0.1 for item in ITEMS])
    restrained = restrain_to_places(evidence, clothes, items)

    rows = {item: np.flatnonzero(restrained[:, 0, ITEMS.index(item)]).tolist() for item in ITEMS}
    assert rows[Item.JEANS] == list(range(4, 12)), "not on the first quarter of the clothes, nor on the hat above"
    assert rows[Item.BOOTS] == list(range(6, 12))
    assert rows[Item.SHIRT] == rows[Item.DRESS] == list(range(12))
    assert rows[Item.SKIRT] == [2], "all of it lies high, so its place is not certain"
    for other in (restrain_to_places(evidence, clothes, items * 0.5), restrain_to_places(evidence, clothes * 0, items)):
        assert (other[..., ITEMS.index(Item.JEANS)] == 1).all(), "a skirt may be all that the picture shows"


def test_drawn_maps_are_on_clothes() -> None:
    things: dict[Attribute, float] = {Item.HOODIE: 0.9, Item.HAT: 0.9, Color.BLACK: 0.9}
    outputs = add_attributes(make_outputs(Style.STREET, peak=TOP), things, peaks=dict.fromkeys(things, TOP))
    assert outputs.attributes is not None
    lower_half = np.repeat([0.0, 1.0], 8).astype(np.float32)[:, None] * np.ones((1, 16), np.float32)
    outputs = replace(outputs, attributes=replace(outputs.attributes, clothes=lower_half))
    with StyleClassifier(FakeBackend([outputs]), FAKE_ATTRIBUTES_CARD) as classifier:
        verdict = classifier.classify(Image.new("RGB", (256, 256)))
    assert verdict.attributes is not None
    found = {each.thing: each.cam for each in (*verdict.attributes.seen, *verdict.attributes.colors)}
    assert verdict.cam[:8].sum() == found[Item.HOODIE][:8].sum() == found[Color.BLACK][:8].sum() == 0
    assert found[Item.HAT][:8].max() == 1


@pytest.mark.parametrize("refusal", [*Refusal, None])
def test_refused_picture_says_what_it_shows(refusal: Refusal | None) -> None:
    refused = add_attributes(make_outputs(Style.STREET, outfit=0.1), {}, refusal=refusal)
    outfit = add_attributes(make_outputs(Style.STREET, outfit=0.9), {}, refusal=refusal)
    unsure = replace(FAKE_ATTRIBUTES_CARD, refusals={Refusal.PART: 0.999})
    for outputs, card, expected in (
        (refused, FAKE_ATTRIBUTES_CARD, refusal),
        (outfit, FAKE_ATTRIBUTES_CARD, None),
        (refused, unsure, None),
    ):
        with StyleClassifier(FakeBackend([outputs]), card) as classifier:
            assert classifier.classify(Image.new("RGB", (64, 64))).refusal is expected


def test_stored_form_round_trip() -> None:
    attributes = _attributes(
        Style.STREET,
        {Item.HOODIE: 0.9, Item.SNEAKERS: 0.8, Color.BLACK: 0.7},
        confidence=0.5,
        second=Style.CASUAL,
        second_confidence=0.4,
    )
    stored = json.loads(json.dumps(attributes.to_dict()))
    restored = Attributes.from_dict(stored)

    assert restored.to_dict() == stored
    assert attributes.swap is not None
    assert restored.reasons_for(Style.STREET)
    assert restored.seen[0].cam == pytest.approx(attributes.seen[0].cam, abs=1 / 255)
    assert restored.main_color is Color.BLACK
    assert Attributes.from_dict(_attributes(things={}).to_dict()).seen == ()


def test_model_without_items_and_photo_without_an_outfit_have_no_attributes() -> None:
    assert classify_scripted().attributes is None
    assert classify_with_attributes(Style.STREET, {Item.HOODIE: 0.9}, outfit=0.1).attributes is None


def test_card_must_calibrate_a_model_with_items() -> None:
    outputs = add_attributes(make_outputs(Style.STREET), {})
    from core.images.decoding import decode_photo

    with pytest.raises(ModelMismatchError, match="calibrate"):
        StyleClassifier(FakeBackend([outputs]), FAKE_MODEL_CARD).classify(decode_photo(make_photo()))


def test_statistics_of_the_labels_are_what_people_would_say() -> None:
    statistics = load_label_statistics()

    assert statistics.log_odds[Item.TRADITIONAL][Style.ETHNIC.position] > 5
    assert statistics.log_odds[Item.BLAZER][Style.BUSINESS_CASUAL.position] > 2
    assert statistics.log_odds[Item.HOODIE][Style.FEMININE.position] < 0
    assert all(0 <= share <= 1 for shares in statistics.share.values() for share in shares)
    assert replace(statistics).to_json() == statistics.to_json()
