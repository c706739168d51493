"""Denials of a garment with its properties, of a property alone, and of two things."""

import pytest

from core.clothing import Color, Item
from core.conversation.garment_kinds import GarmentKind
from core.conversation.item_corrections import ItemCorrection, find_item_correction
from core.vision.attributes import Attribute


@pytest.mark.parametrize(
    ("message", "denied", "properties"),
    [
        ("not blue jeans", Item.JEANS, (Color.BLUE,)),
        ("those are not blue jeans", Item.JEANS, (Color.BLUE,)),
        ("that's not a red dress", Item.DRESS, (Color.RED,)),
        ("not a leather jacket", Item.JACKET, (Item.LEATHER,)),
        ("not a dark green checked shirt", Item.SHIRT, (Color.GREEN, Item.CHECK)),
        ("블루 청바지 아니야", Item.JEANS, (Color.BLUE,)),
        ("블랙 재킷 아니에요", Item.JACKET, (Color.BLACK,)),
        ("검은 재킷 아니야", Item.JACKET, (Color.BLACK,)),
        ("롱 원피스 아니야", Item.DRESS, (Item.LONG,)),
        ("체크원피스 아니에요", Item.DRESS, (Item.CHECK,)),
        ("가죽 재킷 아니야", Item.JACKET, (Item.LEATHER,)),
    ],
)
def test_denial_of_a_garment_with_properties(
    message: str, denied: Attribute, properties: tuple[Attribute, ...]
) -> None:
    assert find_item_correction(message) == ItemCorrection(denied=denied, properties=properties)


@pytest.mark.parametrize(
    ("message", "garment", "properties", "instead"),
    [
        ("The coat isn't black", Item.COAT, (Color.BLACK,), None),
        ("it's a coat, not black", Item.COAT, (Color.BLACK,), None),
        ("not a red dress, just a dress", Item.DRESS, (Color.RED,), None),
        ("the jeans aren't blue", Item.JEANS, (Color.BLUE,), None),
        ("that dress is not floral", Item.DRESS, (Item.FLORAL,), None),
        ("the coat isn't black and white", Item.COAT, (Color.BLACK, Color.WHITE), None),
        ("청바지 파란색 아니야", Item.JEANS, (Color.BLUE,), None),
        ("코트는 검은색이 아니에요", Item.COAT, (Color.BLACK,), None),
        ("the coat isn't navy, it's black", Item.COAT, (Color.NAVY,), Color.BLACK),
        ("코트가 네이비가 아니라 검정이에요", Item.COAT, (Color.NAVY,), Color.BLACK),
        ("not a red dress, it's a blue dress", Item.DRESS, (Color.RED,), Color.BLUE),
        ("not a red dress, it's blue", Item.DRESS, (Color.RED,), Color.BLUE),
        ("it's a blue dress, not a red dress", Item.DRESS, (Color.RED,), Color.BLUE),
        ("it's not red, it's a blue dress", Item.DRESS, (Color.RED,), Color.BLUE),
        ("the dress is blue, not red", Item.DRESS, (Color.RED,), Color.BLUE),
        ("빨간 원피스 아니고 파란 원피스예요", Item.DRESS, (Color.RED,), Color.BLUE),
        ("원피스는 빨간색이 아니라 파란색이에요", Item.DRESS, (Color.RED,), Color.BLUE),
        ("it's a leather jacket, not a denim jacket", Item.JACKET, (Item.DENIM,), Item.LEATHER),
        ("my pants aren't blue", Item.TROUSERS, (Color.BLUE,), None),
        ("my pants arent blue lol", Item.TROUSERS, (Color.BLUE,), None),
        ("바지 파란색 아니에요", Item.TROUSERS, (Color.BLUE,), None),
        ("바지에 프린트 없음", Item.TROUSERS, (Item.PRINT,), None),
        ("jeans aren't blue they're grey", Item.JEANS, (Color.BLUE,), Color.GREY),
        ("코트 까만거 아님 남색임", Item.COAT, (Color.BLACK,), Color.NAVY),
        ("코트는 남색인데 왜 검정으로 봤어", Item.COAT, (Color.BLACK,), Color.NAVY),
        ("the coat is navy but you said black", Item.COAT, (Color.BLACK,), Color.NAVY),
        ("아닌데 바지 검정 아닌데", Item.TROUSERS, (Color.BLACK,), None),
    ],
)
def test_denial_of_a_property_keeps_its_garment(
    message: str, garment: Item, properties: tuple[Attribute, ...], instead: Attribute | None
) -> None:
    expected = ItemCorrection(denied=garment, properties=properties, instead=instead, is_garment_kept=True)
    assert find_item_correction(message) == expected


@pytest.mark.parametrize(
    ("message", "kind", "color", "instead"),
    [
        ("the shoes aren't white", GarmentKind.SHOES, Color.WHITE, None),
        ("shoes arent white, theyre cream", GarmentKind.SHOES, Color.WHITE, Color.BEIGE),
        ("the top isn't red, it's pink", GarmentKind.TOP, Color.RED, Color.PINK),
        ("my outerwear isn't black", GarmentKind.OUTERWEAR, Color.BLACK, None),
        ("그거 신발 흰색 아니고 크림색", GarmentKind.SHOES, Color.WHITE, Color.BEIGE),
        ("신발 흰색 아냐 베이지야", GarmentKind.SHOES, Color.WHITE, Color.BEIGE),
        ("상의 빨간색 아니에요", GarmentKind.TOP, Color.RED, None),
        ("겉옷은 검은색이 아니에요", GarmentKind.OUTERWEAR, Color.BLACK, None),
        ("아래 입은 거 파란색 아니에요", GarmentKind.BOTTOM, Color.BLUE, None),
    ],
)
def test_denial_of_a_property_of_a_kind(message: str, kind: GarmentKind, color: Color, instead: Color | None) -> None:
    expected = ItemCorrection(denied=color, properties=(color,), of=kind, instead=instead, is_garment_kept=True)
    assert find_item_correction(message) == expected


@pytest.mark.parametrize(
    ("message", "denied", "also"),
    [
        ("no tie, no belt", Item.TIE, Item.BELT),
        ("no jeans no dress", Item.JEANS, Item.DRESS),
        ("no tie and not a belt", Item.TIE, Item.BELT),
        ("it's not a coat, it's not a jacket", Item.COAT, Item.JACKET),
        ("no hat or bag", Item.HAT, Item.BAG),
        ("neither a coat nor a jacket", Item.COAT, Item.JACKET),
    ],
)
def test_two_denials_exchange_nothing(message: str, denied: Attribute, also: Attribute) -> None:
    assert find_item_correction(message) == ItemCorrection(denied=denied, also=also)
