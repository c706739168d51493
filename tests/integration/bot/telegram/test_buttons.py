"""Buttons, names and commands: what they change, whose they are, and what is said about it."""

from __future__ import annotations

import pytest
from pydantic import HttpUrl

from bot.names import made_up
from bot.texts import Language, text
from bot.voice import style_name
from core.db import looks, people
from core.db.looks import Look
from core.db.people import Person
from core.db.tables import Provider
from core.styles import Style
from core.vision.scripted import scripted_outputs
from tests.integration.bot.telegram.conftest import MINA, Json, Stage
from tests.integration.records import a_photo

KO = Language.KO
FRIEND = 77


async def person_of(stage: Stage, person: int = MINA) -> Person:
    async with stage.memory.database.begin() as connection:
        return await people.meet(connection, Provider.TELEGRAM, str(person), language="ko")


async def latest(stage: Stage, person: int = MINA) -> Look:
    known = await person_of(stage, person)
    async with stage.memory.database.begin() as connection:
        return (await looks.of_person(connection, known.id, limit=1))[0]


async def judged(stage: Stage, seed: int = 0, person: int = MINA) -> Json:
    """The last message of a verdict."""
    await stage.play(stage.updates.photo(a_photo(seed), person=person))
    return stage.last(person)


async def shared(stage: Stage, seed: int = 0, person: int = MINA) -> Json:
    """A look that is on the board, and the message that it was put there from."""
    message = await judged(stage, seed, person)
    await stage.play(stage.press(message, "share", person=person))
    if stage.verbs(stage.last(person)) == ["take", "keep"]:
        await stage.play(stage.press(stage.last(person), "take", person=person))
    return message


def now(stage: Stage, message: Json) -> Json:
    """A message as it looks now."""
    return next(each for each in stage.telegram.sent() if each["message_id"] == message["message_id"])


async def test_first_share_asks_for_a_name_and_takes_the_made_up_one(stage: Stage) -> None:
    name = made_up((await person_of(stage)).id, KO)
    message = await judged(stage)
    await stage.play(stage.press(message, "share"))
    asked = stage.last()
    assert asked["text"] == text("talk.name.ask", KO, name=name)
    assert (await latest(stage)).shared_at is None
    await stage.play(stage.press(asked, "take"))

    assert stage.last()["text"] == text("talk.shared", KO, name=name)
    assert stage.verbs(now(stage, asked)) == ["unshare", "another", "guess", "correct"]
    assert (await latest(stage)).shared_at is not None
    assert len(stage.telegram.called("answerCallbackQuery")) == 2


async def test_name_that_somebody_has_is_asked_again_with_the_made_up_one(stage: Stage) -> None:
    async with stage.memory.database.begin() as connection:
        friend = await people.meet(connection, Provider.TELEGRAM, str(FRIEND), language="ko")
        assert await people.set_name(connection, friend.id, "미나 리")
    await stage.play(stage.press(await judged(stage), "share"))
    await stage.play(stage.updates.text("미나리"))
    proposed = made_up((await person_of(stage)).id, KO)
    assert stage.last()["text"] == text("talk.name.taken", KO, name="미나리", proposed=proposed)
    assert stage.verbs(stage.last()) == ["take", "keep"]
    assert (await latest(stage)).shared_at is None
    await stage.play(stage.press(stage.last(), "take"))
    assert stage.last()["text"] == text("talk.shared", KO, name=proposed)


async def test_typed_name_shares_and_a_bad_one_is_asked_again(stage: Stage) -> None:
    await stage.play(stage.press(await judged(stage), "share"))
    await stage.play(stage.updates.text("<b>미나</b>"))
    assert stage.said()[-2] == text("talk.name.refused", KO)
    assert stage.verbs(stage.last()) == ["take", "keep"]
    await stage.play(stage.updates.text("미나 리"))

    assert stage.last()["text"] == text("talk.shared", KO, name="미나 리")
    assert stage.verbs(stage.last())[0] == "unshare"
    assert (await person_of(stage)).name == "미나 리"
    second = await judged(stage, 1)
    await stage.play(stage.press(second, "share"))
    assert stage.last()["text"] == text("talk.shared", KO, name="미나 리")
    assert stage.verbs(now(stage, second))[0] == "unshare"


