"""Whole messages that ask openly about a garment, and messages that only look like one."""

import pytest

from core.clothing import Item
from core.conversation.garment_kinds import GarmentKind, Subject
from core.conversation.open_questions import Aspect, OpenQuestion, find_open_question


@pytest.mark.parametrize(
    ("message", "aspect", "subject"),
    [
        ("what color is my coat?", Aspect.COLOR, Item.COAT),
        ("what colour r my shoes", Aspect.COLOR, GarmentKind.SHOES),
        ("what color are the shoes?", Aspect.COLOR, GarmentKind.SHOES),
        ("what color do you see on the jacket", Aspect.COLOR, Item.JACKET),
        ("what's the color of my bag?", Aspect.COLOR, Item.BAG),
        ("what color coat is this", Aspect.COLOR, Item.COAT),
        ("what about the trousers, what colour are they?", Aspect.COLOR, Item.TROUSERS),
        ("바지 색은 맞아?", Aspect.COLOR, Item.TROUSERS),
        ("what kind of shoes are these?", Aspect.NAME, GarmentKind.SHOES),
        ("what kinda shoes are these", Aspect.NAME, GarmentKind.SHOES),
        ("what shoes am I wearing", Aspect.NAME, GarmentKind.SHOES),
        ("what's my top?", Aspect.NAME, GarmentKind.TOP),
        ("what's on my head?", Aspect.NAME, GarmentKind.HEADWEAR),
        ("what am I wearing on my feet?", Aspect.NAME, GarmentKind.SHOES),
        ("do u see my shoes?", Aspect.NAME, GarmentKind.SHOES),
        ("what is the coat made of?", Aspect.MATERIAL, Item.COAT),
        ("what pattern is the dress?", Aspect.PATTERN, Item.DRESS),
        ("내가 입은 치마 색깔이 뭐야", Aspect.COLOR, Item.SKIRT),
        ("머리에 있는 거 뭐야", Aspect.NAME, GarmentKind.HEADWEAR),
        ("내 신발 종류 알려줘", Aspect.NAME, GarmentKind.SHOES),
        ("what do my shoes look like", Aspect.NAME, GarmentKind.SHOES),
        ("wrong color on the coat", Aspect.WRONG_COLOR, Item.COAT),
        ("the color of my shoes is off", Aspect.WRONG_COLOR, GarmentKind.SHOES),
        ("코트 색 틀렸어", Aspect.WRONG_COLOR, Item.COAT),
        ("바지 색깔이 이상한데", Aspect.WRONG_COLOR, Item.TROUSERS),
        ("신발 색 다른데요", Aspect.WRONG_COLOR, GarmentKind.SHOES),
        ("코트 색이 다르다고요", Aspect.WRONG_COLOR, Item.COAT),
        ("코트 색을 잘못 봤네요", Aspect.WRONG_COLOR, Item.COAT),
        ("가방 색 틀린 것 같아요", Aspect.WRONG_COLOR, Item.BAG),
        ("신발 무슨 색이야?", Aspect.COLOR, GarmentKind.SHOES),
        ("가방 색은", Aspect.COLOR, Item.BAG),
        ("신발 색?", Aspect.COLOR, GarmentKind.SHOES),
        ("이 치마 무슨 색 같아?", Aspect.COLOR, Item.SKIRT),
        ("내 코트 무슨 색이게?", Aspect.COLOR, Item.COAT),
        ("겉옷 무슨색같음", Aspect.COLOR, GarmentKind.OUTERWEAR),
        ("무슨 색 코트야?", Aspect.COLOR, Item.COAT),
        ("코트 색이 뭐야", Aspect.COLOR, Item.COAT),
        ("가방 색깔 알려줘", Aspect.COLOR, Item.BAG),
        ("위에 입은 거 뭐야?", Aspect.NAME, GarmentKind.TOP),
        ("위에 입은거 뭐같애", Aspect.NAME, GarmentKind.TOP),
        ("신발 뭐 신은거같아ㅋㅋ", Aspect.NAME, GarmentKind.SHOES),
        ("하의 뭐로 보여?", Aspect.NAME, GarmentKind.BOTTOM),
        ("머리에 뭐 썼어?", Aspect.NAME, GarmentKind.HEADWEAR),
        ("이거 무슨 신발이에요?", Aspect.NAME, GarmentKind.SHOES),
        ("무슨 바지 입었어?", Aspect.NAME, Item.TROUSERS),
        ("치마 소재가 뭐야", Aspect.MATERIAL, Item.SKIRT),
        ("원피스 무늬가 뭐야?", Aspect.PATTERN, Item.DRESS),
        ("아래는 뭐야", Aspect.NAME, GarmentKind.BOTTOM),
    ],
)
def test_open_question_about_a_garment(message: str, aspect: Aspect, subject: Subject) -> None:
    assert find_open_question(message) == OpenQuestion(aspect=aspect, subject=subject)


@pytest.mark.parametrize(
    "message",
    [
        *("what color coat should I buy?", "what shoes go with this?", "what is a blazer?", "which color suits me?"),
        *("what color shoes go with jeans", "what are the best shoes", "what's your top style", "what do you see?"),
        *("what is the bottom line", "what are the shoes for?", "what should i wear on my feet", "what colors?"),
        *(
            "신발 무슨 색 살까?",
            "코트 무슨 색이 어울려?",
            "신발 뭐 신을까",
            "위에 뭐 입을까?",
            "하의 뭐 입지",
            "무슨 색이야?",
        ),
        *(
            "코트 색 이상해?",
            "코트 색이 이상한지 봐줘",
            "신발 색 안 맞아?",
            "신발 색깔이 안 맞는 것 같아",
            "가방 색 이상해 보여요",
        ),
        *("신발 색 다른 거 추천해줘", "바지 색 다른 걸로 바꿀까", "신발 색 다르게 하면?", "신발 색이 다른데 괜찮아?"),
        *("바지 색이 달라지면", "신발 색이 틀린데 괜찮아", "코트 색 이상한데?", "is the coat color off?"),
        *("무슨 색 좋아해?", "무슨 신발 사야 해?", "코트 어때?", "신발 어디 거야", "목이 아파", "뭐가 보여?"),
    ],
)
def test_other_messages_are_no_open_question(message: str) -> None:
    assert find_open_question(message) is None
