"""Buttons, display names and commands: what they change and what the bot replies."""

import pytest

from core.conversation.display_names import generated_name
from core.conversation.narration import style_name
from core.conversation.paraphrases import is_known
from core.db import looks, people
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import IdentityProvider
from core.errors import StorageUnavailableError
from core.i18n.translations import Language, translate
from core.styles import Style
from core.vision.fake_backend import make_outputs
from tests.factories import create_similar_look, make_photo
from tests.integration.bot.telegram.conftest import USER_ID, Json, TelegramHarness
from tests.texts import variants

KO = Language.KO
OTHER_USER_ID = 77


async def get_person(harness: TelegramHarness, user_id: int = USER_ID) -> Person:
    async with harness.resources.database.transaction() as connection:
        return await people.get_or_create_by_identity(
            connection, IdentityProvider.TELEGRAM, str(user_id), language=Language.KO
        )


async def get_latest_look(harness: TelegramHarness, user_id: int = USER_ID) -> Look:
    person = await get_person(harness, user_id)
    async with harness.resources.database.transaction() as connection:
        return (await looks.list_for_person(connection, person.id, limit=1))[0]


async def judge_photo(harness: TelegramHarness, seed: int = 0, user_id: int = USER_ID) -> Json:
    """Send a photo; returns the message with the buttons of the verdict."""
    await harness.send_updates(harness.updates.photo(make_photo(seed), user_id=user_id))
    return harness.last_with_buttons(user_id)


async def share_look(harness: TelegramHarness, seed: int = 0, user_id: int = USER_ID) -> Json:
    """Send a photo and share it; returns the message with the buttons of the look."""
    message = await judge_photo(harness, seed, user_id)
    await harness.send_updates(harness.press(message, "share", user_id=user_id))
    if harness.buttons(harness.last_with_buttons(user_id)) == ["take", "keep"]:
        await harness.send_updates(harness.press(harness.last_with_buttons(user_id), "take", user_id=user_id))
    return message


def current(harness: TelegramHarness, message: Json) -> Json:
    """The current state of a message."""
    return next(other for other in harness.telegram.messages() if other["message_id"] == message["message_id"])


async def test_a_guessed_wish_to_share_asks_first(harness: TelegramHarness) -> None:
    await judge_photo(harness)
    wish = "ok enter this one into the ranking for me, i want hearts"
    assert not is_known(wish)
    await harness.send_updates(harness.updates.text(wish))
    assert harness.buttons(harness.last_message()) == ["take", "keep"]
    assert (await get_latest_look(harness)).shared_at is None


async def test_first_share_prompts_for_a_name_and_accepts_the_generated_one(harness: TelegramHarness) -> None:
    name = generated_name((await get_person(harness)).id, KO)
    message = await judge_photo(harness)
    await harness.send_updates(harness.press(message, "share"))
    prompt = harness.last_message()
    assert prompt["text"] == translate("talk.name.ask", KO, name=name)
    assert (await get_latest_look(harness)).shared_at is None
    await harness.send_updates(harness.press(prompt, "take"))

    assert harness.last_message()["text"] == translate("talk.shared", KO, name=name)
    assert harness.buttons(current(harness, prompt)) == ["unshare", "another", "guess", "more", "correct", "similar"]
    assert (await get_latest_look(harness)).shared_at is not None
    assert len(harness.telegram.calls_to("answerCallbackQuery")) == 2


async def test_taken_name_prompts_again_with_a_generated_one(harness: TelegramHarness) -> None:
    async with harness.resources.database.transaction() as connection:
        other = await people.get_or_create_by_identity(
            connection, IdentityProvider.TELEGRAM, str(OTHER_USER_ID), language=Language.KO
        )
        assert await people.update_display_name(connection, other.id, "미나 리")
    await harness.send_updates(harness.press(await judge_photo(harness), "share"))
    await harness.send_updates(harness.updates.text("미나리"))
    suggested = generated_name((await get_person(harness)).id, KO)
    assert harness.last_message()["text"] == translate("talk.name.taken", KO, name="미나리", proposed=suggested)
    assert harness.buttons(harness.last_with_buttons()) == ["take", "keep"]
    assert (await get_latest_look(harness)).shared_at is None
    await harness.send_updates(harness.press(harness.last_with_buttons(), "take"))
    assert harness.last_message()["text"] == translate("talk.shared", KO, name=suggested)


