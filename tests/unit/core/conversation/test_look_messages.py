from dataclasses import replace

import pytest
from uuid_utils.compat import uuid7

from core.clothing import Item
from core.conversation.actions import ActionType
from core.conversation.intents import Intent
from core.conversation.look_messages import asks_why_not, grants_or_refuses, list_offers, read_look_message
from core.conversation.occasions import Occasion
from core.styles import Style
from core.vision.attributes import Swap
from tests.factories import classify_with_attributes, make_look, make_verdict


@pytest.mark.parametrize(
    "message",
    [
        *(
            "why not?",
            "why",
            "how come?",
            "why can't you?",
            "what's wrong with it?",
            "what's the problem",
            "why no style?",
        ),
        *("it is an outfit", "but that's an outfit!", "why isn't that an outfit?", "why did you refuse"),
        *(
            "왜 안 돼?",
            "왜 안돼요",
            "왜 못 봐?",
            "왜 안 봐줘",
            "뭐가 문제야?",
            "왜요",
            "왜 안 되나요?",
            "왜 안 되는 거예요?",
        ),
        *("왜 코디가 아니에요?", "코디 맞는데요", "왜 안 보여요?", "왜 거절해요", "뭐가 안 돼요"),
        "왜 안 되는 거예요?",
        *(
            "옷 입었는데?",
            "코트 입었잖아요",
            "사람 있잖아",
            "이거 옷 맞거든",
            "옷이 없다고?",
            "뭐가 문제임",
            "엥 왜 못봐",
        ),
        *("코디 보이잖아 왜 안된대", "거울에 다 나왔는데 왜", "이게 왜 코디가 아니야 옷 입었잖아"),
        *("신발까지 나왔는데요", "코디 맞아요", "분명히 옷 입고 있는데"),
        *("분명히 입었는데", "슬랙스 입었는데", "티셔츠 입었잖아요"),
    ],
)
def test_question_for_the_reason_of_a_refusal(message: str) -> None:
    assert asks_why_not(message)


@pytest.mark.parametrize(
    "message",
    [
        *("what is this", "what's wrong with you", "no", "is it an outfit for work?", "this is my outfit of the day"),
        *(
            "왜 이렇게 비싸요",
            "뭐예요",
            "왜 살아야 하죠",
            "뭐가 유행이에요",
            "안 돼요",
            "어디가 좋아요",
            "왜 이래",
            "코디 추천해 주세요",
        ),
        *("시간 있어?", "비 맞았어", "친구 만났는데", "옷 샀는데"),
    ],
)
def test_other_messages_ask_for_no_reason(message: str) -> None:
    assert not asks_why_not(message)


@pytest.mark.parametrize(
    ("message", "guess", "gives_up"),
    [
        *((message, Style.CASUAL, False) for message in ("몰라 캐주얼", "어려워 캐주얼", "idk, casual", "캐주얼일까")),
        *((message, Style.STREET, False) for message in ("모르겠어 스트릿", "no idea, maybe street?")),
        *(
            (message, None, True)
            for message in (
                *("모르겠어요", "몰라 그냥 알려줘", "이제 보여줘", "패스할게요", "I give up"),
                *("건너뛰기", "패스하자", "포기했어", "모르겠으니까 알려줘"),
                *("what style is it?", "이거 무슨 스타일이야?", "정답이 뭐예요?"),
            )
        ),
        *(
            (message, None, False)
            for message in ("is it casual or street?", "캐주얼일까 스트릿일까", "이제 보여?", "답답해", "i know")
        ),
        ("모르겠어 스트릿이 뭐야", None, False),
        ("I don't know what casual is", None, False),
        ("does this count as street?", Style.STREET, False),
    ],
)
def test_guess_is_told_apart_from_giving_up(message: str, guess: Style | None, *, gives_up: bool) -> None:
    read = read_look_message(message)
    assert (read.guess, read.gives_up) == (guess, gives_up)


@pytest.mark.parametrize(
    "message",
    [
        *("yes", "sure, go ahead", "why not?", "not allowed", "i don't allow it", "don't use my photos for training"),
        *("y", "n", "no thank you", "nah I'm good", "that's fine", "definitely not", "sounds good"),
        *(
            "I don't think so",
            "keep it private",
            "싫습니다",
            "괜찮습니다",
            "동의하지 않습니다",
            "좀 그래요",
            "글쎄요",
            "ㄴ",
        ),
        *("얼마든지요", "해도 되는데", "쓰지 않으셔도 돼요"),
        *(
            "학습에 쓰지 마세요",
            "절대 쓰지 마세요",
            "사진은 안 돼요",
            "학습은 안 돼요",
            "사진 학습에 써도 돼요",
            "허락할게요",
            "동의 안 해요",
            "거절할게요",
            "싫어요",
        ),
    ],
)
def test_permission_is_given_or_refused(message: str) -> None:
    assert grants_or_refuses(message)


@pytest.mark.parametrize(
    "message",
    [
        *("틀렸어", "맞아요", "딱이야", "정확해요", "아닌 것 같아요", "인정", "학습이 뭐야?"),
        *("wrong", "that's right", "exactly", "you're right", "that's wrong", "not quite", "you can do better"),
    ],
)
def test_remark_about_the_verdict_is_no_permission(message: str) -> None:
    assert not grants_or_refuses(message)


@pytest.mark.parametrize(
    ("message", "occasion"),
    [
        ("면접에 괜찮아요? 왜요?", Occasion.INTERVIEW),
        ("Is this okay for a date? What should I change?", Occasion.DATE),
        ("Can I wear this to work? who are you?", Occasion.OFFICE),
    ],
)
def test_an_occasion_is_answered_whatever_else_is_asked(message: str, occasion: Occasion) -> None:
    read = read_look_message(message)
    assert (read.intent, read.occasion) == (None, occasion)


def test_what_would_change_the_style_is_offered_only_where_something_would() -> None:
    verdict = classify_with_attributes(Style.CASUAL, {Item.TROUSERS: 0.9})
    assert verdict.attributes is not None
    swap = Swap(remove=Item.TROUSERS, add=Item.SKIRT, style=Style.FEMININE, probability=0.6)
    with_swap = replace(verdict, attributes=replace(verdict.attributes, swap=swap))
    without_swap = replace(verdict, attributes=replace(verdict.attributes, swap=None))
    for shown, is_offered in ((with_swap, True), (without_swap, False), (make_verdict(), False)):
        offers = list_offers(make_look(uuid7(), shown), finds_similar=False)
        assert (ActionType.SHOW_SWAP in offers) is is_offered


def test_a_question_before_an_occasion_is_answered() -> None:
    assert read_look_message("Why formal? I want to wear it to a wedding").intent is Intent.WHY
