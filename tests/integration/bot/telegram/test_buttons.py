"""Buttons, names and commands: what they change, whose they are, and what is said about it."""

import pytest

from core.conversation.display_names import generated_name
from core.conversation.narration import style_name
from core.db import looks, people
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import IdentityProvider
from core.i18n.translations import Language, translate
from core.styles import Style
from core.vision.fake_backend import make_outputs
from tests.factories import make_photo
from tests.integration.bot.telegram.conftest import MINA, Json, TelegramHarness

KO = Language.KO
FRIEND = 77


async def person_of(harness: TelegramHarness, person: int = MINA) -> Person:
    async with harness.resources.database.transaction() as connection:
        return await people.get_or_create_by_identity(connection, IdentityProvider.TELEGRAM, str(person), language="ko")


async def latest(harness: TelegramHarness, person: int = MINA) -> Look:
    known = await person_of(harness, person)
    async with harness.resources.database.transaction() as connection:
        return (await looks.list_for_person(connection, known.id, limit=1))[0]


async def judged(harness: TelegramHarness, seed: int = 0, person: int = MINA) -> Json:
    """The last message of a verdict."""
    await harness.send_updates(harness.updates.photo(make_photo(seed), user_id=person))
    return harness.last_message(person)


async def shared(harness: TelegramHarness, seed: int = 0, person: int = MINA) -> Json:
    """A look that is on the board, and the message that it was put there from."""
    message = await judged(harness, seed, person)
    await harness.send_updates(harness.press(message, "share", person=person))
    if harness.buttons(harness.last_message(person)) == ["take", "keep"]:
        await harness.send_updates(harness.press(harness.last_message(person), "take", person=person))
    return message


def now(harness: TelegramHarness, message: Json) -> Json:
    """A message as it looks now."""
    return next(each for each in harness.telegram.messages() if each["message_id"] == message["message_id"])


async def test_first_share_asks_for_a_name_and_takes_the_made_up_one(harness: TelegramHarness) -> None:
    name = generated_name((await person_of(harness)).id, KO)
    message = await judged(harness)
    await harness.send_updates(harness.press(message, "share"))
    asked = harness.last_message()
    assert asked["text"] == translate("talk.name.ask", KO, name=name)
    assert (await latest(harness)).shared_at is None
    await harness.send_updates(harness.press(asked, "take"))

    assert harness.last_message()["text"] == translate("talk.shared", KO, name=name)
    assert harness.buttons(now(harness, asked)) == ["unshare", "another", "guess", "correct"]
    assert (await latest(harness)).shared_at is not None
    assert len(harness.telegram.calls_to("answerCallbackQuery")) == 2


async def test_name_that_somebody_has_is_asked_again_with_the_made_up_one(harness: TelegramHarness) -> None:
    async with harness.resources.database.transaction() as connection:
        friend = await people.get_or_create_by_identity(
            connection, IdentityProvider.TELEGRAM, str(FRIEND), language="ko"
        )
        assert await people.set_display_name(connection, friend.id, "미나 리")
    await harness.send_updates(harness.press(await judged(harness), "share"))
    await harness.send_updates(harness.updates.text("미나리"))
    proposed = generated_name((await person_of(harness)).id, KO)
    assert harness.last_message()["text"] == translate("talk.name.taken", KO, name="미나리", proposed=proposed)
    assert harness.buttons(harness.last_message()) == ["take", "keep"]
    assert (await latest(harness)).shared_at is None
    await harness.send_updates(harness.press(harness.last_message(), "take"))
    assert harness.last_message()["text"] == translate("talk.shared", KO, name=proposed)