async def test_answer_that_was_interrupted_is_the_same_afterwards(stage: Stage) -> None:
    await stage.play(stage.press(await judged(stage), "share"))
    stage.telegram.refuse("sendMessage", 500, times=4)
    await stage.play(stage.updates.text("미나"))

    assert stage.last()["text"] == text("talk.shared", KO, name="미나")


async def test_unshare_is_one_tap_and_changes_the_buttons(stage: Stage) -> None:
    await shared(stage, 0)
    message = await shared(stage, 1)
    await stage.play(stage.press(now(stage, message), "unshare"))

    assert stage.last()["text"] == text("talk.unshared", KO)
    assert stage.verbs(now(stage, message))[:2] == ["share", "keep"]
    assert (await latest(stage)).shared_at is None
    await stage.play(stage.press(now(stage, message), "keep"))
    assert stage.last()["text"] == text("talk.kept", KO)


async def test_correction_is_kept(stage: Stage) -> None:
    await stage.play(stage.press(await judged(stage), "correct"))
    asked = stage.last()
    assert stage.verbs(asked) == ["correct"] * 8
    await stage.play(stage.press(asked, "correct", Style.RETRO))

    assert stage.last()["text"] == text("talk.correct.thanks", KO, style=style_name(Style.RETRO, KO))
    assert (await latest(stage)).corrected_style is Style.RETRO
    assert stage.verbs(now(stage, asked)) == []


async def test_nobody_presses_the_buttons_of_others(stage: Stage) -> None:
    message = await judged(stage)
    button = stage.press(message, "share", person=FRIEND)
    button["callback_query"]["message"]["chat"] = {"id": FRIEND, "type": "private"}
    await stage.play(button)

    assert stage.said(FRIEND) == [text("talk.not_yours", KO)]
    assert (await latest(stage)).shared_at is None
    assert stage.verbs(now(stage, message))[:2] == ["share", "keep"]


async def test_unknown_button_is_answered(stage: Stage) -> None:
    await stage.play(stage.updates.press(await judged(stage), "z.nonsense"))

    assert stage.last()["text"] == text("telegram.unknown_button", KO)
    assert stage.telegram.called("answerCallbackQuery")[0].status == 200


async def test_language_is_changed(stage: Stage) -> None:
    await stage.play(stage.updates.text("/language"))
    english = stage.last()["reply_markup"]["inline_keyboard"][0][1]["callback_data"]
    await stage.play(stage.updates.press(stage.last(), english))
    assert stage.last()["text"] == text("talk.language.set", Language.EN)
    await stage.play(stage.updates.text("hello"))
    assert stage.last()["text"] == text("talk.about", Language.EN)


@pytest.mark.parametrize(("language", "heard"), [("ko", KO), ("en-GB", Language.EN), ("de", Language.EN)])
async def test_she_speaks_the_language_of_the_person(stage: Stage, language: str, heard: Language) -> None:
    await stage.play(
        stage.updates.text("/help", language=language),
        stage.updates.medium("sticker", language=language),
        stage.updates.text("/nonsense", language=language),
    )

    assert stage.said() == [
        text("telegram.help", heard),
        text("talk.kind.sticker", heard),
        text("telegram.unknown_command", heard),
    ]


