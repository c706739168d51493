"""Whole messages that take back an item, and messages that only look like one."""

import time

import pytest

from core.clothing import Color, Item
from core.conversation.garment_kinds import GarmentKind
from core.conversation.item_corrections import ItemCorrection, find_item_correction
from core.vision.attributes import Attribute


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
        ("denim, not leather", Item.LEATHER, Item.DENIM),
        ("not a skirt, a dress", Item.SKIRT, Item.DRESS),
        ("no, sneakers, not boots", Item.BOOTS, Item.SNEAKERS),
        ("no, that's not a dress", Item.DRESS, None),
        ("there's no cap", Item.HAT, None),
        ("I didn't wear heels", Item.HEELS, None),
        ("청바지 없는데요", Item.JEANS, None),
        ("가방 없어요", Item.BAG, None),
        ("not floral", Item.FLORAL, None),
        ("it's not striped", Item.STRIPES, None),
        ("it's not oversized", Item.OVERSIZED, None),
        ("no stripes", Item.STRIPES, None),
        ("it's polka dots, not check", Item.CHECK, Item.DOTS),
        ("체크 아니야", Item.CHECK, None),
        ("체크 아니고 물방울무늬야", Item.CHECK, Item.DOTS),
        ("플로럴 아니야", Item.FLORAL, None),
        ("스트라이프 아니에요", Item.STRIPES, None),
        ("줄무늬 없어요", Item.STRIPES, None),
        ("not a leather jacket, it's a coat", Item.JACKET, Item.COAT),
        ("it's a kimono, not a dress", Item.DRESS, Item.TRADITIONAL),
        ("원피스 아니고 한복이에요", Item.DRESS, Item.TRADITIONAL),
        ("한복 아니야", Item.TRADITIONAL, None),
        ("전통 의상 아니야", Item.TRADITIONAL, None),
        ("the shoes aren't heels", Item.HEELS, None),
        ("my top isn't a blouse", Item.SHIRT, None),
        ("the shoes aren't heels, they're boots", Item.HEELS, Item.BOOTS),
        ("the coat isn't a jacket", Item.JACKET, Item.COAT),
        ("what I'm wearing isn't a coat", Item.COAT, None),
        ("that was not a coat", Item.COAT, None),
        ("신발은 힐이 아니야", Item.HEELS, None),
        ("위에 입은 거 셔츠 아니에요", Item.SHIRT, None),
        ("상의는 니트가 아니고 후드티예요", Item.KNIT, Item.HOODIE),
        ("바지는 청바지 아니고 슬랙스야", Item.JEANS, Item.TROUSERS),
        ("무늬는 체크가 아니에요", Item.CHECK, None),
        ("아까 그거 코트 아니었어", Item.COAT, None),
        ("not black and white, it's black", Color.WHITE, None),
    ],
)
def test_correction_of_an_item(message: str, denied: Attribute, instead: Attribute | None) -> None:
    assert find_item_correction(message) == ItemCorrection(denied=denied, instead=instead)


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
    ("message", "garment", "kind", "color"),
    [
        ("the coat is actually navy", Item.COAT, None, Color.NAVY),
        ("coat's dark blue actually", Item.COAT, None, Color.BLUE),
        ("my shoes are actually beige", Color.BEIGE, GarmentKind.SHOES, Color.BEIGE),
        ("코트 사실 네이비야", Item.COAT, None, Color.NAVY),
        ("신발은 실은 베이지예요", Color.BEIGE, GarmentKind.SHOES, Color.BEIGE),
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
    [
        *("my coat is actually navy or black", "the coat is navy or black actually", "코트는 사실 검정이나 흰색이야"),
        *("코트는 사실 검정 아니면 흰색이야", "코트는 사실 검정이야 흰색이야", "코트는 사실 검정 또는 흰색이야"),
    ],
)
def test_one_color_or_the_other_corrects_nothing(message: str) -> None:
    assert find_item_correction(message) is None


@pytest.mark.parametrize(
    "message",
    [
        *("it's not the boots, they're fine", "it's not the jeans, they're great", "not the heels, they're too high"),
        *("it's not the boots they are so comfy", "it's not the boots, they're my friend's", "not boots, they're his"),
        *("not jeans, they're gorgeous", "it's not the coat, it's a bit cold", "no coat, it's a shame"),
        *(
            "청바지가 아니라 핏이 별로야",
            "모자가 아니라 머리가 예뻐요",
            "코트가 아니라 가격이 문제죠",
            "코트가 아니라 가격이에요",
        ),
        *("부츠가 아니라 발이 아파요", "부츠가 아니라 불편해요", "청바지가아니라핏이별로야", "코트 아니고 친구 거야"),
        *("모자가아니라머리가예뻐요", "코트가 아니라 날씨가 문제예요", "코트가 아니라 진짜 최고야"),
    ],
)
def test_what_is_said_of_another_thing_takes_nothing_back(message: str) -> None:
    assert find_item_correction(message) is None