async def test_valid_name_is_shown_back_and_an_invalid_one_prompts_again(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.press(await judge_photo(harness), "share"))
    await harness.send_updates(harness.updates.text("<b>미나</b>"))
    assert harness.texts()[-2] == translate("talk.name.refused", KO)
    assert harness.buttons(harness.last_with_buttons()) == ["take", "keep"]
    await harness.send_updates(harness.updates.text("미나 리"))
    question = harness.last_message()
    assert question["text"] == translate("talk.name.confirm", KO, name="미나 리")
    assert harness.buttons(question) == ["post", "nopost"]
    assert (await get_latest_look(harness)).shared_at is None
    await harness.send_updates(harness.press(question, "post"))

    assert harness.last_message()["text"] == translate("talk.shared", KO, name="미나 리")
    assert harness.buttons(current(harness, question))[0] == "unshare"
    assert (await get_person(harness)).name == "미나 리"
    second = await judge_photo(harness, 1)
    await harness.send_updates(harness.press(second, "share"))
    assert harness.last_message()["text"] == translate("talk.shared", KO, name="미나 리")
    assert harness.buttons(current(harness, second))[0] == "unshare"


async def test_interrupted_reply_is_restored(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.press(await judge_photo(harness), "share"))
    harness.telegram.fail_next("sendMessage", 500, count=4)
    await harness.send_updates(harness.updates.text("미나"))

    assert harness.last_message()["text"] == translate("talk.name.confirm", KO, name="미나")


@pytest.mark.parametrize("word", ["no", "cancel", "wait", "싫어요", "고마워", "안녕", "/help"])
async def test_refusals_and_commands_are_no_name(harness: TelegramHarness, word: str) -> None:
    await harness.send_updates(harness.press(await judge_photo(harness), "share"))
    await harness.send_updates(harness.updates.text(word))

    assert "post" not in harness.buttons(harness.last_message())
    assert (await get_latest_look(harness)).shared_at is None


async def test_unsharing_takes_one_press_and_changes_the_buttons(harness: TelegramHarness) -> None:
    await share_look(harness, 0)
    message = await share_look(harness, 1)
    await harness.send_updates(harness.press(current(harness, message), "unshare"))

    assert harness.last_message()["text"] == translate("talk.unshared", KO)
    assert harness.buttons(current(harness, message))[:2] == ["share", "keep"]
    assert (await get_latest_look(harness)).shared_at is None
    await harness.send_updates(harness.press(current(harness, message), "keep"))
    assert harness.last_message()["text"] == translate("talk.kept", KO)
    assert harness.buttons(current(harness, message))[:2] == ["share", "another"]


async def test_correction_is_stored(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.press(await judge_photo(harness), "correct"))
    prompt = harness.last_message()
    assert harness.buttons(prompt) == ["correct"] * 8
    await harness.send_updates(harness.press(prompt, "correct", Style.RETRO))

    assert harness.texts()[-2:] == [
        translate("talk.correct.thanks", KO, style=style_name(Style.RETRO, KO)),
        translate("talk.learning.ask", KO),
    ]
    question = harness.last_message()
    assert harness.buttons(question) == ["learn", "nolearn"]
    await harness.send_updates(harness.press(question, "learn"))
    assert (await get_person(harness)).learning_consent is True
    assert harness.buttons(current(harness, question)) == []
    await harness.send_updates(harness.updates.text("/privacy"))
    assert harness.buttons(harness.last_message()) == ["nolearn"]
    await harness.send_updates(harness.press(harness.last_message(), "nolearn"))
    assert (await get_person(harness)).learning_consent is False
    assert (await get_latest_look(harness)).corrected_style is Style.RETRO
    assert harness.buttons(current(harness, prompt)) == []


async def test_buttons_of_other_people_have_no_effect(harness: TelegramHarness) -> None:
    message = await judge_photo(harness)
    button = harness.press(message, "share", user_id=OTHER_USER_ID)
    button["callback_query"]["message"]["chat"] = {"id": OTHER_USER_ID, "type": "private"}
    await harness.send_updates(button)

    assert harness.texts(OTHER_USER_ID) == []
    answer = harness.telegram.calls_to("answerCallbackQuery")[-1].fields
    assert answer["text"] == translate("telegram.button_of_other", KO)
    # Telegram says who pressed, but the content of the button may be forged.
    button["callback_query"]["data"] = button["callback_query"]["data"].partition("~")[0]
    button["update_id"] += 1000
    await harness.send_updates(button)
    assert harness.texts(OTHER_USER_ID) == [translate("talk.not_yours", KO)]
    assert (await get_latest_look(harness)).shared_at is None
    assert harness.buttons(current(harness, message))[:2] == ["share", "keep"]