async def test_me_tells_history_and_favourite(stage: Stage) -> None:
    await stage.play(stage.updates.text("/me"))
    assert stage.last()["text"] == text("talk.me.nothing", KO)
    stage.eyes.next = [scripted_outputs(Style.CASUAL, outfit=0.02), *[scripted_outputs(Style.MODE)] * 2]
    await judged(stage, 0)
    await stage.play(stage.updates.text("/me"))
    assert stage.last()["text"] == text("talk.me.plain", KO, count=1)
    await judged(stage, 1)
    await shared(stage, 2)
    await stage.play(stage.updates.text("/me"))
    mine, newest = stage.telegram.sent(MINA)[-2:]

    assert mine["text"].startswith(text("talk.me", KO, count=3, style=style_name(Style.MODE, KO)))
    assert len(mine["text"].splitlines()) == 4
    assert stage.verbs(newest)[0] == "unshare"
    await stage.play(stage.press(newest, "unshare"))
    assert (await latest(stage)).shared_at is None
    assert stage.verbs(now(stage, newest))[0] == "share"


async def test_board_shows_the_top_three(stage: Stage) -> None:
    await stage.play(stage.updates.text("/board", person=FRIEND))
    assert stage.said(FRIEND) == [text("talk.board.nothing", KO)]
    for seed in range(4):
        await shared(stage, seed)
    await judged(stage, 5)
    await stage.play(stage.updates.text("/board", person=FRIEND))
    said = stage.said(FRIEND)[1:]
    name = made_up((await person_of(stage)).id, KO)

    assert said[0] == text("talk.board", KO)
    line = text("talk.board.line", KO, hearts=0, name=name, style=style_name(Style.STREET, KO))
    assert said[1:] == [line] * 3
    assert len(stage.photos(FRIEND)) == 3


async def test_link_to_a_look_shows_it_while_it_is_shared(stage: Stage) -> None:
    await shared(stage)
    look = await latest(stage)
    await stage.play(stage.updates.text(f"/start look_{look.id}", person=FRIEND))
    assert len(stage.photos(FRIEND)) == 1
    assert stage.said(FRIEND)[1] == text("telegram.start.2", KO)
    await stage.play(stage.press(await judged(stage, 9), "keep"))
    async with stage.memory.database.begin() as connection:
        await looks.unshare(connection, look.id)
    for argument in (f"look_{look.id}", "look_nonsense", "else"):
        before = len(stage.said(FRIEND))
        await stage.play(stage.updates.text(f"/start {argument}", person=FRIEND))
        assert stage.said(FRIEND)[before] == text("telegram.start.1", KO)


async def test_forget_leaves_nothing(stage: Stage) -> None:
    await shared(stage)
    await stage.play(stage.updates.text("/forget"))
    await stage.play(stage.press(stage.last(), "stay"))
    assert stage.last()["text"] == text("talk.forget.stayed", KO)
    await stage.play(stage.updates.text("/forget"))
    question = stage.last()
    await stage.play(stage.press(question, "erase"))

    assert stage.last()["text"] == text("talk.forget.done", KO)
    assert stage.verbs(now(stage, question)) == []
    assert await stage.rows() == {}
    assert stage.files() == []
    assert await stage.count("procrastinate_jobs WHERE task_name LIKE 'telegram%'") == 0


async def test_words_get_an_answer(stage: Stage) -> None:
    await stage.play(stage.updates.text("스트리트가 뭐예요?"), stage.updates.text("고마워요"))

    assert style_name(Style.STREET, KO) in stage.said()[0]
    assert stage.said()[1] == text("talk.thanks", KO)


async def test_page_is_opened_from_a_shared_look(stage: Stage) -> None:
    public = HttpUrl("https://eva.example")
    stage.talk.stylist.settings = stage.talk.stylist.settings.model_copy(update={"public_url": public})
    await shared(stage, 0)
    await shared(stage, 1)
    look = await latest(stage)
    buttons = stage.telegram.sent(MINA)
    urls = [
        button["url"]
        for each in buttons
        for row in each.get("reply_markup", {}).get("inline_keyboard", [])
        for button in row
        if "url" in button
    ]

    assert f"https://eva.example/looks/{look.id}" in urls
