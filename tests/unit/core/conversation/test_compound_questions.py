"""Questions about a garment with properties, two things, two garments and two colors."""

import pytest

from core.clothing import Color, Item
from core.conversation.attribute_mentions import Mention
from core.conversation.item_questions import find_item_question
from core.vision.attributes import Attribute


@pytest.mark.parametrize(
    ("message", "thing", "properties"),
    [
        ("is that really a leather jacket?", Item.JACKET, (Item.LEATHER,)),
        ("is that a black dress?", Item.DRESS, (Color.BLACK,)),
        ("are these light blue jeans?", Item.JEANS, (Color.BLUE,)),
        ("is it a red floral dress?", Item.DRESS, (Color.RED, Item.FLORAL)),
        ("are the jeans blue?", Item.JEANS, (Color.BLUE,)),
        ("is the coat navy?", Item.COAT, (Color.NAVY,)),
        ("is the coat navy or black?", Item.COAT, (Color.NAVY, Color.BLACK)),
        ("청바지 파란색이야?", Item.JEANS, (Color.BLUE,)),
        ("코트가 네이비야 검정이야?", Item.COAT, (Color.NAVY, Color.BLACK)),
        ("셔츠 흑백이야?", Item.SHIRT, (Color.BLACK, Color.WHITE)),
        ("가죽 재킷 맞아?", Item.JACKET, (Item.LEATHER,)),
        ("가죽재킷 맞아?", Item.JACKET, (Item.LEATHER,)),
        ("이거 진짜 긴 치마예요?", Item.SKIRT, (Item.LONG,)),
    ],
)
def test_question_about_a_garment_with_properties(message: str, thing: Item, properties: tuple[Attribute, ...]) -> None:
    assert find_item_question(message) == Mention(thing=thing, properties=properties)


@pytest.mark.parametrize(
    ("message", "first", "second"),
    [
        ("are the shoes flats or heels?", Item.FLATS, Item.HEELS),
        ("is the jacket denim or leather?", Item.DENIM, Item.LEATHER),
        ("is it black or navy?", Color.BLACK, Color.NAVY),
        ("청바지예요 슬랙스예요?", Item.JEANS, Item.TROUSERS),
        ("남색이야 검은색이야?", Color.NAVY, Color.BLACK),
        ("is that a blazer or a coat?", Item.BLAZER, Item.COAT),
        ("is it black and white?", Color.BLACK, Color.WHITE),
    ],
)
def test_question_about_two_things(message: str, first: Attribute, second: Attribute) -> None:
    assert find_item_question(message) == Mention(thing=first, also=second)


@pytest.mark.parametrize(
    ("message", "first", "second", "garment"),
    [
        ("is it a black shirt or a white shirt?", Color.BLACK, Color.WHITE, Item.SHIRT),
        ("is it a leather jacket or a denim jacket?", Item.LEATHER, Item.DENIM, Item.JACKET),
        ("is it a black shirt or a shirt?", Color.BLACK, None, Item.SHIRT),
        ("is it a shirt or a white shirt?", Item.SHIRT, Color.WHITE, None),
        ("is it a shirt or a blouse?", Item.SHIRT, Item.SHIRT, None),
        ("is it a black coat or a black jacket?", Color.BLACK, Item.JACKET, Item.COAT),
    ],
)
def test_question_about_two_garments(
    message: str, first: Attribute, second: Attribute | None, garment: Item | None
) -> None:
    found = find_item_question(message)
    assert found is not None
    assert (found.first_thing, found.second_thing, found.garment) == (first, second, garment)


@pytest.mark.parametrize(
    ("message", "garment", "colors", "others"),
    [
        ("is that a black and white shirt?", Item.SHIRT, (Color.BLACK, Color.WHITE), ()),
        ("is it a red and blue dress?", Item.DRESS, (Color.RED, Color.BLUE), ()),
        ("흑백 체크 셔츠 맞아?", Item.SHIRT, (Color.BLACK, Color.WHITE), (Item.CHECK,)),
        ("검정 흰색 체크 셔츠예요?", Item.SHIRT, (Color.BLACK, Color.WHITE), (Item.CHECK,)),
        ("파란색이랑 흰색 줄무늬 셔츠 맞아요?", Item.SHIRT, (Color.BLUE, Color.WHITE), (Item.STRIPES,)),
    ],
)
def test_question_about_two_colors_of_a_garment(
    message: str, garment: Item, colors: tuple[Color, Color], others: tuple[Item, ...]
) -> None:
    found = find_item_question(message)
    assert found == Mention(thing=garment, properties=(*colors, *others))
    assert found is not None
    assert (found.first_thing, found.second_thing, found.garment) == (*colors, garment)
