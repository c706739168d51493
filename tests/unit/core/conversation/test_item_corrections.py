"""Whole messages that take back an item, and messages that only look like one."""

import pytest

from core.clothing import Color, Item
from core.conversation.item_corrections import ItemCorrection, find_item_correction
from core.vision.attributes import Thing


@pytest.mark.parametrize(
    ("message", "denied", "instead"),
    [
        ("not a coat", Item.COAT, None),
        ("that's not a coat", Item.COAT, None),
        ("it isn't a blazer", Item.BLAZER, None),
        ("Not a coat, it's a jacket", Item.COAT, Item.JACKET),
        ("it's a jacket, not a coat", Item.COAT, Item.JACKET),
        ("that's actually a jacket not a coat", Item.COAT, Item.JACKET),
        ("the coat is actually a jacket", Item.COAT, Item.JACKET),
        ("no hat", Item.HAT, None),
        ("there's no bag", Item.BAG, None),
        ("i'm not wearing a hat", Item.HAT, None),
        ("I don't have a bag", Item.BAG, None),
        ("those aren't boots", Item.BOOTS, None),
        ("those are sneakers not boots", Item.BOOTS, Item.SNEAKERS),
        ("they're not boots, they're sneakers", Item.BOOTS, Item.SNEAKERS),
        ("nope, not leather", Item.LEATHER, None),
        ("wrong, that's not a dress", Item.DRESS, None),
        ("not black, navy", Color.BLACK, Color.NAVY),
        ("it's navy, not black", Color.BLACK, Color.NAVY),
        ("it's not a coat but a jacket", Item.COAT, Item.JACKET),
        ("more of a knit than a sweatshirt", Item.HOODIE, Item.KNIT),
        ("sorry but that's not a skirt", Item.SKIRT, None),
        ("no that's not a dress it's a skirt", Item.DRESS, Item.SKIRT),
        ("it's a cardigan, not a sweater", Item.KNIT, Item.KNIT),
        ("코트 아니에요", Item.COAT, None),
        ("코트 아닌데요", Item.COAT, None),
        ("그거 치마 아니에요", Item.SKIRT, None),
        ("코트 아니고 자켓이야", Item.COAT, Item.JACKET),
        ("코트 아니고 재킷이에요", Item.COAT, Item.JACKET),
        ("코트가 아니라 재킷인데요", Item.COAT, Item.JACKET),
        ("코트 말고 재킷", Item.COAT, Item.JACKET),
        ("이거 재킷이지 코트 아니에요", Item.COAT, Item.JACKET),
        ("재킷이에요 코트 아니고", Item.COAT, Item.JACKET),
        ("가방 없는데요", Item.BAG, None),
        ("모자 안 썼어요", Item.HAT, None),
        ("가방 안 들었는데", Item.BAG, None),
        ("부츠 안 신었어요", Item.BOOTS, None),
        ("코트는 안 입었어요", Item.COAT, None),
        ("검은색 아니고 남색이에요", Color.BLACK, Color.NAVY),
        ("검정 아니라 네이비인데", Color.BLACK, Color.NAVY),
        ("청바지 아니거든요", Item.JEANS, None),
        ("아니 그거 청바지 아니야", Item.JEANS, None),
        ("후드티 아니고 니트예요", Item.HOODIE, Item.KNIT),
        ("니트 아니고 가디건이에요", Item.KNIT, Item.KNIT),
        ("벨트 안 했어요", Item.BELT, None),
        ("넥타이 안 맸어요", Item.TIE, None),
        ("아뇨 운동화예요 부츠 아니에요", Item.BOOTS, Item.SNEAKERS),
        ("원피스 아님", Item.DRESS, None),
        ("그거 부츠 아니고 스니커즈", Item.BOOTS, Item.SNEAKERS),
    ],
)
def test_correction_of_an_item(message: str, denied: Thing, instead: Thing | None) -> None:
    assert find_item_correction(message) == ItemCorrection(denied=denied, instead=instead)


@pytest.mark.parametrize(
    "message",
    [
        "is that not a coat?",
        "not my favourite coat",
        "i love my coat",
        "no",
        "no idea",
        "not really",
        "not casual",
        "코트 예뻐요",
        "코트 없어도 돼요",
        "아니에요",
        "아니야",
        "모자 쓰면 더 나을까요",
        "가방 안 사요",
        "캐주얼 아니고 스트릿이야",
        "not street, casual",
        "black coffee, not tea",
        "no bag policy",
        "boots",
        "코트 아니야?",
        "that's a jacket",
        "코트 말고 뭐 입지",
        "no shirt no shoes no service",
        "i don't like the coat",
        "coat or jacket",
        "백 점 아니고 구십 점",
        "진짜 아니야",
        "티 안 나요",
        "not bad",
        "i have no coat for winter",
        "코트 안 사려고요",
        "모자 안 쓰는 게 낫나요",
        "가방 없이 나가요",
        "치마 안 어울려요",
        "노란 옷 안 좋아해요",
    ],
)
def test_other_messages_correct_no_item(message: str) -> None:
    assert find_item_correction(message) is None