async def test_typed_name_shares_and_a_bad_one_is_asked_again(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.press(await judged(harness), "share"))
    await harness.send_updates(harness.updates.text("<b>미나</b>"))
    assert harness.texts()[-2] == translate("talk.name.refused", KO)
    assert harness.buttons(harness.last_message()) == ["take", "keep"]
    await harness.send_updates(harness.updates.text("미나 리"))

    assert harness.last_message()["text"] == translate("talk.shared", KO, name="미나 리")
    assert harness.buttons(harness.last_message())[0] == "unshare"
    assert (await person_of(harness)).name == "미나 리"
    second = await judged(harness, 1)
    await harness.send_updates(harness.press(second, "share"))
    assert harness.last_message()["text"] == translate("talk.shared", KO, name="미나 리")
    assert harness.buttons(now(harness, second))[0] == "unshare"


async def test_answer_that_was_interrupted_is_the_same_afterwards(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.press(await judged(harness), "share"))
    harness.telegram.fail_next("sendMessage", 500, count=4)
    await harness.send_updates(harness.updates.text("미나"))

    assert harness.last_message()["text"] == translate("talk.shared", KO, name="미나")


async def test_unshare_is_one_tap_and_changes_the_buttons(harness: TelegramHarness) -> None:
    await shared(harness, 0)
    message = await shared(harness, 1)
    await harness.send_updates(harness.press(now(harness, message), "unshare"))

    assert harness.last_message()["text"] == translate("talk.unshared", KO)
    assert harness.buttons(now(harness, message))[:2] == ["share", "keep"]
    assert (await latest(harness)).shared_at is None
    await harness.send_updates(harness.press(now(harness, message), "keep"))
    assert harness.last_message()["text"] == translate("talk.kept", KO)


async def test_correction_is_kept(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.press(await judged(harness), "correct"))
    asked = harness.last_message()
    assert harness.buttons(asked) == ["correct"] * 8
    await harness.send_updates(harness.press(asked, "correct", Style.RETRO))

    assert harness.last_message()["text"] == translate("talk.correct.thanks", KO, style=style_name(Style.RETRO, KO))
    assert (await latest(harness)).corrected_style is Style.RETRO
    assert harness.buttons(now(harness, asked)) == []


async def test_nobody_presses_the_buttons_of_others(harness: TelegramHarness) -> None:
    message = await judged(harness)
    button = harness.press(message, "share", person=FRIEND)
    button["callback_query"]["message"]["chat"] = {"id": FRIEND, "type": "private"}
    await harness.send_updates(button)

    assert harness.texts(FRIEND) == [translate("talk.not_yours", KO)]
    assert (await latest(harness)).shared_at is None
    assert harness.buttons(now(harness, message))[:2] == ["share", "keep"]


async def test_unknown_button_is_answered(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.button_press(await judged(harness), "z.nonsense"))

    assert harness.last_message()["text"] == translate("telegram.unknown_button", KO)
    assert harness.telegram.calls_to("answerCallbackQuery")[0].status == 200


async def test_language_is_changed(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.text("/language"))
    english = harness.last_message()["reply_markup"]["inline_keyboard"][0][1]["callback_data"]
    await harness.send_updates(harness.updates.button_press(harness.last_message(), english))
    assert harness.last_message()["text"] == translate("talk.language.set", Language.EN)
    await harness.send_updates(harness.updates.text("hello"))
    assert harness.last_message()["text"] == translate("talk.about", Language.EN)


@pytest.mark.parametrize(("language", "heard"), [("ko", KO), ("en-GB", Language.EN), ("de", Language.EN)])
async def test_she_speaks_the_language_of_the_person(harness: TelegramHarness, language: str, heard: Language) -> None:
    await harness.send_updates(
        harness.updates.text("/help", language=language),
        harness.updates.media("sticker", language=language),
        harness.updates.text("/nonsense", language=language),
    )

    assert harness.texts() == [
        translate("telegram.help", heard),
        translate("talk.kind.sticker", heard),
        translate("telegram.unknown_command", heard),
    ]


