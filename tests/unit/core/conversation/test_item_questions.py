import pytest

from core.clothing import Color, Item
from core.conversation.item_questions import find_item_question
from core.conversation.thing_names import Mention
from core.vision.attributes import Thing


@pytest.mark.parametrize(
    ("message", "thing"),
    [
        ("Is that really a blazer?", Item.BLAZER),
        ("is this a skirt", Item.SKIRT),
        ("that's not a coat", Item.COAT),
        ("not a coat!", Item.COAT),
        ("Are those boots?", Item.BOOTS),
        ("hmm, is it actually leather?", Item.LEATHER),
        ("boots?", Item.BOOTS),
        ("no hat", Item.HAT),
        ("is that navy?", Color.NAVY),
        ("what about the bag", Item.BAG),
        ("is that a hoodie", Item.HOODIE),
        ("이거 진짜 블레이저예요?", Item.BLAZER),
        ("코트 아닌데요", Item.COAT),
        ("치마 맞아요?", Item.SKIRT),
        ("가방 보여?", Item.BAG),
        ("청바지?", Item.JEANS),
        ("후드티 아니야", Item.HOODIE),
        ("모자 없는데", Item.HAT),
        ("진짜 퍼예요?", Item.FUR),
        ("검정색이에요?", Color.BLACK),
        ("파란색 아닌데요", Color.BLUE),
        ("are the jeans blue?", Color.BLUE),
        ("is that dress floral?", Item.FLORAL),
        ("is the jacket made of leather?", Item.LEATHER),
        ("청바지 파란색이야?", Color.BLUE),
        ("원피스 꽃무늬 맞아요?", Item.FLORAL),
        ("is it oversized?", Item.OVERSIZED),
        ("is that striped?", Item.STRIPES),
        ("오버핏 아니에요?", Item.OVERSIZED),
        ("체크 맞아?", Item.CHECK),
        ("am I wearing a hat?", Item.HAT),
        ("isn't that a cardigan?", Item.KNIT),
        ("모자 썼어?", Item.HAT),
        ("모자 쓰고 있어요?", Item.HAT),
        ("코트 입었어?", Item.COAT),
        ("부츠 신었어요?", Item.BOOTS),
        ("넥타이 맸나요?", Item.TIE),
        ("가방 들었어?", Item.BAG),
        ("is it a hanbok?", Item.TRADITIONAL),
        ("is that a kimono?", Item.TRADITIONAL),
        ("한복이야", Item.TRADITIONAL),
        ("기모노 맞아요?", Item.TRADITIONAL),
        ("is this a sari?", Item.TRADITIONAL),
    ],
)
def test_question_about_one_item(message: str, thing: Thing) -> None:
    assert find_item_question(message) == Mention(thing=thing)


@pytest.mark.parametrize(
    ("message", "thing", "properties"),
    [
        ("is that really a leather jacket?", Item.JACKET, (Item.LEATHER,)),
        ("is that a black dress?", Item.DRESS, (Color.BLACK,)),
        ("are these light blue jeans?", Item.JEANS, (Color.BLUE,)),
        ("is it a red floral dress?", Item.DRESS, (Color.RED, Item.FLORAL)),
        ("가죽 재킷 맞아?", Item.JACKET, (Item.LEATHER,)),
        ("가죽재킷 맞아?", Item.JACKET, (Item.LEATHER,)),
        ("이거 진짜 긴 치마예요?", Item.SKIRT, (Item.LONG,)),
    ],
)
def test_question_about_a_garment_with_properties(message: str, thing: Item, properties: tuple[Thing, ...]) -> None:
    assert find_item_question(message) == Mention(thing=thing, properties=properties)


@pytest.mark.parametrize(
    "message",
    [
        *("do you like my coat?", "boots", "which boots go with this?", "should I wear a hat?", "I love my jeans"),
        *("체크 했어?", "프린트 했어요?", "긴가?", "모자 샀어?", "are the jeans new?", "is the skirt a dress?"),
        *("is that a blazer or a coat?", "is it raining?", "black coffee please", "is that really street?", ""),
        *(
            "코트 예쁘죠?",
            "가방 어디서 사요?",
            "청바지",
            "모자 쓰면 더 나을까요?",
            "티켓 있어?",
            "진짜?",
            "퍼뜩",
            "백 점?",
        ),
        "is that really a blazer or am I just imagining it because it is late",
    ],
)
def test_other_messages_are_no_question_about_an_item(message: str) -> None:
    assert find_item_question(message) is None
