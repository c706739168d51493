"""What Eva grants, whatever messenger asks."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from core.conversation.actions import Action, ActionType
from core.conversation.display_names import generated_name, generated_name_candidates
from core.conversation.service import ConversationService
from core.db import looks, people
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import Channel, IdentityProvider, PendingQuestion
from core.errors import DailyLimitError, PersonNotFoundError
from core.i18n.translations import Language, translate
from core.ids import uuid7
from core.resources import Resources
from core.services.photo_judging import JudgedPhoto, PhotoJudgingService
from core.settings import Settings
from core.styles import Style
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend, make_outputs
from tests.factories import make_photo

EN = Language.EN


@pytest.fixture
def stylist(resources: Resources) -> ConversationService:
    """She sees casual in everything, and three photos a day are enough for her."""
    engine = FakeBackend(lambda _: make_outputs(Style.CASUAL, second=Style.STREET, second_confidence=0.1))
    judging = PhotoJudgingService(resources, StyleClassifier(engine, FAKE_MODEL_CARD), daily_limit=3)
    settings = Settings(public_url="https://eva.example/")
    return ConversationService(resources, judging, settings)


@pytest.fixture
async def mina(stylist: ConversationService) -> Person:
    return await stylist.get_or_create_person(IdentityProvider.TELEGRAM, "42", "en-GB")


async def judge(stylist: ConversationService, person: Person, seed: int, source: str) -> JudgedPhoto:
    return await stylist.photo_judging.judge_photo(
        make_photo(seed),
        person_id=person.id,
        channel=Channel.TELEGRAM,
        source_message_id=source,
        language=person.language,
    )


async def show(stylist: ConversationService, person: Person, seed: int = 1) -> Look:
    return (await judge(stylist, person, seed, f"{seed}")).look


async def now(stylist: ConversationService, person: Person) -> Person:
    async with stylist.resources.database.transaction() as connection:
        found = await people.get(connection, person.id)
    assert found is not None
    return found


async def test_who_is_met_again_is_the_same_and_keeps_the_language(stylist: ConversationService, mina: Person) -> None:
    assert mina.language == "en"
    assert await stylist.get_or_create_person(IdentityProvider.TELEGRAM, "42", "ko") == mina
    assert (await stylist.get_or_create_person(IdentityProvider.KAKAO, "42", "ko")).id != mina.id


async def test_the_first_share_asks_for_a_name_and_the_made_up_one_can_be_taken(
    stylist: ConversationService, mina: Person
) -> None:
    look = await show(stylist, mina)
    asked = await stylist.handle_action(mina, Action(type=ActionType.SHARE, look_id=look.id))
    name = generated_name(mina.id, EN)
    assert asked.prompt is ActionType.ACCEPT_NAME
    assert asked.sentences == (translate("talk.name.ask", EN, name=name),)
    assert asked.look is not None
    assert asked.look.shared_at is None, "nothing is shared before there is a name"

    taken = await stylist.handle_action(await now(stylist, mina), Action(type=ActionType.ACCEPT_NAME, look_id=look.id))
    assert taken.sentences == (translate("talk.shared", EN, name=name),)
    assert taken.look is not None
    assert stylist.look_page_url(taken.look) == f"https://eva.example/looks/{look.id}"
    assert (await now(stylist, mina)).name == name


async def test_what_is_written_next_is_the_name(stylist: ConversationService, mina: Person) -> None:
    look = await show(stylist, mina)
    assert await stylist.handle_text(mina, "Mina") is None, "nobody asked"
    await stylist.handle_action(mina, Action(type=ActionType.SHARE, look_id=look.id))

    refused = await stylist.handle_text(await now(stylist, mina), "<script>")
    assert refused is not None
    offered = (await now(stylist, mina)).name
    assert refused.sentences == (translate("talk.name.refused", EN), translate("talk.name.offer", EN, name=offered))
    assert (refused.prompt, refused.look and refused.look.id) == (ActionType.ACCEPT_NAME, look.id)
    shared = await stylist.handle_text(await now(stylist, mina), "  Mina  Kim ")
    assert shared is not None
    assert shared.sentences == (translate("talk.shared", EN, name="Mina Kim"),)
    assert await stylist.handle_text(await now(stylist, mina), "Hello") is None, "that was it"

    second = await show(stylist, await now(stylist, mina), 300)
    again = await stylist.handle_action(await now(stylist, mina), Action(type=ActionType.SHARE, look_id=second.id))
    assert again.sentences == (translate("talk.shared", EN, name="Mina Kim"),), "not asked twice"


async def called(stylist: ConversationService, subject: str, name: str) -> Person:
    """Somebody else with this name."""
    person = await stylist.get_or_create_person(IdentityProvider.TELEGRAM, subject, "en")
    async with stylist.resources.database.transaction() as connection:
        assert await people.set_display_name(connection, person.id, name)
    return person


@pytest.mark.parametrize("language", Language)
async def test_a_name_that_is_taken_is_asked_anew_and_the_one_proposed_is_then_free(
    stylist: ConversationService, mina: Person, language: Language
) -> None:
    await stylist.handle_action(mina, Action(type=ActionType.SET_LANGUAGE, language=language))
    await called(stylist, "43", "Jun Kim")
    names = generated_name_candidates(mina.id, language)
    await called(stylist, "44", next(names))
    look = await show(stylist, await now(stylist, mina))
    await stylist.handle_action(await now(stylist, mina), Action(type=ActionType.SHARE, look_id=look.id))

    proposed = next(names)
    taken = await stylist.handle_text(await now(stylist, mina), "JUN K1M")
    assert taken is not None
    assert taken.sentences == (translate("talk.name.taken", language, name="JUN K1M", proposed=proposed),)
    assert taken.prompt is ActionType.ACCEPT_NAME
    assert taken.look is not None
    assert not taken.look.is_public
    shared = await stylist.handle_text(await now(stylist, mina), "Mina")
    assert shared is not None
    assert shared.sentences == (translate("talk.shared", language, name="Mina"),)


async def test_the_name_that_was_proposed_is_kept_for_the_person(stylist: ConversationService, mina: Person) -> None:
    names = generated_name_candidates(mina.id, EN)
    first, second = next(names), next(names)
    jun = await called(stylist, "43", first)
    look = await show(stylist, mina)
    for _ in range(2):
        asked = await stylist.handle_action(await now(stylist, mina), Action(type=ActionType.SHARE, look_id=look.id))
        assert (asked.prompt, asked.sentences) == (
            ActionType.ACCEPT_NAME,
            (translate("talk.name.ask", EN, name=second),),
        )
    async with stylist.resources.database.transaction() as connection:
        assert not await people.set_display_name(connection, jun.id, second)
        assert await people.set_display_name(connection, jun.id, "Jun")
    taken = await stylist.handle_action(await now(stylist, mina), Action(type=ActionType.ACCEPT_NAME, look_id=look.id))
    assert taken.sentences == (translate("talk.shared", EN, name=second),)
    assert (await now(stylist, mina)).name == second


async def test_people_who_share_at_once_get_names_of_their_own(
    stylist: ConversationService, monkeypatch: pytest.MonkeyPatch
) -> None:
    same = generated_name_candidates(uuid7(), EN)
    names = [next(same) for _ in range(20)]
    monkeypatch.setattr("core.conversation.service.generated_name_candidates", lambda *_: iter(names))
    crowd = [await stylist.get_or_create_person(IdentityProvider.TELEGRAM, f"{number}", "en") for number in range(6)]
    shown = [await show(stylist, each, 100 + number) for number, each in enumerate(crowd)]
    actions = [Action(type=ActionType.ACCEPT_NAME, look_id=look.id) for look in shown]
    await asyncio.gather(*(stylist.handle_action(each, action) for each, action in zip(crowd, actions, strict=True)))
    assert {(await now(stylist, each)).name for each in crowd} == set(names[:6])


async def test_a_name_that_was_only_proposed_is_asked_for_again(stylist: ConversationService, mina: Person) -> None:
    look = await show(stylist, mina)
    await stylist.handle_action(mina, Action(type=ActionType.SHARE, look_id=look.id))
    await stylist.handle_action(await now(stylist, mina), Action(type=ActionType.KEEP_PRIVATE, look_id=look.id))
    asked = await stylist.handle_action(await now(stylist, mina), Action(type=ActionType.SHARE, look_id=look.id))
    assert (asked.prompt, asked.sentences) == (
        ActionType.ACCEPT_NAME,
        (translate("talk.name.ask", EN, name=generated_name(mina.id, EN)),),
    )


async def test_another_button_ends_the_question_for_a_name(stylist: ConversationService, mina: Person) -> None:
    look = await show(stylist, mina)
    await stylist.handle_action(mina, Action(type=ActionType.SHARE, look_id=look.id))
    await stylist.handle_action(await now(stylist, mina), Action(type=ActionType.KEEP_PRIVATE, look_id=look.id))
    assert await stylist.handle_text(await now(stylist, mina), "Mina") is None


async def test_unshare_is_one_tap(stylist: ConversationService, mina: Person) -> None:
    look = await show(stylist, mina)
    await stylist.handle_action(mina, Action(type=ActionType.ACCEPT_NAME, look_id=look.id))
    off = await stylist.handle_action(mina, Action(type=ActionType.UNSHARE, look_id=look.id))
    assert off.sentences == (translate("talk.unshared", EN),)
    assert off.look is not None
    assert off.look.shared_at is None
    assert stylist.look_page_url(off.look) is None


async def test_nobody_changes_the_look_of_another(stylist: ConversationService, mina: Person) -> None:
    look = await show(stylist, mina)
    thief = await stylist.get_or_create_person(IdentityProvider.TELEGRAM, "43", "en")
    for verb in (
        ActionType.SHARE,
        ActionType.ACCEPT_NAME,
        ActionType.CORRECT,
        ActionType.GUESS,
        ActionType.SHOW_RESULT,
    ):
        answer = await stylist.handle_action(thief, Action(type=verb, look_id=look.id, style=Style.MODE))
        assert answer.sentences == (translate("talk.not_yours", EN),)
        assert answer.look is None
        assert not answer.reveals_verdict


async def test_a_correction_is_kept_and_agreeing_is_none(stylist: ConversationService, mina: Person) -> None:
    look = await show(stylist, mina)
    asked = await stylist.handle_action(mina, Action(type=ActionType.CORRECT, look_id=look.id))
    assert (asked.prompt, asked.sentences) == (ActionType.CORRECT, (translate("talk.correct.ask", EN),))
    same = await stylist.handle_action(mina, Action(type=ActionType.CORRECT, look_id=look.id, style=Style.CASUAL))
    assert same.sentences == (translate("talk.correct.same", EN, style="Casual"),)
    await stylist.handle_action(mina, Action(type=ActionType.CORRECT, look_id=look.id, style=Style.MODE))
    async with stylist.resources.database.transaction() as connection:
        kept = await looks.get(connection, look.id)
    assert kept is not None
    assert kept.corrected_style is Style.MODE


async def test_a_guess_counts_once_and_reveals_the_verdict(stylist: ConversationService, mina: Person) -> None:
    await stylist.handle_action(mina, Action(type=ActionType.GUESS))
    assert (await now(stylist, mina)).guesses_first
    look = await show(stylist, mina)
    assert look.pending_question is PendingQuestion.GUESS
    guessed = await stylist.handle_action(mina, Action(type=ActionType.GUESS, look_id=look.id, style=Style.STREET))
    assert guessed.reveals_verdict
    assert "Street" in guessed.sentences[0]
    late = await stylist.handle_action(mina, Action(type=ActionType.GUESS, look_id=look.id, style=Style.CASUAL))
    assert (late.reveals_verdict, late.sentences) == (False, (translate("talk.guess.late", EN),))
    waiting = await show(stylist, mina, 300)
    await stylist.handle_action(mina, Action(type=ActionType.REVEAL_FIRST))
    assert not (await now(stylist, mina)).guesses_first
    told = await stylist.handle_action(mina, Action(type=ActionType.GUESS, look_id=waiting.id, style=Style.CASUAL))
    assert (told.reveals_verdict, told.sentences) == (False, (translate("talk.guess.told", EN),))


async def test_a_typed_style_answers_what_she_asked_and_is_talk_otherwise(
    stylist: ConversationService, mina: Person
) -> None:
    async def hear(words: str, look: Look | None = None) -> tuple[str, ...] | None:
        answer = await stylist.handle_text(await now(stylist, mina), words, look.id if look else None)
        return None if answer is None else answer.sentences

    await stylist.handle_action(mina, Action(type=ActionType.GUESS))
    first, second = await show(stylist, mina), await show(stylist, mina, 300)
    for talk in ("what is Retro?", "I bought a retro jacket for my sister last summer", "hello"):
        assert await hear(talk) is None
    await stylist.mark_verdicts_revealed(second)
    assert await hear("Retro") is None, "the latest look is told, and the one before is not meant"
    assert await hear("Retro", first) is not None
    await stylist.handle_action(mina, Action(type=ActionType.CORRECT, look_id=second.id))
    assert await hear("It's Casual.") == (translate("talk.correct.same", EN, style="Casual"),)
    assert await hear("Retro") is None, "they agreed"
    await stylist.handle_action(mina, Action(type=ActionType.CORRECT, look_id=second.id))
    await stylist.handle_action(mina, Action(type=ActionType.KEEP_PRIVATE, look_id=second.id))
    assert await hear("Retro") is None, "another button ends the question"
    await stylist.handle_action(mina, Action(type=ActionType.CORRECT, look_id=second.id))
    assert await hear("Retro") == (translate("talk.correct.thanks", EN, style="80s Retro"),)
    thief = await stylist.get_or_create_person(IdentityProvider.TELEGRAM, "43", "en")
    assert await stylist.handle_text(thief, "Retro", first.id) is None
    async with stylist.resources.database.transaction() as connection:
        kept = [await looks.get(connection, look.id) for look in (first, second)]
    assert [(look.guessed_style, look.corrected_style, look.pending_question) for look in kept if look] == [
        (Style.RETRO, None, None),
        (None, Style.RETRO, None),
    ]


async def test_a_typed_label_is_about_the_latest_look(stylist: ConversationService, mina: Person) -> None:
    nothing = await stylist.handle_action(mina, Action(type=ActionType.SHARE))
    assert nothing.sentences == (translate("talk.look_gone", EN),)
    await show(stylist, mina)
    latest = await show(stylist, mina, 300)
    asked = await stylist.handle_action(mina, Action(type=ActionType.SHARE))
    assert asked.look is not None
    assert asked.look.id == latest.id


async def test_the_language_changes_at_once(stylist: ConversationService, mina: Person) -> None:
    answer = await stylist.handle_action(mina, Action(type=ActionType.SET_LANGUAGE, language=Language.KO))
    assert answer.sentences == (translate("talk.language.set", Language.KO),)
    assert (await now(stylist, mina)).language == "ko"


async def test_she_answers_in_the_language_in_which_she_is_asked(stylist: ConversationService, mina: Person) -> None:
    look = await show(stylist, mina)
    asked = await stylist.handle_action(replace(mina, language="ko"), Action(type=ActionType.SHARE, look_id=look.id))
    assert asked.sentences == (translate("talk.name.ask", Language.KO, name=generated_name(mina.id, Language.KO)),)


async def test_enough_is_enough_for_a_day_but_not_for_photos_she_knows(
    stylist: ConversationService, mina: Person
) -> None:
    for seed in (1, 2, 300):
        await show(stylist, mina, seed)
    with pytest.raises(DailyLimitError):
        await judge(stylist, mina, 9, "four")
    again = await judge(stylist, mina, 300, "again")
    assert again.is_duplicate
    other = await stylist.get_or_create_person(IdentityProvider.TELEGRAM, "43", "en")
    await show(stylist, other)


async def test_erasing_forgets_the_person_and_what_was_asked_is_void(
    stylist: ConversationService, mina: Person, storage_folder: Path
) -> None:
    look = await show(stylist, mina)
    asked = await stylist.handle_action(mina, Action(type=ActionType.ASK_ERASE))
    assert asked.prompt is ActionType.ASK_ERASE
    await stylist.handle_action(mina, Action(type=ActionType.CONFIRM_ERASE))
    assert not [path for path in storage_folder.rglob("*") if path.is_file()]
    with pytest.raises(PersonNotFoundError):
        await stylist.handle_action(mina, Action(type=ActionType.SHARE, look_id=look.id))
    assert replace(mina, name=None) == mina