async def test_me_tells_history_and_favourite(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.text("/me"))
    assert harness.last_message()["text"] == translate("talk.me.nothing", KO)
    harness.model.next_outputs = [make_outputs(Style.CASUAL, outfit=0.02), *[make_outputs(Style.MODE)] * 2]
    await judged(harness, 0)
    await harness.send_updates(harness.updates.text("/me"))
    assert harness.last_message()["text"] == translate("talk.me.plain", KO, count=1)
    await judged(harness, 1)
    await shared(harness, 2)
    await harness.send_updates(harness.updates.text("/me"))
    mine, newest = harness.telegram.messages(MINA)[-2:]

    assert mine["text"].startswith(translate("talk.me", KO, count=3, style=style_name(Style.MODE, KO)))
    assert len(mine["text"].splitlines()) == 4
    assert harness.buttons(newest)[0] == "unshare"
    await harness.send_updates(harness.press(newest, "unshare"))
    assert (await latest(harness)).shared_at is None
    assert harness.buttons(now(harness, newest))[0] == "share"


async def test_board_shows_the_top_three(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.text("/board", user_id=FRIEND))
    assert harness.texts(FRIEND) == [translate("talk.board.nothing", KO)]
    for seed in range(4):
        await shared(harness, seed)
    await judged(harness, 5)
    await harness.send_updates(harness.updates.text("/board", user_id=FRIEND))
    said = harness.texts(FRIEND)[1:]
    name = generated_name((await person_of(harness)).id, KO)

    assert said[0] == translate("talk.board", KO)
    line = translate("talk.board.line", KO, hearts=0, name=name, style=style_name(Style.STREET, KO))
    assert said[1:] == [line] * 3
    assert len(harness.photo_messages(FRIEND)) == 3


async def test_link_to_a_look_shows_it_while_it_is_shared(harness: TelegramHarness) -> None:
    await shared(harness)
    look = await latest(harness)
    await harness.send_updates(harness.updates.text(f"/start look_{look.id}", user_id=FRIEND))
    assert len(harness.photo_messages(FRIEND)) == 1
    assert harness.texts(FRIEND)[1] == translate("telegram.start.2", KO)
    await harness.send_updates(harness.press(await judged(harness, 9), "keep"))
    async with harness.resources.database.transaction() as connection:
        await looks.unshare(connection, look.id)
    for argument in (f"look_{look.id}", "look_nonsense", "else"):
        before = len(harness.texts(FRIEND))
        await harness.send_updates(harness.updates.text(f"/start {argument}", user_id=FRIEND))
        assert harness.texts(FRIEND)[before] == translate("telegram.start.1", KO)


async def test_forget_leaves_nothing(harness: TelegramHarness) -> None:
    await shared(harness)
    await harness.send_updates(harness.updates.text("/forget"))
    await harness.send_updates(harness.press(harness.last_message(), "stay"))
    assert harness.last_message()["text"] == translate("talk.forget.stayed", KO)
    await harness.send_updates(harness.updates.text("/forget"))
    question = harness.last_message()
    await harness.send_updates(harness.press(question, "erase"))

    assert harness.last_message()["text"] == translate("talk.forget.done", KO)
    assert harness.buttons(now(harness, question)) == []
    assert await harness.row_counts() == {}
    assert harness.stored_files() == []
    assert await harness.count_rows("procrastinate_jobs WHERE task_name LIKE 'telegram%'") == 0


async def test_words_get_an_answer(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.text("스트리트가 뭐예요?"), harness.updates.text("고마워요"))

    assert style_name(Style.STREET, KO) in harness.texts()[0]
    assert harness.texts()[1] == translate("talk.thanks", KO)


async def test_page_is_opened_from_a_shared_look(harness: TelegramHarness) -> None:
    public = "https://eva.example"
    harness.handler.conversation.settings = harness.handler.conversation.settings.model_copy(
        update={"public_url": public}
    )
    await shared(harness, 0)
    await shared(harness, 1)
    look = await latest(harness)
    buttons = harness.telegram.messages(MINA)
    urls = [
        button["url"]
        for each in buttons
        for row in each.get("reply_markup", {}).get("inline_keyboard", [])
        for button in row
        if "url" in button
    ]

    assert f"https://eva.example/looks/{look.id}" in urls
