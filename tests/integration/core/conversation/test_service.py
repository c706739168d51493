"""`ConversationService`: actions and messages of people, independent of the channel."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from core.clothing import Item
from core.conversation.actions import Action, ActionType
from core.conversation.display_names import generated_name
from core.conversation.narration import style_name
from core.conversation.reply import ReplyKind
from core.conversation.reply_texts import reply_sentences
from core.conversation.service import ConversationService
from core.db import looks
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import IdentityProvider, PendingQuestion
from core.errors import DailyLimitError, PersonNotFoundError
from core.i18n.translations import Language, translate
from core.services.photo_judging import PhotoJudgingService
from core.styles import Style
from core.urls import look_url
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend, make_outputs
from tests.integration.core.conversation.conftest import (
    CHAT,
    EN,
    act,
    create_look,
    create_named_person,
    judge,
    reload,
    restore,
    write,
)
from tests.texts import variants


async def test_known_identity_returns_the_same_person_and_keeps_the_language(
    service: ConversationService, mina: Person
) -> None:
    assert mina.language is Language.EN
    assert await service.get_or_create_person(IdentityProvider.TELEGRAM, "42", "ko") == mina
    assert (await service.get_or_create_person(IdentityProvider.KAKAO, "42", "ko")).id != mina.id


async def test_first_share_prompts_for_a_name_and_the_generated_name_can_be_accepted(
    service: ConversationService, mina: Person
) -> None:
    look = await create_look(service, mina)
    prompt = await act(service, mina, ActionType.SHARE, look)
    name = generated_name(mina.id, EN)
    assert (prompt.kind, prompt.prompt, prompt.name) == (ReplyKind.NAME_PROMPT, ActionType.ACCEPT_NAME, name)
    assert prompt.look is not None
    assert prompt.look.shared_at is None, "nothing is shared before there is a name"

    accepted = await act(service, mina, ActionType.ACCEPT_NAME, look)
    assert (accepted.kind, accepted.name) == (ReplyKind.SHARED, name)
    assert accepted.look is not None
    assert look_url(service.settings, accepted.look) == f"https://eva.example/looks/{look.id}"
    assert (await reload(service, mina)).name == name


async def test_another_action_ends_the_name_prompt(service: ConversationService, mina: Person) -> None:
    look = await create_look(service, mina)
    await act(service, mina, ActionType.SHARE, look)
    await act(service, mina, ActionType.KEEP_PRIVATE, look)
    assert await write(service, mina, "Mina") is None


async def test_unshare_takes_one_action(service: ConversationService, mina: Person) -> None:
    look = await create_look(service, mina)
    await act(service, mina, ActionType.ACCEPT_NAME, look)
    unshared = await act(service, mina, ActionType.UNSHARE, look)
    assert unshared.kind is ReplyKind.UNSHARED
    assert unshared.look is not None
    assert unshared.look.shared_at is None
    assert look_url(service.settings, unshared.look) is None


async def test_actions_on_the_look_of_another_person_are_refused(service: ConversationService, mina: Person) -> None:
    look = await create_look(service, mina)
    other = await service.get_or_create_person(IdentityProvider.TELEGRAM, "43", "en")
    for action_type in (
        ActionType.SHARE,
        ActionType.ACCEPT_NAME,
        ActionType.CORRECT,
        ActionType.GUESS,
        ActionType.SHOW_RESULT,
    ):
        reply = await act(service, other, action_type, look, Style.MODE)
        assert (reply.kind, reply.look, reply.reveals_verdict) == (ReplyKind.LOOK_NOT_OWNED, None, False)


async def test_correction_is_stored_and_agreement_is_not(service: ConversationService, mina: Person) -> None:
    look = await create_look(service, mina)
    prompt = await act(service, mina, ActionType.CORRECT, look)
    assert (prompt.kind, prompt.prompt) == (ReplyKind.CORRECTION_PROMPT, ActionType.CORRECT)
    unchanged = await act(service, mina, ActionType.CORRECT, look, Style.CASUAL)
    assert (unchanged.kind, unchanged.style) == (ReplyKind.CORRECTION_UNCHANGED, Style.CASUAL)
    await act(service, mina, ActionType.CORRECT, look, Style.MODE)
    async with service.resources.database.transaction() as connection:
        corrected = await looks.get(connection, look.id)
    assert corrected is not None
    assert corrected.corrected_style is Style.MODE


async def test_guess_counts_once_and_reveals_the_verdict(service: ConversationService, mina: Person) -> None:
    await act(service, mina, ActionType.GUESS)
    assert (await reload(service, mina)).guesses_first
    look = await create_look(service, mina)
    assert look.pending_question is PendingQuestion.GUESS
    guessed = await act(service, mina, ActionType.GUESS, look, Style.STREET)
    assert (guessed.kind, guessed.style, guessed.reveals_verdict) == (ReplyKind.GUESS_RECORDED, Style.STREET, True)
    late = await act(service, mina, ActionType.GUESS, look, Style.CASUAL)
    assert (late.kind, late.reveals_verdict) == (ReplyKind.GUESS_ALREADY_MADE, False)
    pending = await create_look(service, mina, 300)
    await act(service, mina, ActionType.REVEAL_FIRST)
    assert not (await reload(service, mina)).guesses_first
    revealed = await act(service, mina, ActionType.GUESS, pending, Style.CASUAL)
    assert (revealed.kind, revealed.reveals_verdict) == (ReplyKind.GUESS_AFTER_VERDICT, False)


async def test_typed_style_answers_a_pending_question_only(service: ConversationService, mina: Person) -> None:
    async def kind_of_reply(message: str, look: Look | None = None) -> ReplyKind | None:
        reply = await write(service, mina, message, look)
        return None if reply is None else reply.kind

    await act(service, mina, ActionType.GUESS)
    first, second = await create_look(service, mina), await create_look(service, mina, 300)
    for message in ("what is Retro?", "I bought a retro jacket for my sister last summer", "hello"):
        assert await kind_of_reply(message) is None
    await service.mark_verdicts_revealed(second)
    await make_older(service, first)
    await make_older(service, second)
    assert await kind_of_reply("Retro") is None, "the latest look is revealed, and an earlier one is not meant"
    assert await kind_of_reply("Retro", first) is ReplyKind.GUESS_RECORDED
    await act(service, mina, ActionType.CORRECT, second)
    assert await kind_of_reply("It's Casual.") is ReplyKind.CORRECTION_UNCHANGED
    assert await kind_of_reply("Retro") is None, "the question is answered"
    await act(service, mina, ActionType.CORRECT, second)
    await act(service, mina, ActionType.KEEP_PRIVATE, second)
    assert await kind_of_reply("Retro") is None, "another action ends the question"
    await act(service, mina, ActionType.CORRECT, second)
    assert await kind_of_reply("Retro") is ReplyKind.CORRECTION_RECORDED
    other = await service.get_or_create_person(IdentityProvider.TELEGRAM, "43", "en")
    assert await service.handle_text(other, "Retro", first.id, chat=CHAT) is None
    async with service.resources.database.transaction() as connection:
        current = [await looks.get(connection, look.id) for look in (first, second)]
    assert [(look.guessed_style, look.corrected_style, look.pending_question) for look in current if look] == [
        (Style.RETRO, None, None),
        (None, Style.RETRO, None),
    ]


async def test_remarks_while_the_styles_are_offered(service: ConversationService, mina: Person) -> None:
    look = await create_look(service, mina)
    await act(service, mina, ActionType.CORRECT, look)
    for message, kind, prompt in (
        ("왜?", ReplyKind.REASON, None),
        ("이거 면접에 괜찮아?", ReplyKind.OCCASION, None),
        ("an interview", ReplyKind.OCCASION, None),
        ("not street", ReplyKind.CORRECTION_PROMPT, ActionType.CORRECT),
        ("아니", ReplyKind.CORRECTION_PROMPT, ActionType.CORRECT),
        ("글쎄", ReplyKind.CORRECTION_PROMPT, ActionType.CORRECT),
        ("네", ReplyKind.CORRECTION_PROMPT, ActionType.CORRECT),
        ("Retro", ReplyKind.CORRECTION_RECORDED, ActionType.ALLOW_LEARNING),
    ):
        reply = await write(service, mina, message)
        assert reply is not None, message
        assert (reply.kind, reply.prompt) == (kind, prompt), message
    await act(service, mina, ActionType.CORRECT, look)
    await make_older(service, look)
    assert await write(service, mina, "네") is None


@pytest.mark.parametrize("message", ["네", "yes", "맞아", "exactly", "👍"])
async def test_agreement_with_a_close_verdict_asks_which_style(
    service: ConversationService, mina: Person, message: str
) -> None:
    model = FakeBackend(
        lambda _: make_outputs(Style.GIRLISH, confidence=0.42, second=Style.CASUAL, second_confidence=0.4)
    )
    judging = PhotoJudgingService(service.resources, StyleClassifier(model, FAKE_MODEL_CARD), daily_limit=3)
    close = ConversationService(service.resources, judging, service.settings)
    await create_look(close, mina)
    reply = await write(close, mina, message)
    assert reply is not None
    assert (reply.kind, reply.prompt) == (ReplyKind.CORRECTION_CHOICE, ActionType.CORRECT)
    values = {"style": style_name(Style.GIRLISH, EN), "second": style_name(Style.CASUAL, EN)}
    assert reply_sentences(reply) == (translate("talk.correct.which", EN, **values),)
    answer = await write(close, mina, "casual")
    assert answer is not None
    assert answer.kind is ReplyKind.CORRECTION_RECORDED


async def make_older(service: ConversationService, look: Look) -> None:
    """Let ten minutes pass after the photo."""
    async with service.resources.database.transaction() as connection:
        await connection.execute(
            text("UPDATE looks SET created_at = created_at - interval '601 seconds' WHERE id = :id"), {"id": look.id}
        )


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Retro", ReplyKind.CORRECTION_RECORDED),
        ("I think it's street", ReplyKind.CORRECTION_RECORDED),
        ("캐주얼 같아요", ReplyKind.CORRECTION_UNCHANGED),
        ("👍", ReplyKind.CORRECTION_UNCHANGED),
        ("맞아", ReplyKind.CORRECTION_UNCHANGED),
        ("👎", ReplyKind.CORRECTION_PROMPT),
        ("아니", ReplyKind.CORRECTION_PROMPT),
        ("왜?", ReplyKind.REASON),
        ("why", ReplyKind.REASON),
        ("둘 다", ReplyKind.BOTH_NOTED),
        ("면접에 이거 괜찮아?", ReplyKind.OCCASION),
        ("is this fine for a wedding?", ReplyKind.OCCASION),
        *((text, ReplyKind.STYLE_PROBABILITY) for text in ("스트릿 아니야?", "isn't it street??", "얼마나 확실해?")),
        *((text, ReplyKind.STYLE_PROBABILITY) for text in ("how sure are you", "are u sure", "이거 몇퍼라고 했지?")),
        *((text, ReplyKind.BRAND_UNKNOWN) for text in ("이 셔츠 유니클로임", "where can i buy that blazer")),
        *((text, ReplyKind.DETAIL_UNKNOWN) for text in ("양말 안보임?", "u missed my socks")),
        ("캐주얼은 아닌 것 같아", ReplyKind.CORRECTION_PROMPT),
        ("street food", None),
        ("no idea", None),
        ("what is Retro?", None),
        ("죽고 싶어", None),
    ],
)
async def test_opinion_about_a_new_verdict_is_understood(
    service: ConversationService, mina: Person, message: str, kind: ReplyKind | None
) -> None:
    look = await create_look(service, mina)
    reply = await write(service, mina, message)
    assert (None if reply is None else reply.kind) is kind
    if reply is not None:
        assert all(reply_sentences(reply))
    await make_older(service, look)
    later = await write(service, mina, message)
    lasts = kind in {
        *(ReplyKind.CORRECTION_PROMPT, ReplyKind.REASON, ReplyKind.OCCASION, ReplyKind.STYLE_PROBABILITY),
        *(ReplyKind.BRAND_UNKNOWN, ReplyKind.DETAIL_UNKNOWN),
    }
    assert (None if later is None else later.kind) is (kind if lasts else None), "ten minutes later"


async def test_an_occasion_is_answered_for_the_style_that_the_owner_told(
    service: ConversationService, mina: Person
) -> None:
    look = await create_look(service, mina)
    await service.handle_action(
        mina, Action(type=ActionType.CORRECT, look_id=look.id, style=Style.BUSINESS_CASUAL), chat=CHAT
    )
    reply = await write(service, mina, "is this fine for an interview?")
    assert reply is not None
    told = style_name(Style.BUSINESS_CASUAL, EN)
    fits, limit = translate("occasion.interview.fits", EN, style=told), translate("occasion.interview.limit", EN)
    assert reply_sentences(reply) == (f"{fits} {limit}",)


async def test_an_occasion_a_day_later_is_one_for_other_clothes(service: ConversationService, mina: Person) -> None:
    await create_look(service, mina)
    async with service.resources.database.transaction() as connection:
        await connection.execute(text("UPDATE looks SET created_at = created_at - interval '25 hours'"))
    assert await write(service, mina, "is this fine for an interview?") is None


async def test_action_without_a_look_is_about_the_latest_look(service: ConversationService, mina: Person) -> None:
    assert (await act(service, mina, ActionType.SHARE)).kind is ReplyKind.LOOK_NOT_FOUND
    await create_look(service, mina)
    latest = await create_look(service, mina, 300)
    prompt = await act(service, mina, ActionType.SHARE)
    assert prompt.look is not None
    assert prompt.look.id == latest.id


async def test_language_changes_at_once(service: ConversationService, mina: Person) -> None:
    reply = await service.handle_action(mina, Action(type=ActionType.SET_LANGUAGE, language=Language.KO), chat=CHAT)
    assert (reply.kind, reply.language) == (ReplyKind.LANGUAGE_SET, Language.KO)
    assert (await reload(service, mina)).language is Language.KO


async def test_reply_is_in_the_language_of_the_request(service: ConversationService, mina: Person) -> None:
    look = await create_look(service, mina)
    action = Action(type=ActionType.SHARE, look_id=look.id)
    prompt = await service.handle_action(replace(mina, language=Language.KO), action, chat=CHAT)
    assert (prompt.language, prompt.name) == (Language.KO, generated_name(mina.id, Language.KO))


async def test_daily_limit_counts_new_photos_of_one_person(service: ConversationService, mina: Person) -> None:
    for seed in (1, 2, 300):
        await create_look(service, mina, seed)
    with pytest.raises(DailyLimitError):
        await judge(service, mina, 9, "four")
    duplicate = await judge(service, mina, 300, "again")
    assert duplicate.is_duplicate
    other = await service.get_or_create_person(IdentityProvider.TELEGRAM, "43", "en")
    await create_look(service, other)


async def test_restored_reply_equals_the_first_one_without_storing_typed_text(
    service: ConversationService, mina: Person
) -> None:
    await create_named_person(service, "43", "Jun Kim")
    look = await create_look(service, mina)
    replies = [
        (await act(service, mina, ActionType.SHARE, look), None),
        (await write(service, mina, "<script>"), "<script>"),
        (await write(service, mina, " jun kim"), " jun kim"),
        (await write(service, mina, "Mina Kim"), "Mina Kim"),
        (await act(service, mina, ActionType.CONFIRM_NAME, look), None),
        (await act(service, mina, ActionType.CORRECT, look, Style.MODE), None),
    ]
    person = await reload(service, mina)
    for reply, message in replies:
        assert reply is not None
        checkpoint = reply.to_checkpoint()
        assert not any("kim" in value.casefold() or "script" in value for value in checkpoint.values())
        restored = await restore(service, person, reply, message)
        assert (restored.kind, restored.prompt, restored.style) == (reply.kind, reply.prompt, reply.style)
        assert restored.rejected_name == (reply.rejected_name if reply.kind is ReplyKind.NAME_TAKEN else None)
        assert restored.name == "Mina Kim", "the current name"
        assert restored.look is not None


async def test_erasure_deletes_the_person_and_invalidates_their_buttons(
    service: ConversationService, mina: Person, storage_folder: Path
) -> None:
    look = await create_look(service, mina)
    asked = await service.handle_action(mina, Action(type=ActionType.ASK_ERASE), chat=CHAT)
    assert asked.prompt is ActionType.ASK_ERASE
    await service.handle_action(mina, Action(type=ActionType.CONFIRM_ERASE), chat=CHAT)
    assert not [path for path in storage_folder.rglob("*") if path.is_file()]
    with pytest.raises(PersonNotFoundError):
        await service.handle_action(mina, Action(type=ActionType.SHARE, look_id=look.id), chat=CHAT)
    assert replace(mina, name=None) == mina


@pytest.mark.parametrize("action_type", [ActionType.SHOW_DETAILS, ActionType.CORRECT])
async def test_typed_label_does_not_reveal_a_verdict_before_the_guess(
    service: ConversationService, mina: Person, action_type: ActionType
) -> None:
    await act(service, mina, ActionType.GUESS)
    look = await create_look(service, await reload(service, mina))
    reply = await act(service, mina, action_type, look)
    assert (reply.kind, reply.prompt) == (ReplyKind.GUESS_PROMPT, ActionType.GUESS)
    assert not reply.reveals_verdict


async def test_a_question_for_an_item_gets_its_probability(service: ConversationService, mina: Person) -> None:
    assert await service.handle_text(mina, "is that really a blazer?", chat=CHAT) is None
    look = await create_look(service, mina)
    reply = await service.handle_text(mina, "is that really a blazer?", chat=CHAT)

    assert reply is not None
    assert (reply.kind, reply.thing, reply.look and reply.look.id) == (
        ReplyKind.ITEM_PROBABILITY,
        Item.BLAZER,
        look.id,
    )
    assert set(reply_sentences(reply)) <= variants("worn.check.unknown", reply.language)
    restored = await restore(service, mina, reply)
    assert (restored.kind, restored.thing, restored.look and restored.look.id) == (reply.kind, reply.thing, look.id)
