"""Corrections that name the color of a garment, or two colors."""

import pytest

from core.clothing import Color, Item
from core.conversation.garment_kinds import GarmentKind
from core.conversation.item_corrections import ItemCorrection, find_item_correction
from core.vision.attributes import Attribute


@pytest.mark.parametrize(
    ("message", "garment", "kind", "color"),
    [
        ("the coat is actually navy", Item.COAT, None, Color.NAVY),
        ("coat's dark blue actually", Item.COAT, None, Color.BLUE),
        ("my shoes are actually beige", Color.BEIGE, GarmentKind.SHOES, Color.BEIGE),
        ("코트 사실 네이비야", Item.COAT, None, Color.NAVY),
        ("신발은 실은 베이지예요", Color.BEIGE, GarmentKind.SHOES, Color.BEIGE),
        ("신발 색 틀렸어요 네이비예요", Color.NAVY, GarmentKind.SHOES, Color.NAVY),
    ],
)
def test_the_color_that_a_garment_has(message: str, garment: Attribute, kind: GarmentKind | None, color: Color) -> None:
    expected = ItemCorrection(denied=garment, of=kind, instead=color, is_garment_kept=True)
    assert find_item_correction(message) == expected


@pytest.mark.parametrize(
    "message",
    [
        *("my coat is actually black and white", "코트는 사실 검정이랑 흰색이야", "코트 사실 흑백이에요"),
        "the coat is black and white actually",
    ],
)
def test_the_two_colors_that_a_garment_has(message: str) -> None:
    expected = ItemCorrection(denied=Item.COAT, is_garment_kept=True, instead=Color.BLACK, instead_also=Color.WHITE)
    assert find_item_correction(message) == expected


@pytest.mark.parametrize(
    "message",
    ["코트 색 남색이야", "이 코트 네이비인데요?", "내 코트 네이비야", "코트는 네이비인데", "코트 색은 남색이에요"],
)
def test_the_color_of_a_garment_is_told(message: str) -> None:
    expected = ItemCorrection(denied=Item.COAT, is_garment_kept=True, instead=Color.NAVY, is_remark=True)
    assert find_item_correction(message) == expected


@pytest.mark.parametrize(
    "message", ["이 코트 네이비야?", "코트가 네이비인데 어때?", "내 친구 네이비야", "네이비 코트인데요?"]
)
def test_a_question_or_another_thing_tells_no_color(message: str) -> None:
    assert find_item_correction(message) is None


@pytest.mark.parametrize(
    "message",
    [
        *("my coat is actually navy or black", "the coat is navy or black actually", "코트는 사실 검정이나 흰색이야"),
        *("코트는 사실 검정 아니면 흰색이야", "코트는 사실 검정이야 흰색이야", "코트는 사실 검정 또는 흰색이야"),
    ],
)
def test_one_color_or_the_other_corrects_nothing(message: str) -> None:
    assert find_item_correction(message) is None


@pytest.mark.parametrize(
    ("message", "correction"),
    [
        ("it's not black and white", ItemCorrection(denied=Color.BLACK, also=Color.WHITE)),
        ("흑백 아니에요", ItemCorrection(denied=Color.BLACK, also=Color.WHITE)),
        (
            "not black and white, it's navy",
            ItemCorrection(denied=Color.BLACK, also=Color.WHITE, instead=Color.NAVY),
        ),
        (
            "it's black and white, not grey",
            ItemCorrection(denied=Color.GREY, instead=Color.BLACK, instead_also=Color.WHITE),
        ),
        (
            "회색 아니고 흑백이에요",
            ItemCorrection(denied=Color.GREY, instead=Color.BLACK, instead_also=Color.WHITE),
        ),
        (
            "not a black and white shirt, it's a red shirt",
            ItemCorrection(
                denied=Item.SHIRT,
                properties=(Color.BLACK, Color.WHITE),
                is_garment_kept=True,
                instead=Color.RED,
            ),
        ),
        (
            "that's not a black and white shirt",
            ItemCorrection(denied=Item.SHIRT, properties=(Color.BLACK, Color.WHITE)),
        ),
        (
            "that's not a black shirt or a white shirt",
            ItemCorrection(denied=Item.SHIRT, properties=(Color.BLACK, Color.WHITE)),
        ),
        (
            "흑백 체크 셔츠 아니에요",
            ItemCorrection(denied=Item.SHIRT, properties=(Color.BLACK, Color.WHITE, Item.CHECK)),
        ),
    ],
)
def test_correction_of_two_colors(message: str, correction: ItemCorrection) -> None:
    assert find_item_correction(message) == correction


@pytest.mark.parametrize(
    ("message", "denied"),
    [
        ("not white, it's navy or black", ItemCorrection(denied=Color.WHITE)),
        ("it's navy or black, not white", ItemCorrection(denied=Color.WHITE)),
        ("not white, it's navy/black", ItemCorrection(denied=Color.WHITE)),
        ("흰색 아니고 네이비나 검정이야", ItemCorrection(denied=Color.WHITE)),
        ("흰색 아니고 네이비 아니면 검정이에요", ItemCorrection(denied=Color.WHITE)),
        (
            "the coat isn't white, it's navy or black",
            ItemCorrection(denied=Item.COAT, properties=(Color.WHITE,), is_garment_kept=True),
        ),
        (
            "not a red dress, it's blue or navy",
            ItemCorrection(denied=Item.DRESS, properties=(Color.RED,), is_garment_kept=True),
        ),
    ],
)
def test_of_two_things_of_which_one_is_meant_neither_is_there_instead(message: str, denied: ItemCorrection) -> None:
    assert find_item_correction(message) == denied
