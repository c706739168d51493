"""What Eva grants, whatever messenger asks."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.actions import Action, Verb
from bot.names import made_up, made_up_names
from bot.stylist import Stylist
from bot.texts import Language, text
from core.db import looks, people
from core.db.people import Person
from core.db.tables import Asked, Channel, Provider
from core.errors import DailyLimit, PersonGone
from core.ids import uuid7
from core.judging import Judged, Judging
from core.memory import Memory
from core.settings import Settings
from core.styles import Style
from core.vision.classifier import StyleClassifier
from core.vision.scripted import SCRIPTED_CARD, ScriptedEngine, scripted_outputs
from tests.integration.records import a_photo

if TYPE_CHECKING:
    from core.db.looks import Look

EN = Language.EN


@pytest.fixture
def stylist(memory: Memory) -> Stylist:
    """She sees casual in everything, and three photos a day are enough for her."""
    engine = ScriptedEngine(lambda _: scripted_outputs(Style.CASUAL, second=Style.STREET, second_confidence=0.1))
    judging = Judging(memory, StyleClassifier(engine, SCRIPTED_CARD), daily_photos=3)
    settings = Settings(public_url="https://eva.example/")  # type: ignore[arg-type]
    return Stylist(memory, judging, settings)


@pytest.fixture
async def mina(stylist: Stylist) -> Person:
    return await stylist.meet(Provider.TELEGRAM, "42", "en-GB")


async def judge(stylist: Stylist, person: Person, seed: int, source: str) -> Judged:
    return await stylist.judging.judge(
        a_photo(seed), person_id=person.id, channel=Channel.TELEGRAM, source=source, language=person.language
    )


async def show(stylist: Stylist, person: Person, seed: int = 1) -> Look:
    return (await judge(stylist, person, seed, f"{seed}")).look


async def now(stylist: Stylist, person: Person) -> Person:
    async with stylist.memory.database.begin() as connection:
        found = await people.get(connection, person.id)
    assert found is not None
    return found


async def test_who_is_met_again_is_the_same_and_keeps_the_language(stylist: Stylist, mina: Person) -> None:
    assert mina.language == "en"
    assert await stylist.meet(Provider.TELEGRAM, "42", "ko") == mina
    assert (await stylist.meet(Provider.KAKAO, "42", "ko")).id != mina.id


async def test_the_first_share_asks_for_a_name_and_the_made_up_one_can_be_taken(stylist: Stylist, mina: Person) -> None:
    look = await show(stylist, mina)
    asked = await stylist.grant(mina, Action(verb=Verb.SHARE, look=look.id))
    name = made_up(mina.id, EN)
    assert asked.ask is Verb.TAKE
    assert asked.sentences == (text("talk.name.ask", EN, name=name),)
    assert asked.look is not None
    assert asked.look.shared_at is None, "nothing is shared before there is a name"

    taken = await stylist.grant(await now(stylist, mina), Action(verb=Verb.TAKE, look=look.id))
    assert taken.sentences == (text("talk.shared", EN, name=name),)
    assert taken.look is not None
    assert stylist.page_url(taken.look) == f"https://eva.example/looks/{look.id}"
    assert (await now(stylist, mina)).name == name


async def test_what_is_written_next_is_the_name(stylist: Stylist, mina: Person) -> None:
    look = await show(stylist, mina)
    assert await stylist.hear(mina, "Mina") is None, "nobody asked"
    await stylist.grant(mina, Action(verb=Verb.SHARE, look=look.id))

    refused = await stylist.hear(await now(stylist, mina), "<script>")
    assert refused is not None
    offered = (await now(stylist, mina)).name
    assert refused.sentences == (text("talk.name.refused", EN), text("talk.name.offer", EN, name=offered))
    assert (refused.ask, refused.look and refused.look.id) == (Verb.TAKE, look.id)
    shared = await stylist.hear(await now(stylist, mina), "  Mina  Kim ")
    assert shared is not None
    assert shared.sentences == (text("talk.shared", EN, name="Mina Kim"),)
    assert await stylist.hear(await now(stylist, mina), "Hello") is None, "that was it"

    second = await show(stylist, await now(stylist, mina), 300)
    again = await stylist.grant(await now(stylist, mina), Action(verb=Verb.SHARE, look=second.id))
    assert again.sentences == (text("talk.shared", EN, name="Mina Kim"),), "not asked twice"


async def called(stylist: Stylist, subject: str, name: str) -> Person:
    """Somebody else with this name."""
    person = await stylist.meet(Provider.TELEGRAM, subject, "en")
    async with stylist.memory.database.begin() as connection:
        assert await people.set_name(connection, person.id, name)
    return person


@pytest.mark.parametrize("language", Language)
async def test_a_name_that_is_taken_is_asked_anew_and_the_one_proposed_is_then_free(
    stylist: Stylist, mina: Person, language: Language
) -> None:
    await stylist.grant(mina, Action(verb=Verb.SPEAK, language=language))
    await called(stylist, "43", "Jun Kim")
    names = made_up_names(mina.id, language)
    await called(stylist, "44", next(names))
    look = await show(stylist, await now(stylist, mina))
    await stylist.grant(await now(stylist, mina), Action(verb=Verb.SHARE, look=look.id))

    proposed = next(names)
    taken = await stylist.hear(await now(stylist, mina), "JUN K1M")
    assert taken is not None
    assert taken.sentences == (text("talk.name.taken", language, name="JUN K1M", proposed=proposed),)
    assert taken.ask is Verb.TAKE
    assert taken.look is not None
    assert not taken.look.on_board
    shared = await stylist.hear(await now(stylist, mina), "Mina")
    assert shared is not None
    assert shared.sentences == (text("talk.shared", language, name="Mina"),)


async def test_the_name_that_was_proposed_is_kept_for_the_person(stylist: Stylist, mina: Person) -> None:
    names = made_up_names(mina.id, EN)
    first, second = next(names), next(names)
    jun = await called(stylist, "43", first)
    look = await show(stylist, mina)
    for _ in range(2):
        asked = await stylist.grant(await now(stylist, mina), Action(verb=Verb.SHARE, look=look.id))
        assert (asked.ask, asked.sentences) == (Verb.TAKE, (text("talk.name.ask", EN, name=second),))
    async with stylist.memory.database.begin() as connection:
        assert not await people.set_name(connection, jun.id, second)
        assert await people.set_name(connection, jun.id, "Jun")
    taken = await stylist.grant(await now(stylist, mina), Action(verb=Verb.TAKE, look=look.id))
    assert taken.sentences == (text("talk.shared", EN, name=second),)
    assert (await now(stylist, mina)).name == second


async def test_people_who_share_at_once_get_names_of_their_own(
    stylist: Stylist, monkeypatch: pytest.MonkeyPatch
) -> None:
    same = made_up_names(uuid7(), EN)
    names = [next(same) for _ in range(20)]
    monkeypatch.setattr("bot.stylist.made_up_names", lambda *_: iter(names))
    crowd = [await stylist.meet(Provider.TELEGRAM, f"{number}", "en") for number in range(6)]
    shown = [await show(stylist, each, 100 + number) for number, each in enumerate(crowd)]
    actions = [Action(verb=Verb.TAKE, look=look.id) for look in shown]
    await asyncio.gather(*(stylist.grant(each, action) for each, action in zip(crowd, actions, strict=True)))
    assert {(await now(stylist, each)).name for each in crowd} == set(names[:6])


async def test_a_name_that_was_only_proposed_is_asked_for_again(stylist: Stylist, mina: Person) -> None:
    look = await show(stylist, mina)
    await stylist.grant(mina, Action(verb=Verb.SHARE, look=look.id))
    await stylist.grant(await now(stylist, mina), Action(verb=Verb.KEEP, look=look.id))
    asked = await stylist.grant(await now(stylist, mina), Action(verb=Verb.SHARE, look=look.id))
    assert (asked.ask, asked.sentences) == (Verb.TAKE, (text("talk.name.ask", EN, name=made_up(mina.id, EN)),))


async def test_another_button_ends_the_question_for_a_name(stylist: Stylist, mina: Person) -> None:
    look = await show(stylist, mina)
    await stylist.grant(mina, Action(verb=Verb.SHARE, look=look.id))
    await stylist.grant(await now(stylist, mina), Action(verb=Verb.KEEP, look=look.id))
    assert await stylist.hear(await now(stylist, mina), "Mina") is None


async def test_unshare_is_one_tap(stylist: Stylist, mina: Person) -> None:
    look = await show(stylist, mina)
    await stylist.grant(mina, Action(verb=Verb.TAKE, look=look.id))
    off = await stylist.grant(mina, Action(verb=Verb.UNSHARE, look=look.id))
    assert off.sentences == (text("talk.unshared", EN),)
    assert off.look is not None
    assert off.look.shared_at is None
    assert stylist.page_url(off.look) is None


async def test_nobody_changes_the_look_of_another(stylist: Stylist, mina: Person) -> None:
    look = await show(stylist, mina)
    thief = await stylist.meet(Provider.TELEGRAM, "43", "en")
    for verb in (Verb.SHARE, Verb.TAKE, Verb.CORRECT, Verb.GUESS, Verb.RESULT):
        answer = await stylist.grant(thief, Action(verb=verb, look=look.id, style=Style.MODE))
        assert answer.sentences == (text("talk.not_yours", EN),)
        assert answer.look is None
        assert not answer.reveal


async def test_a_correction_is_kept_and_agreeing_is_none(stylist: Stylist, mina: Person) -> None:
    look = await show(stylist, mina)
    asked = await stylist.grant(mina, Action(verb=Verb.CORRECT, look=look.id))
    assert (asked.ask, asked.sentences) == (Verb.CORRECT, (text("talk.correct.ask", EN),))
    same = await stylist.grant(mina, Action(verb=Verb.CORRECT, look=look.id, style=Style.CASUAL))
    assert same.sentences == (text("talk.correct.same", EN, style="Casual"),)
    await stylist.grant(mina, Action(verb=Verb.CORRECT, look=look.id, style=Style.MODE))
    async with stylist.memory.database.begin() as connection:
        kept = await looks.get(connection, look.id)
    assert kept is not None
    assert kept.corrected_style is Style.MODE


async def test_a_guess_counts_once_and_reveals_the_verdict(stylist: Stylist, mina: Person) -> None:
    await stylist.grant(mina, Action(verb=Verb.GUESS))
    assert (await now(stylist, mina)).guesses_first
    look = await show(stylist, mina)
    assert look.asked is Asked.GUESS
    guessed = await stylist.grant(mina, Action(verb=Verb.GUESS, look=look.id, style=Style.STREET))
    assert guessed.reveal
    assert "Street" in guessed.sentences[0]
    late = await stylist.grant(mina, Action(verb=Verb.GUESS, look=look.id, style=Style.CASUAL))
    assert (late.reveal, late.sentences) == (False, (text("talk.guess.late", EN),))
    waiting = await show(stylist, mina, 300)
    await stylist.grant(mina, Action(verb=Verb.TELL))
    assert not (await now(stylist, mina)).guesses_first
    told = await stylist.grant(mina, Action(verb=Verb.GUESS, look=waiting.id, style=Style.CASUAL))
    assert (told.reveal, told.sentences) == (False, (text("talk.guess.told", EN),))


async def test_a_typed_style_answers_what_she_asked_and_is_talk_otherwise(stylist: Stylist, mina: Person) -> None:
    async def hear(words: str, look: Look | None = None) -> tuple[str, ...] | None:
        answer = await stylist.hear(await now(stylist, mina), words, look.id if look else None)
        return None if answer is None else answer.sentences

    await stylist.grant(mina, Action(verb=Verb.GUESS))
    first, second = await show(stylist, mina), await show(stylist, mina, 300)
    for talk in ("what is Retro?", "I bought a retro jacket for my sister last summer", "hello"):
        assert await hear(talk) is None
    await stylist.told(second)
    assert await hear("Retro") is None, "the latest look is told, and the one before is not meant"
    assert await hear("Retro", first) is not None
    await stylist.grant(mina, Action(verb=Verb.CORRECT, look=second.id))
    assert await hear("It's Casual.") == (text("talk.correct.same", EN, style="Casual"),)
    assert await hear("Retro") is None, "they agreed"
    await stylist.grant(mina, Action(verb=Verb.CORRECT, look=second.id))
    await stylist.grant(mina, Action(verb=Verb.KEEP, look=second.id))
    assert await hear("Retro") is None, "another button ends the question"
    await stylist.grant(mina, Action(verb=Verb.CORRECT, look=second.id))
    assert await hear("Retro") == (text("talk.correct.thanks", EN, style="80s Retro"),)
    thief = await stylist.meet(Provider.TELEGRAM, "43", "en")
    assert await stylist.hear(thief, "Retro", first.id) is None
    async with stylist.memory.database.begin() as connection:
        kept = [await looks.get(connection, look.id) for look in (first, second)]
    assert [(look.guessed_style, look.corrected_style, look.asked) for look in kept if look] == [
        (Style.RETRO, None, None),
        (None, Style.RETRO, None),
    ]


async def test_a_typed_label_is_about_the_latest_look(stylist: Stylist, mina: Person) -> None:
    nothing = await stylist.grant(mina, Action(verb=Verb.SHARE))
    assert nothing.sentences == (text("talk.look_gone", EN),)
    await show(stylist, mina)
    latest = await show(stylist, mina, 300)
    asked = await stylist.grant(mina, Action(verb=Verb.SHARE))
    assert asked.look is not None
    assert asked.look.id == latest.id


async def test_the_language_changes_at_once(stylist: Stylist, mina: Person) -> None:
    answer = await stylist.grant(mina, Action(verb=Verb.SPEAK, language=Language.KO))
    assert answer.sentences == (text("talk.language.set", Language.KO),)
    assert (await now(stylist, mina)).language == "ko"


async def test_she_answers_in_the_language_in_which_she_is_asked(stylist: Stylist, mina: Person) -> None:
    look = await show(stylist, mina)
    asked = await stylist.grant(replace(mina, language="ko"), Action(verb=Verb.SHARE, look=look.id))
    assert asked.sentences == (text("talk.name.ask", Language.KO, name=made_up(mina.id, Language.KO)),)


async def test_enough_is_enough_for_a_day_but_not_for_photos_she_knows(stylist: Stylist, mina: Person) -> None:
    for seed in (1, 2, 300):
        await show(stylist, mina, seed)
    with pytest.raises(DailyLimit):
        await judge(stylist, mina, 9, "four")
    again = await judge(stylist, mina, 300, "again")
    assert again.known
    other = await stylist.meet(Provider.TELEGRAM, "43", "en")
    await show(stylist, other)


async def test_erasing_forgets_the_person_and_what_was_asked_is_void(
    stylist: Stylist, mina: Person, pictures: Path
) -> None:
    look = await show(stylist, mina)
    asked = await stylist.grant(mina, Action(verb=Verb.FORGET))
    assert asked.ask is Verb.FORGET
    await stylist.grant(mina, Action(verb=Verb.ERASE))
    assert not [path for path in pictures.rglob("*") if path.is_file()]
    with pytest.raises(PersonGone):
        await stylist.grant(mina, Action(verb=Verb.SHARE, look=look.id))
    assert replace(mina, name=None) == mina
