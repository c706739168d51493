"""Messages that say more than one thing, and words that are only quoted."""

import pytest

from core.conversation.intents import Intent, find_intent, has_several_wishes
from core.conversation.smalltalk import unanswered_wishes
from core.i18n.translations import Language, translate


@pytest.mark.parametrize(
    ("message", "intent"),
    [
        ("delete this pic pls and show me the top looks", Intent.LEADERBOARD),
        ("show me the board then delete my photos", Intent.LEADERBOARD),
        ("올려줘. 누가 봐?", Intent.PHOTOS),
        ("사진 지우고 보드 보여줘", Intent.LEADERBOARD),
    ],
)
def test_of_several_wishes_the_one_that_changes_nothing_is_answered(message: str, intent: Intent) -> None:
    assert find_intent(message) is intent
    assert has_several_wishes(message)
    assert unanswered_wishes(message, Language.EN) == (translate("talk.one_wish", Language.EN),)


@pytest.mark.parametrize(
    ("message", "intent"),
    [
        ("ㅎㅇ 이거 뭐하는봇임?", Intent.WHO),
        ("대박 이거 무료야?", Intent.PRICE),
        ("ty!! ur the best", Intent.THANKS),
        ("haha love it thank u", Intent.PRAISE),
        ("취소 취소 안해", Intent.CANCEL),
        ("pls dont post it anywhere ok", Intent.CANCEL),
        ("is my face public now", Intent.SHARED),
        ("share it and delete my account", None),
        ("delete it. why?", None),
        ("진짜 지워지나", None),
        ("배고파 죽고 싶다", None),
        ("이번 주 날씨 어때?", None),
        *((message, Intent.WHY) for message in ("no. why?", "that's wrong. why?", "맞아. 왜?", "아니요. 왜요?")),
        *((message, Intent.PHOTOS) for message in ("hold on. who sees it?", "네, 누가 봐요?", "싫어. 누가 봐?")),
        ("please don't delete it and show me the board", Intent.LEADERBOARD),
    ],
)
def test_one_wish_with_a_remark(message: str, intent: Intent | None) -> None:
    assert find_intent(message) is intent
    assert unanswered_wishes(message, Language.KO) == ()


def test_long_talk_is_no_wish() -> None:
    assert find_intent("I wore it. " * 11 + "Who sees it?") is Intent.PHOTOS
    assert find_intent("I wore it. " * 300 + "Who sees it?") is None


@pytest.mark.parametrize(
    "message",
    [
        *('"delete my account"', "“share it”", "'delete everything'", "she said “take it down”"),
        *('"삭제해줘"라고 하면 지워지는거야?', "'올려줘'", "‘다 지워줘’", '친구가 "내려줘" 하래'),
    ],
)
def test_quoted_words_are_no_wish(message: str) -> None:
    assert find_intent(message) not in {Intent.SHARE, Intent.UNSHARE, Intent.DELETE, Intent.DELETE_ONE}


@pytest.mark.parametrize(
    "message",
    ["don't share it", "don’t delete it", "올리지마", "지우지 마", "keep it private pls", "it's mine, don't post it"],
)
def test_refused_wishes_change_nothing(message: str) -> None:
    assert find_intent(message) is Intent.CANCEL