async def test_unknown_button_gets_a_reply(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.button_press(await judge_photo(harness), "z.nonsense"))

    assert harness.last_message()["text"] == translate("telegram.unknown_button", KO)
    assert harness.telegram.calls_to("answerCallbackQuery")[0].status == 200


async def test_language_is_changed(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.text("/language"))
    english = harness.last_message()["reply_markup"]["inline_keyboard"][0][1]["callback_data"]
    await harness.send_updates(harness.updates.button_press(harness.last_message(), english))
    assert harness.last_message()["text"] == translate("talk.language.set", Language.EN)
    await harness.send_updates(harness.updates.text("hello"))
    assert harness.last_message()["text"] in variants("talk.hello", Language.EN)


@pytest.mark.parametrize(("tag", "language"), [("ko", KO), ("en-GB", Language.EN), ("de", Language.EN)])
async def test_replies_are_in_the_language_of_the_person(
    harness: TelegramHarness, tag: str, language: Language
) -> None:
    await harness.send_updates(
        harness.updates.text("/help", language=tag),
        harness.updates.media("sticker", language=tag),
        harness.updates.text("/nonsense", language=tag),
    )

    assert harness.texts() == [
        translate("telegram.help", language),
        translate("talk.kind.sticker", language),
        translate("telegram.unknown_command", language),
    ]


async def test_me_lists_looks_and_the_most_frequent_style(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.text("/me"))
    assert harness.last_message()["text"] == translate("talk.me.nothing", KO)
    harness.model.next_outputs = [make_outputs(Style.CASUAL, outfit=0.02), *[make_outputs(Style.MODE)] * 2]
    await judge_photo(harness, 0)
    await harness.send_updates(harness.updates.text("/me"))
    assert harness.last_message()["text"] == translate("talk.me.plain", KO, count=1)
    await judge_photo(harness, 1)
    await share_look(harness, 2)
    await harness.send_updates(harness.updates.text("/me"))
    summary, newest = harness.telegram.messages(USER_ID)[-2:]

    assert summary["text"].startswith(translate("talk.me", KO, count=3, style=style_name(Style.MODE, KO)))
    assert len(summary["text"].splitlines()) == 4
    assert harness.buttons(newest)[0] == "unshare"
    await harness.send_updates(harness.press(newest, "unshare"))
    assert (await get_latest_look(harness)).shared_at is None
    assert harness.buttons(current(harness, newest))[0] == "share"


async def test_leaderboard_command_shows_the_top_three(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.text("/board", user_id=OTHER_USER_ID))
    assert harness.texts(OTHER_USER_ID) == [translate("talk.board.nothing", KO)]
    for seed in range(4):
        await share_look(harness, seed)
    await judge_photo(harness, 5)
    await harness.send_updates(harness.updates.text("/board", user_id=OTHER_USER_ID))
    texts = harness.texts(OTHER_USER_ID)[1:]
    name = generated_name((await get_person(harness)).id, KO)

    assert texts[0] == translate("talk.board", KO)
    line = translate("talk.board.line.new", KO, name=name, style=style_name(Style.STREET, KO))
    assert texts[1:] == [line] * 3
    assert len(harness.photo_messages(OTHER_USER_ID)) == 3


async def test_link_to_a_look_works_while_it_is_shared(harness: TelegramHarness) -> None:
    await share_look(harness)
    look = await get_latest_look(harness)
    await harness.send_updates(harness.updates.text(f"/start look_{look.id}", user_id=OTHER_USER_ID))
    assert len(harness.photo_messages(OTHER_USER_ID)) == 1
    assert harness.texts(OTHER_USER_ID)[1] == translate("telegram.start.2", KO)
    await harness.send_updates(harness.press(await judge_photo(harness, 9), "keep"))
    async with harness.resources.database.transaction() as connection:
        await looks.unshare(connection, look.id)
    dead, greeting = "telegram.link_dead", "telegram.start.1"
    for argument, key in ((f"look_{look.id}", dead), ("look_nonsense", dead), ("else", greeting)):
        before = len(harness.texts(OTHER_USER_ID))
        await harness.send_updates(harness.updates.text(f"/start {argument}", user_id=OTHER_USER_ID))
        assert harness.texts(OTHER_USER_ID)[before] == translate(key, KO)


