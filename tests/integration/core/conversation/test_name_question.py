"""The question for a display name: what answers it, what ends it, and that no message shares a look."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text
from uuid_utils.compat import uuid7

from core.conversation.actions import Action, ActionType, tag_name
from core.conversation.display_names import generated_name, generated_name_candidates
from core.conversation.reply import ReplyKind
from core.conversation.service import ConversationService
from core.db import looks, people
from core.db.people import Person
from core.db.schema import IdentityProvider
from core.i18n.translations import Language, translate
from tests.databases import wait_until_blocked
from tests.integration.core.conversation.conftest import (
    CHAT,
    EN,
    act,
    create_look,
    create_named_person,
    is_shared,
    reload,
    restore,
    write,
)

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
    *("네 올려주세요", "그걸로 할게", "아무거나 해줘", "다른 이름으로 할래", "익명으로 해줘", "이름 꼭 있어야 돼?"),
    *("하기 싫어", "공유 안 한다고", "추천해줘", "걍 익명으로", "본명 써도 돼?"),
]


@pytest.mark.parametrize("message", NOT_NAMES)
async def test_message_that_is_no_name_becomes_none(service: ConversationService, mina: Person, message: str) -> None:
    look = await create_look(service, mina)
    suggested = (await act(service, mina, ActionType.SHARE, look)).name
    reply = await write(service, mina, message)
    assert reply is None or reply.kind in {ReplyKind.KEPT_PRIVATE, ReplyKind.NAME_PROMPT, ReplyKind.NAME_EXPLAINED}
    person = await reload(service, mina)
    assert (person.name, person.pending_name) == (suggested, None)
    assert not await is_shared(service, look)


@pytest.mark.parametrize(
    ("message", "kind", "name"),
    [
        *(
            (message, ReplyKind.NAME_EXPLAINED, None)
            for message in ("이름 바꿔줘", "닉네임 수정해줘", "이름 뭐로 할까")
        ),
        *(
            (message, ReplyKind.NAME_EXPLAINED, None)
            for message in (
                "누가 볼수있는데",
                "나중에 내릴수있음?",
                "사진 누가 봐요?",
                "who sees this",
                "왜 이름이 필요함?",
            )
        ),
        *(
            (message, ReplyKind.KEPT_PRIVATE, None)
            for message in ("공유 안 하고 싶어요", "네 취소해줘", "nvm dont post", "안할래 무서워")
        ),
        *((name, ReplyKind.NAME_CONFIRMATION, name) for name in ("봄", "올림", "하나")),
        ("나나 어때?", ReplyKind.NAME_CONFIRMATION, "나나"),
        *((message, ReplyKind.BRAND_UNKNOWN, None) for message in ("이 셔츠 어디꺼야", "what brand is this")),
        *((message, ReplyKind.DETAIL_UNKNOWN, None) for message in ("양말 안보임?", "안경 어울려?")),
        *((name, ReplyKind.NAME_CONFIRMATION, name) for name in ("Levi", "Socks", "Robot", "Next", "Ready", "Look")),
        ("이름은 지수예요", ReplyKind.NAME_CONFIRMATION, "지수"),
    ],
)
async def test_answer_to_the_question_for_a_name(
    service: ConversationService, mina: Person, message: str, kind: ReplyKind, name: str | None
) -> None:
    look = await create_look(service, mina)
    await act(service, mina, ActionType.SHARE, look)
    reply = await write(service, mina, message)
    assert reply is not None
    assert reply.kind is kind
    assert (await reload(service, mina)).pending_name == name


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
    assert (reply.kind, reply.name) == (ReplyKind.NAME_UNCLEAR, "Mint"), "in other words than before"
    restored = await restore(service, mina, reply)
    assert (restored.kind, restored.name, restored.prompt) == (reply.kind, "Mint", ActionType.CONFIRM_NAME)
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
    confirm = Action(type=ActionType.CONFIRM_NAME, look_id=look.id, name_tag=tag_name("Mint"))
    reply = await service.handle_action(await reload(service, mina), confirm, chat="telegram:-100")
    assert reply.kind is ReplyKind.NAME_PROMPT
    assert not await is_shared(service, look)


async def test_button_confirms_only_the_name_shown_above_it(service: ConversationService, mina: Person) -> None:
    look = await create_look(service, mina)
    await act(service, mina, ActionType.SHARE, look)
    await write(service, mina, "Mint")
    await write(service, mina, "call me 01012345678")
    for name_tag in (tag_name("Mint"), None):
        confirm = Action(type=ActionType.CONFIRM_NAME, look_id=look.id, name_tag=name_tag)
        reply = await service.handle_action(await reload(service, mina), confirm, chat=CHAT)
        assert (reply.kind, reply.name) == (ReplyKind.NAME_CONFIRMATION, "call me 01012345678")
    assert not await is_shared(service, look)


async def test_question_ends_when_its_look_is_shared_elsewhere(service: ConversationService, mina: Person) -> None:
    look = await create_look(service, mina)
    await act(service, mina, ActionType.SHARE, look)
    async with service.resources.database.transaction() as connection:
        assert await looks.share(connection, look.id)
    assert (await act(service, mina, ActionType.CONFIRM_NAME, look)).kind is ReplyKind.SHARED
    assert (await reload(service, mina)).pending_name_look_id is None


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
        await people.delete_expired_name_questions(connection)
        stored = await connection.execute(text("SELECT pending_name, pending_name_look_id FROM people"))
    assert stored.one() == (None, None), "a name that was not confirmed is not kept"


async def test_photo_or_command_ends_the_question(service: ConversationService, mina: Person) -> None:
    look = await create_look(service, mina)
    await act(service, mina, ActionType.SHARE, look)
    await service.delete_name_question(await reload(service, mina))
    assert await write(service, mina, "Mint") is None


async def test_name_that_was_taken_meanwhile_is_not_shared(service: ConversationService, mina: Person) -> None:
    look = await create_look(service, mina)
    await act(service, mina, ActionType.SHARE, look)
    await write(service, mina, "Mint")
    await create_named_person(service, "43", "Mint")
    reply = await act(service, mina, ActionType.CONFIRM_NAME, look)
    assert (reply.kind, reply.rejected_name) == (ReplyKind.NAME_TAKEN, "Mint")
    restored = await restore(service, mina, reply)
    assert (restored.kind, restored.prompt, restored.name) == (ReplyKind.NAME_PROMPT, reply.prompt, reply.name)
    assert not await is_shared(service, look)


async def test_typed_label_asks_before_a_look_is_shared(service: ConversationService, mina: Person) -> None:
    look = await create_look(service, mina)
    async with service.resources.database.transaction() as connection:
        assert await people.update_display_name(connection, mina.id, "Mina")
    reply = await act(service, mina, ActionType.SHARE)
    assert (reply.kind, reply.name) == (ReplyKind.NAME_CONFIRMATION, "Mina")
    for action_type in (ActionType.SHARE, ActionType.ACCEPT_NAME, ActionType.CONFIRM_NAME):
        reply = await act(service, mina, action_type)
        assert (reply.kind, reply.name, reply.prompt) == (ReplyKind.NAME_UNCLEAR, "Mina", ActionType.CONFIRM_NAME)
    assert not await is_shared(service, look)
    assert (await act(service, mina, ActionType.CONFIRM_NAME, look)).kind is ReplyKind.SHARED


@pytest.mark.parametrize("message", ["보드에서 내려줘", "공유 취소할게요"])
async def test_wish_to_take_a_look_down_offers_its_button(
    service: ConversationService, mina: Person, message: str
) -> None:
    shared = await create_look(service, mina)
    await act(service, mina, ActionType.SHARE, shared)
    nothing = await write(service, mina, message)
    assert nothing is not None
    assert nothing.kind is ReplyKind.NOTHING_SHARED
    assert (await reload(service, mina)).pending_name_look_id is None
    await act(service, mina, ActionType.ACCEPT_NAME, shared)
    await create_look(service, mina, 2)

    offer = await write(service, mina, message)

    assert offer is not None
    assert (offer.kind, offer.look and offer.look.id) == (ReplyKind.UNSHARE_OFFER, shared.id)
    assert await is_shared(service, shared)


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


async def test_written_name_is_shown_back_and_confirmed_by_a_button(service: ConversationService, mina: Person) -> None:
    look = await create_look(service, mina)
    assert await write(service, mina, "Mina") is None, "no question is pending"
    await act(service, mina, ActionType.SHARE, look)

    invalid = await write(service, mina, "<script>")
    assert invalid is not None
    assert (invalid.kind, invalid.name) == (ReplyKind.NAME_INVALID, (await reload(service, mina)).name)
    assert (invalid.prompt, invalid.look and invalid.look.id) == (ActionType.ACCEPT_NAME, look.id)
    shown = await write(service, mina, "  Mina  Kim ")
    assert shown is not None
    assert (shown.kind, shown.name, shown.prompt) == (ReplyKind.NAME_CONFIRMATION, "Mina Kim", ActionType.CONFIRM_NAME)
    assert not await is_shared(service, look), "a message shares nothing"
    shared = await act(service, mina, ActionType.CONFIRM_NAME, look)
    assert (shared.kind, shared.name) == (ReplyKind.SHARED, "Mina Kim")
    assert (await act(service, mina, ActionType.CONFIRM_NAME, look)).kind is ReplyKind.SHARED, "pressed twice"
    assert await write(service, mina, "Hello") is None, "the question is answered"

    second = await create_look(service, await reload(service, mina), 300)
    again = await act(service, mina, ActionType.SHARE, second)
    assert (again.kind, again.name) == (ReplyKind.SHARED, "Mina Kim"), "a person with a name is not prompted again"


@pytest.mark.parametrize("language", Language)
async def test_taken_name_prompts_again_with_a_free_suggestion(
    service: ConversationService, mina: Person, language: Language
) -> None:
    await service.handle_action(mina, Action(type=ActionType.SET_LANGUAGE, language=language), chat=CHAT)
    await create_named_person(service, "43", "Jun Kim")
    candidates = generated_name_candidates(mina.id, language)
    await create_named_person(service, "44", next(candidates))
    look = await create_look(service, await reload(service, mina))
    await act(service, mina, ActionType.SHARE, look)

    taken = await write(service, mina, "JUN K1M")
    assert taken is not None
    assert (taken.kind, taken.language) == (ReplyKind.NAME_TAKEN, language)
    assert (taken.rejected_name, taken.name) == ("JUN K1M", next(candidates))
    assert taken.prompt is ActionType.ACCEPT_NAME
    assert taken.look is not None
    assert not taken.look.is_public
    shown = await write(service, mina, "Mina")
    assert shown is not None
    assert (shown.kind, shown.name) == (ReplyKind.NAME_CONFIRMATION, "Mina")


async def test_suggested_name_is_reserved_for_the_person(service: ConversationService, mina: Person) -> None:
    candidates = generated_name_candidates(mina.id, EN)
    first, second = next(candidates), next(candidates)
    jun = await create_named_person(service, "43", first)
    look = await create_look(service, mina)
    for _ in range(2):
        prompt = await act(service, mina, ActionType.SHARE, look)
        assert (prompt.kind, prompt.prompt, prompt.name) == (ReplyKind.NAME_PROMPT, ActionType.ACCEPT_NAME, second)
    async with service.resources.database.transaction() as connection:
        assert not await people.update_display_name(connection, jun.id, second)
        assert await people.update_display_name(connection, jun.id, "Jun")
    accepted = await act(service, mina, ActionType.ACCEPT_NAME, look)
    assert (accepted.kind, accepted.name) == (ReplyKind.SHARED, second)
    assert (await reload(service, mina)).name == second


async def test_concurrent_shares_get_different_generated_names(
    service: ConversationService, monkeypatch: pytest.MonkeyPatch
) -> None:
    candidates = generated_name_candidates(uuid7(), EN)
    names = [next(candidates) for _ in range(20)]
    monkeypatch.setattr("core.conversation.sharing.generated_name_candidates", lambda *_: iter(names))
    persons = [await service.get_or_create_person(IdentityProvider.TELEGRAM, f"{number}", "en") for number in range(6)]
    own_looks = [await create_look(service, person, 100 + number) for number, person in enumerate(persons)]
    await asyncio.gather(
        *(
            service.handle_action(person, Action(type=ActionType.ACCEPT_NAME, look_id=look.id), chat=CHAT)
            for person, look in zip(persons, own_looks, strict=True)
        )
    )
    assert {(await reload(service, person)).name for person in persons} == set(names[:6])


async def test_suggested_name_that_was_not_accepted_is_prompted_again(
    service: ConversationService, mina: Person
) -> None:
    look = await create_look(service, mina)
    await act(service, mina, ActionType.SHARE, look)
    await act(service, mina, ActionType.KEEP_PRIVATE, look)
    prompt = await act(service, mina, ActionType.SHARE, look)
    assert (prompt.kind, prompt.name) == (ReplyKind.NAME_PROMPT, generated_name(mina.id, EN))


async def test_a_look_that_is_deleted_while_its_name_is_typed_is_gone(
    service: ConversationService, mina: Person
) -> None:
    database, look = service.resources.database, await create_look(service, mina)
    await act(service, mina, ActionType.SHARE, look)
    async with database.transaction() as deletion:
        await deletion.execute(text("DELETE FROM looks WHERE id = :id"), {"id": look.id})
        answering = asyncio.create_task(write(service, mina, "Luna"))
        await wait_until_blocked(database)
    reply = await answering
    assert reply is not None
    assert reply.kind is ReplyKind.LOOK_NOT_FOUND