@pytest.mark.parametrize(
    ("message", "denied", "instead"),
    [
        ("운동화 아니라 단화예요ㅠㅠ", Item.SNEAKERS, Item.FLATS),
        ("부츠 아니거등 스니커즈거등", Item.BOOTS, Item.SNEAKERS),
        ("아니 그거 모자 아니라고!!", Item.HAT, None),
        ("모자 없는데 뭔소리야", Item.HAT, None),
        ("치마 입은 적 없어요", Item.SKIRT, None),
        ("그거 코트 아냐ㅋㅋ", Item.COAT, None),
        ("나 모자 쓴 거 아니야", Item.HAT, None),
        ("바지 말고 치마 입었어", Item.TROUSERS, Item.SKIRT),
        ("definitely not a skirt", Item.SKIRT, None),
        ("검은색은 하나도 없는데", Color.BLACK, None),
        ("이거 베이지 맞는데 왜 흰색이래", Color.WHITE, Color.BEIGE),
        ("모자 아니고 머리띠인데 ㅋㅋ", Item.HAT, None),
        ("원피스 아니라 투피스인데", Item.DRESS, None),
        ("those aren't jeans they're leggings", Item.JEANS, None),
        ("that's not a coat it's a poncho", Item.COAT, None),
        ("청바지가 아니라 레깅스예요", Item.JEANS, None),
        ("not boots, they're wellies lol", Item.BOOTS, None),
        ("가방 없어 ㅋㅋㅋ 잘못봤네", Item.BAG, None),
        ("모자? 안 썼는데", Item.HAT, None),
        ("the hat? i'm not wearing one", Item.HAT, None),
        ("there's no hat in this pic", Item.HAT, None),
        ("shoes: boots, not sneakers", Item.SNEAKERS, Item.BOOTS),
    ],
)
def test_correction_as_it_is_typed_in_a_chat(message: str, denied: Attribute, instead: Attribute | None) -> None:
    assert find_item_correction(message) == ItemCorrection(denied=denied, instead=instead)


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


@pytest.mark.parametrize(
    "message",
    [
        "the coat is black",
        "your jeans are black",
        "this dress is red",
        "that jacket is leather",
        "no, white sneakers",
        "no, sneakers",
        "nope! a dress",
        "체크 없어요?",
        "플로럴 좋아요",
        "not my red dress",
        "롱 원피스 안 어울려요",
        "the jeans aren't new",
        "the dress isn't a skirt and not blue",
        "is that not a red dress?",
        "셔츠 아니고 흰색이야",
        "no, it's black",
        "no it's a red dress",
        "no red flags",
        "boots? not sneakers",
        "the hat? i'm not wearing one?",
        "빨간약 줄까 파란약 줄까",
        "파란만장한 하루였어",
        "once in a blue moon",
        "caught red handed",
        "no hat no problem",
        "no hat it's hot",
        "not a fan, it's a mess",
        "not my coat it's my sister's",
        "코트 아니고 뭐야",
        "코트 아니고 제 인생이 문제예요",
        "오늘 빨간불 세 번 걸림",
        "white lies",
        "i'm feeling blue",
        "shoes off",
        "no cap",
        "no cap lol",
        "that's not cap",
        "프린트 안 했어요",
        "체크 안 했어요",
        "후드 안 썼어요",
        "I don't wear heels",
        "I wear no heels",
        "I don't have jeans",
        "i have no coat",
        "청바지 없어요",
        "코트 없음",
        "that's not my coat",
        "not my bag",
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
        "the shoes aren't new",
        "the coat isn't warm enough",
        "위에 입은 거 제 거 아니에요",
        "상의는 안 어울려요",
        "가방 모자 없어요",
    ],
)
def test_other_messages_correct_no_item(message: str) -> None:
    assert find_item_correction(message) is None


@pytest.mark.parametrize("message", ["티 백 진 " * 8, "진 " * 25, "no " + "tie " * 11, "코트 " * 16])
def test_a_list_of_names_is_read_in_a_moment(message: str) -> None:
    find_item_correction("not a coat")  # compiles the names
    started = time.process_time()
    assert find_item_correction(message) is None
    assert time.process_time() - started < 0.02


@pytest.mark.parametrize("message", ["not a black trench coat, a navy trench coat", "no trench coat, no suit jacket"])
def test_long_names_within_names_are_not_too_many(message: str) -> None:
    assert find_item_correction(message) is not None