async def test_erasure_leaves_no_data(harness: TelegramHarness) -> None:
    await share_look(harness)
    await harness.send_updates(harness.updates.text("/forget"))
    await harness.send_updates(harness.press(harness.last_with_buttons(), "stay"))
    assert harness.last_message()["text"] == translate("talk.forget.stayed", KO)
    await harness.send_updates(harness.updates.text("/forget"))
    question = harness.last_message()
    await harness.send_updates(harness.press(question, "erase"))

    assert harness.last_message()["text"] == translate("talk.forget.done", KO)
    assert harness.buttons(current(harness, question)) == []
    assert await harness.row_counts() == {}
    assert harness.stored_files() == []
    assert await harness.count_rows("procrastinate_jobs WHERE task_name LIKE 'telegram%'") == 0


async def test_text_gets_a_reply(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.text("스트리트가 뭐예요?"), harness.updates.text("고마워요"))

    assert style_name(Style.STREET, KO) in harness.texts()[0]
    assert harness.texts()[1] in variants("talk.thanks", KO)


async def test_shared_look_has_a_button_for_its_page(harness: TelegramHarness) -> None:
    harness.handler.conversation.settings = harness.handler.conversation.settings.model_copy(
        update={"public_url": "https://eva.example"}
    )
    await share_look(harness, 0)
    await share_look(harness, 1)
    look = await get_latest_look(harness)
    urls = [
        button["url"]
        for message in harness.telegram.messages(USER_ID)
        for row in message.get("reply_markup", {}).get("inline_keyboard", [])
        for button in row
        if "url" in button
    ]

    assert f"https://eva.example/looks/{look.id}" in urls


async def test_similar_looks_of_others_are_shown(harness: TelegramHarness) -> None:
    message = await judge_photo(harness)
    look = await get_latest_look(harness)
    await harness.send_updates(harness.press(message, "similar"))
    assert harness.last_message()["text"] == translate("talk.similar.unknown", KO), "it has no embedding"
    other = await create_similar_look(harness.resources, look.id, "민아")
    await harness.send_updates(harness.press(message, "similar"))
    line = translate("talk.board.line.new", KO, name="민아", style=style_name(other.style, KO))
    intro, shown = harness.telegram.messages()[-2:]
    # Stored images of tests are no pictures, so Telegram gets the line alone.
    assert (intro["text"], shown["text"]) == (translate("talk.similar", KO), line)
    await harness.send_updates(harness.press(message, "similar", user_id=OTHER_USER_ID))
    assert harness.telegram.messages()[-1] == shown, "no one else may press the button"
    async with harness.resources.database.transaction() as connection:
        await looks.unshare(connection, other.id)
    await harness.send_updates(harness.press(message, "similar"))
    assert harness.last_message()["text"] == translate("talk.similar.none", KO)

    await harness.execute("UPDATE looks SET pending_question = 'guess'")
    await harness.send_updates(harness.press(message, "similar"))
    assert harness.last_message()["text"] == translate("talk.guess.ask", KO)
    assert "result" in harness.buttons(harness.last_message())
    async with harness.resources.database.transaction() as connection:
        await looks.delete(connection, look.id)
    await harness.send_updates(harness.press(message, "similar"))
    assert harness.last_message()["text"] == translate("talk.look_gone", KO)


async def test_similar_looks_end_the_question_for_a_name(harness: TelegramHarness) -> None:
    message = await judge_photo(harness)
    await harness.send_updates(harness.press(message, "share"))
    assert (await get_person(harness)).pending_name_look_id is not None
    await harness.send_updates(harness.press(message, "similar"))
    assert (await get_person(harness)).pending_name_look_id is None


async def test_details_are_text_while_the_storage_is_away(
    harness: TelegramHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(key: str) -> bytes:
        raise StorageUnavailableError

    message = await judge_photo(harness)
    monkeypatch.setattr(harness.resources.storage, "get", fail)
    before = len(harness.telegram.messages())
    await harness.send_updates(harness.press(message, "more"))
    (details,) = harness.telegram.messages()[before:]
    assert "%" in details["text"]
