import pytest

from core.clothing import Color, Item
from core.conversation.item_questions import find_item_question
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
    ],
)
def test_question_about_one_item(message: str, thing: Thing) -> None:
    assert find_item_question(message) is thing


@pytest.mark.parametrize(
    "message",
    [
        *("do you like my coat?", "boots", "which boots go with this?", "should I wear a hat?", "I love my jeans"),
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
