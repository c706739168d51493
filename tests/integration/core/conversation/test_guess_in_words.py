"""Guesses before the verdict that are written, not pressed."""

import pytest

from core.conversation.actions import ActionType
from core.conversation.reply import ReplyKind
from core.conversation.service import ConversationService
from core.db.looks import Look
from core.db.people import Person
from core.styles import Style
from tests.integration.core.conversation.conftest import act, create_look, current, reload, say, write


@pytest.fixture
async def hidden(service: ConversationService, mina: Person) -> Look:
    """A look whose style is guessed first."""
    await act(service, mina, ActionType.GUESS)
    return await create_look(service, await reload(service, mina))


@pytest.mark.parametrize(
    "message", ["음 스트릿?", "스트릿인가?", "나 이거 스트릿 입은거야", "street?", "is it street?"]
)
async def test_a_guess_may_be_a_question(
    service: ConversationService, mina: Person, hidden: Look, message: str
) -> None:
    reply = await say(service, mina, message)
    assert (reply.kind, reply.style) == (ReplyKind.GUESS_RECORDED, Style.STREET)
    assert (await current(service, hidden)).guessed_style is Style.STREET


@pytest.mark.parametrize("message", ["can you explain street?", "스트릿이 뭐야?", "왜 스트릿?", "street or mode?"])
async def test_a_question_about_styles_is_no_guess(
    service: ConversationService, mina: Person, hidden: Look, message: str
) -> None:
    assert await write(service, mina, message) is None
    assert (await current(service, hidden)).guessed_style is None


@pytest.mark.parametrize(
    "message", ["몰라 그냥 알려줘", "정답 뭐야", "패스", "모르겠어요", "idk tell me", "I give up", "아니요", "no"]
)
async def test_giving_up_reveals_the_verdict(
    service: ConversationService, mina: Person, hidden: Look, message: str
) -> None:
    reply = await say(service, mina, message)
    assert (reply.kind, reply.reveals_verdict) == (ReplyKind.VERDICT, True)
    revealed = await current(service, hidden)
    assert (revealed.guessed_style, revealed.pending_question) == (None, None)
    again = await write(service, mina, message)
    assert again is None or again.kind is not ReplyKind.VERDICT, "there is nothing to reveal any more"


@pytest.mark.parametrize("message", ["스트릿?", "street?"])
async def test_after_the_verdict_a_style_with_a_question_mark_corrects_nothing(
    service: ConversationService, mina: Person, message: str
) -> None:
    look = await create_look(service, mina)
    await write(service, mina, message)
    assert (await current(service, look)).corrected_style is None


@pytest.mark.parametrize(
    "message", ["더 자세히", "두번째는 뭐야?", "퍼센트 알려줘", "tell me more", "what was second?"]
)
async def test_details_are_told_in_words(service: ConversationService, mina: Person, message: str) -> None:
    assert await write(service, mina, message) is None, "there is no look"
    await create_look(service, mina)
    assert (await say(service, mina, message)).kind is ReplyKind.DETAILS
