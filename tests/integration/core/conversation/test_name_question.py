"""The question for a display name: what answers it, what ends it, and that no message shares a look."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from core.conversation.actions import Action, ActionType
from core.conversation.reply import ReplyKind
from core.conversation.service import ConversationService
from core.db import people
from core.db.people import Person
from core.i18n.translations import Language, translate
from tests.integration.core.conversation.test_service import (
    act,
    create_look,
    create_named_person,
    is_shared,
    mina,
    reload,
    service,
    write,
)

__all__ = ["mina", "service"]

NOT_NAMES = [
    *("no", "No!", "cancel", "wait", "hold on", "thanks", "Thank you so much", "hi", "help", "stop", "never mind"),
    *("yes", "ok", "lol", "why?", "Casual", "/help", "who are you?", "delete my photos"),
    *(
        "싫어요",
        "고마워",
        "아니요",
        "취소",
        "잠깐만요",
        "안 올릴래요",
        "네",
        "ㅋㅋㅋ",
        "안녕",
        "하지 마",
        "괜찮아요",
        "왜?",
        "ㄴㄴ",
    ),
]


@pytest.mark.parametrize("message", NOT_NAMES)
async def test_message_that_is_no_name_becomes_none(service: ConversationService, mina: Person, message: str) -> None:
    look = await create_look(service, mina)
    suggested = (await act(service, mina, ActionType.SHARE, look)).name
    reply = await write(service, mina, message)
    assert reply is None or reply.kind in {ReplyKind.KEPT_PRIVATE, ReplyKind.NAME_PROMPT}
    person = await reload(service, mina)
    assert (person.name, person.pending_name) == (suggested, None)
    assert not await is_shared(service, look)


@pytest.mark.parametrize("message", ["no", "취소", "싫어요", "never mind"])
async def test_refusal_ends_the_question(service: ConversationService, mina: Person, message: str) -> None:
    look = await create_look(service, mina)
    await act(service, mina, ActionType.SHARE, look)
    await write(service, mina, "Mint")
    refused = await write(service, mina, message)
    assert refused is not None
    assert refused.kind is ReplyKind.KEPT_PRIVATE
    person = await reload(service, mina)
    assert (person.pending_name_look_id, person.pending_name) == (None, None)
    assert (await act(service, mina, ActionType.CONFIRM_NAME, look)).kind is ReplyKind.NAME_PROMPT, "an old button"
    assert not await is_shared(service, look)


@pytest.mark.parametrize("message", ["yes", "네", "맞아요", "올려 주세요"])
async def test_agreement_in_words_shows_the_buttons_again(
    service: ConversationService, mina: Person, message: str
) -> None:
    look = await create_look(service, mina)
    await act(service, mina, ActionType.SHARE, look)
    await write(service, mina, "Mint")
    reply = await write(service, mina, message)
    assert reply is not None
    assert (reply.kind, reply.name) == (ReplyKind.NAME_CONFIRMATION, "Mint")
    assert not await is_shared(service, look)


async def test_name_in_another_chat_is_no_answer_and_ends_the_question(
    service: ConversationService, mina: Person
) -> None:
    look = await create_look(service, mina)
    person = await reload(service, mina)
    await service.handle_action(person, Action(type=ActionType.SHARE, look_id=look.id), chat="telegram:-100")
    assert await service.handle_text(await reload(service, mina), "Mint", chat="telegram:42") is None
    assert (await reload(service, mina)).pending_name_look_id is None
    assert await service.handle_text(await reload(service, mina), "Mint", chat="telegram:-100") is None


async def test_button_in_another_chat_does_not_confirm(service: ConversationService, mina: Person) -> None:
    look = await create_look(service, mina)
    await act(service, mina, ActionType.SHARE, look)
    await write(service, mina, "Mint")
    confirm = Action(type=ActionType.CONFIRM_NAME, look_id=look.id)
    reply = await service.handle_action(await reload(service, mina), confirm, chat="telegram:-100")
    assert reply.kind is ReplyKind.NAME_PROMPT
    assert not await is_shared(service, look)


async def test_question_ends_after_ten_minutes(service: ConversationService, mina: Person) -> None:
    assert timedelta(minutes=10) == people.NAME_QUESTION_LIFETIME
    look = await create_look(service, mina)
    await act(service, mina, ActionType.SHARE, look)
    await write(service, mina, "Mint")
    async with service.resources.database.transaction() as connection:
        await connection.execute(text("UPDATE people SET pending_name_asked_at = now() - interval '601 seconds'"))
    assert await write(service, mina, "Lemon") is None
    assert (await act(service, mina, ActionType.CONFIRM_NAME, look)).kind is ReplyKind.NAME_PROMPT
    async with service.resources.database.transaction() as connection:
        await connection.execute(text("UPDATE people SET pending_name = 'Mint'"))
        await connection.execute(text("UPDATE people SET pending_name_asked_at = now() - interval '601 seconds'"))
        await people.end_expired_name_questions(connection)
        stored = await connection.execute(text("SELECT pending_name, pending_name_look_id FROM people"))
    assert stored.one() == (None, None), "a name that was not confirmed is not kept"


async def test_photo_or_command_ends_the_question(service: ConversationService, mina: Person) -> None:
    look = await create_look(service, mina)
    await act(service, mina, ActionType.SHARE, look)
    await service.end_name_question(await reload(service, mina))
    assert await write(service, mina, "Mint") is None


async def test_name_that_was_taken_meanwhile_is_not_shared(service: ConversationService, mina: Person) -> None:
    look = await create_look(service, mina)
    await act(service, mina, ActionType.SHARE, look)
    await write(service, mina, "Mint")
    await create_named_person(service, "43", "Mint")
    reply = await act(service, mina, ActionType.CONFIRM_NAME, look)
    assert (reply.kind, reply.rejected_name) == (ReplyKind.NAME_TAKEN, "Mint")
    assert not await is_shared(service, look)


async def test_typed_label_asks_before_a_look_is_shared(service: ConversationService, mina: Person) -> None:
    look = await create_look(service, mina)
    async with service.resources.database.transaction() as connection:
        assert await people.set_display_name(connection, mina.id, "Mina")
    for action_type in (ActionType.SHARE, ActionType.ACCEPT_NAME, ActionType.CONFIRM_NAME):
        reply = await act(service, mina, action_type)
        assert (reply.kind, reply.name) == (ReplyKind.NAME_CONFIRMATION, "Mina")
    assert not await is_shared(service, look)
    assert (await act(service, mina, ActionType.CONFIRM_NAME, look)).kind is ReplyKind.SHARED


async def test_cancel_button_keeps_a_shared_look(service: ConversationService, mina: Person) -> None:
    look = await create_look(service, mina)
    await act(service, mina, ActionType.ACCEPT_NAME, look)
    await act(service, mina, ActionType.CANCEL_NAME, look)
    assert await is_shared(service, look)


@pytest.mark.parametrize("language", Language)
def test_question_promises_nothing_without_the_button(language: Language) -> None:
    for key in ("talk.name.ask", "talk.name.taken"):
        sentence = translate(key, language, name="Mint", proposed="Mint")
        assert "I'll use" not in sentence
        assert "올릴게요" not in sentence
