"""Requests in other words than a command, and reactions."""

from uuid import UUID

import pytest

from bot.testing.telegram import BOT_USER
from core.conversation.narration import style_name
from core.db import people
from core.db.schema import IdentityProvider, PendingQuestion
from core.i18n.translations import Language, translate
from core.services import deletion
from core.styles import Style
from core.vision.fake_backend import make_outputs
from tests.factories import create_similar_look, make_photo
from tests.integration.bot.telegram.conftest import USER_ID, Json, TelegramHarness, list_looks
from tests.texts import variants

KO = Language.KO


async def test_requests_in_words_are_answered_by_their_command(harness: TelegramHarness) -> None:
    for message in (
        "내 사진 다 지워 줄래?",
        "영어로 바꿔 줘",
        "스타일 종류 뭐 있어?",
        "리더보드 보여줘",
        "내 코디 기록",
    ):
        await harness.send_updates(harness.updates.text(message))
    erase, languages, styles, board, own = harness.telegram.messages()

    assert (erase["text"], harness.buttons(erase)) == (translate("talk.forget.ask", KO), ["erase", "stay"])
    assert harness.buttons(languages) == ["speak", "speak"]
    assert styles["text"].startswith(translate("telegram.styles", KO))
    assert board["text"] == translate("talk.board.nothing", KO)
    assert own["text"]
    assert await harness.count_unprocessed() == 0


async def test_reactions_to_the_newest_verdict_are_opinions(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.photo(make_photo(1)))
    old = harness.last_with_buttons()
    await harness.send_updates(harness.updates.photo(make_photo(2)))
    verdict = harness.last_with_buttons()
    count = len(harness.texts())

    await harness.send_updates(
        harness.updates.reaction(old, "👍"),
        harness.updates.reaction(verdict, "🤔"),
        harness.updates.reaction(verdict, "👍", user_id=77),
    )
    assert len(harness.texts()) == count, "an older verdict, an emoji without a meaning, another person"

    await harness.send_updates(harness.updates.reaction(verdict, "❤"))
    assert len(harness.texts()) == count + 1
    await harness.send_updates(harness.updates.reaction(verdict, "👎"))
    assert harness.buttons(harness.last_message()) == ["correct"] * 8
    await harness.send_updates(harness.press(harness.last_message(), "correct", Style.RETRO))
    assert {look.corrected_style for look in await list_looks(harness)} == {None, Style.RETRO}


async def test_reply_to_an_older_verdict_is_about_its_look(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.photo(make_photo(1)))
    old, remarks = harness.telegram.messages()
    [look] = await list_looks(harness)
    await harness.send_updates(harness.updates.photo(make_photo(2)))

    await harness.send_updates(harness.updates.text("왜?", reply_to_message=_quoted(remarks)))
    assert translate("talk.reason", KO, style="스트리트") in "\n".join(harness.texts()[-2:])
    await harness.send_updates(harness.updates.text("retro", reply_to_message=_quoted(old)))
    assert {other.id for other in await list_looks(harness) if other.corrected_style is Style.RETRO} == {look.id}
    await harness.send_updates(harness.updates.text("공유해줘", reply_to_message=_quoted(harness.last_message())))
    assert await _pending_name_look_id(harness) == look.id


async def test_reply_to_a_message_of_unknown_look_does_not_change_the_newest_one(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.photo(make_photo(1)))
    old = harness.last_with_buttons()
    await harness.send_updates(harness.updates.photo(make_photo(2)))
    verdict = harness.last_with_buttons()
    await harness.execute("UPDATE job_checkpoints SET data = '{}'")

    await harness.send_updates(harness.updates.text("retro", reply_to_message=_quoted(old)))
    assert {look.corrected_style for look in await list_looks(harness)} == {None}
    await harness.send_updates(harness.updates.text("공유해줘", reply_to_message=_quoted(old)))
    assert harness.buttons(harness.last_message())[0] == "share", "the looks to choose from"
    await harness.send_updates(harness.updates.text("retro", reply_to_message=_quoted(verdict)))
    assert [look.corrected_style for look in await list_looks(harness)].count(Style.RETRO) == 1


async def test_reply_to_a_message_of_another_person_is_not_about_their_look(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.photo(make_photo(1)))
    verdict, photo_id = harness.last_with_buttons(), (await list_looks(harness))[0].source_message_id.split(":")[1]
    for replied in (_quoted(verdict), {**_quoted(verdict), "message_id": int(photo_id)}):
        replied["chat"] = {"id": 77, "type": "private"}
        for words in ("왜?", "retro", "운동화 아니야", "공유해줘", "이거 지워줘", "내가 틀렸네", "공유됐어?"):
            await harness.send_updates(harness.updates.text(words, user_id=77, reply_to_message=replied))
        await harness.send_updates(harness.updates.reaction({**verdict, "chat": replied["chat"]}, "👎", user_id=77))
    [look] = await list_looks(harness)
    assert (look.corrected_style, look.pending_question, look.is_corrected) == (None, None, False)
    assert "스트리트" not in "".join(harness.texts(77))


async def test_reply_to_the_verdict_of_a_deleted_look_is_about_no_other(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.photo(make_photo(1)), harness.updates.photo(make_photo(2)))
    verdict = harness.last_with_buttons()
    newest = max(await list_looks(harness), key=lambda look: look.created_at)
    await deletion.delete_look(harness.resources, newest.id)

    await harness.send_updates(harness.updates.text("retro", reply_to_message=_quoted(verdict)))
    assert [look.corrected_style for look in await list_looks(harness)] == [None]


@pytest.mark.parametrize("is_album", [False, True])
@pytest.mark.parametrize("is_verdict", [False, True])
async def test_reply_to_another_copy_of_a_photo_is_about_its_look(
    harness: TelegramHarness, is_album: bool, is_verdict: bool
) -> None:
    await harness.send_updates(harness.updates.photo(make_photo(1)))
    [look] = await list_looks(harness)
    copies = [harness.updates.photo(make_photo(1, quality=60))]
    if is_album:
        harness.model.next_outputs = [make_outputs(Style.MODE, confidence=0.5)]
        copies = harness.updates.album([make_photo(1, quality=60), make_photo(2)])
    await harness.send_updates(*copies)
    replied = _quoted(harness.last_with_buttons()) if is_verdict else copies[0]["message"]
    await harness.send_updates(harness.updates.photo(make_photo(3)))
    count = len(harness.photo_messages())

    await harness.send_updates(harness.updates.text("retro", reply_to_message=replied))
    assert {other.id for other in await list_looks(harness) if other.corrected_style is Style.RETRO} == {look.id}
    await harness.send_updates(harness.updates.text("공유해줘", reply_to_message=replied))
    assert await _pending_name_look_id(harness) == look.id
    assert len(harness.photo_messages()) == count, "no verdict was sent again"


async def test_what_follows_a_copy_is_not_about_the_looks_between(harness: TelegramHarness) -> None:
    await harness.send_updates(*(harness.updates.photo(make_photo(seed)) for seed in (1, 2)))
    between = harness.last_with_buttons()
    await harness.send_updates(harness.updates.photo(make_photo(1, quality=60)))
    count = len(harness.texts())

    await harness.send_updates(harness.updates.reaction(between, "👎"))
    assert len(harness.texts()) == count
    await harness.send_updates(harness.updates.reaction(harness.last_with_buttons(), "👎"))
    await harness.send_updates(harness.press(harness.last_message(), "correct", Style.RETRO))
    first = min(await list_looks(harness), key=lambda look: look.created_at)
    assert first.corrected_style is Style.RETRO


async def test_reply_to_ones_own_photo_is_about_its_look(harness: TelegramHarness) -> None:
    first, second = (harness.updates.photo(make_photo(seed)) for seed in (1, 2))
    await harness.send_updates(first, second)
    count = len(harness.photo_messages())

    await harness.send_updates(harness.updates.text("retro", reply_to_message=first["message"]))
    corrected = [look for look in await list_looks(harness) if look.corrected_style is Style.RETRO]
    assert [look.source_message_id for look in corrected] == [f"{USER_ID}:{first['message']['message_id']}"]

    await harness.send_updates(harness.updates.text("이거 지워줘", reply_to_message=second["message"]))
    assert harness.texts()[-1] == translate("talk.delete.one", KO)
    await harness.send_updates(harness.updates.text("공유해줘", reply_to_message=first["message"]))
    assert await _pending_name_look_id(harness) == corrected[0].id
    await harness.send_updates(harness.updates.text("고마워", reply_to_message=first["message"]))
    assert len(harness.photo_messages()) == count, "no verdict was sent again"


async def test_reply_to_ones_own_photo_that_says_nothing_else_asks_for_its_verdict(harness: TelegramHarness) -> None:
    photo = harness.updates.photo(make_photo(1))
    await harness.send_updates(photo, harness.updates.photo(make_photo(2)))
    count = len(harness.photo_messages())

    await harness.send_updates(harness.updates.text("다시 봐줘", reply_to_message=photo["message"]))
    assert len(harness.photo_messages()) == count + 1
    assert len(await list_looks(harness)) == 2


async def test_reply_to_a_photo_that_waits_for_a_guess_is_the_guess(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.photo(make_photo(1)))
    await harness.send_updates(harness.press(harness.last_with_buttons(), "guess"))
    photo = harness.updates.photo(make_photo(2))
    await harness.send_updates(photo, harness.updates.text("고마워", reply_to_message=photo["message"]))
    [waiting] = [look for look in await list_looks(harness) if look.pending_question is PendingQuestion.GUESS]
    count = len(harness.photo_messages())

    await harness.send_updates(harness.updates.text("retro", reply_to_message=photo["message"]))
    [guessed] = [look for look in await list_looks(harness) if look.id == waiting.id]
    assert (guessed.guessed_style, guessed.corrected_style) == (Style.RETRO, None)
    assert len(harness.photo_messages()) == count + 1


async def test_reply_to_ones_own_photo_without_a_look_is_about_no_other(harness: TelegramHarness) -> None:
    photo = harness.updates.photo(make_photo(2))
    await harness.send_updates(harness.updates.photo(make_photo(1)), photo)
    newest = max(await list_looks(harness), key=lambda look: look.created_at)
    await deletion.delete_look(harness.resources, newest.id)

    await harness.send_updates(harness.updates.text("이거 지워줘", reply_to_message=photo["message"]))
    assert len(await list_looks(harness)) == 1, "nothing was stored again"
    await harness.send_updates(harness.updates.text("retro", reply_to_message=photo["message"]))
    assert [look.corrected_style for look in await list_looks(harness)] == [None, None], "the photo was judged"
    await harness.send_updates(harness.updates.text("공유해줘", reply_to_message=photo["message"]))
    newest = max(await list_looks(harness), key=lambda look: look.created_at)
    assert await _pending_name_look_id(harness) == newest.id


def _quoted(message: Json) -> Json:
    """A message of the bot as Telegram repeats it in a reply to it."""
    chat = {"id": USER_ID, "type": "private"}
    return {"message_id": message["message_id"], "date": 1, "chat": chat, "from": BOT_USER, "text": "?"}


async def _pending_name_look_id(harness: TelegramHarness) -> UUID | None:
    """The look for which a name was asked."""
    async with harness.resources.database.connection() as connection:
        person = await people.get_by_identity(connection, IdentityProvider.TELEGRAM, str(USER_ID))
    assert person is not None
    return person.pending_name_look_id


async def test_reaction_never_answers_the_question_for_a_name(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.photo(make_photo(1)))
    verdict = harness.last_with_buttons()
    await harness.send_updates(harness.press(verdict, "share"))
    await harness.send_updates(harness.updates.reaction(harness.last_message(), "👍"))

    assert [look.shared_at for look in await list_looks(harness)] == [None]


async def test_what_is_said_after_an_album_is_about_the_photo_that_was_shown(harness: TelegramHarness) -> None:
    harness.model.next_outputs = [
        make_outputs(Style.CASUAL, confidence=0.95),
        make_outputs(Style.STREET, confidence=0.7),
    ]
    await harness.send_updates(*harness.updates.album([make_photo(seed) for seed in range(2)]))
    await harness.send_updates(harness.updates.text("retro"))
    corrected = {look.verdict.style: look.corrected_style for look in await list_looks(harness)}
    assert corrected == {Style.CASUAL: Style.RETRO, Style.STREET: None}

    await harness.send_updates(harness.updates.photo(make_photo(9)))
    await harness.send_updates(harness.updates.text("올려줘"))
    assert all(look.shared_at is None for look in await list_looks(harness)), "a button shares, no word"
    assert harness.buttons(harness.last_message()) == ["take", "keep"]

    await harness.send_updates(harness.press(harness.last_message(), "take"))
    await harness.send_updates(harness.updates.text("보드에서 내려줘"))
    assert harness.last_message()["text"] == translate("talk.unshare.ask", KO, style="스트리트")
    assert harness.buttons(harness.last_message())[0] == "unshare"


async def test_questions_about_a_look_are_answered_after_a_correction(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.photo(make_photo(1)))
    await harness.send_updates(harness.updates.text("레트로야"))
    assert [look.corrected_style for look in await list_looks(harness)] == [Style.RETRO]
    await harness.execute("UPDATE looks SET created_at = created_at - interval '1 hour'")
    about = translate("talk.item.look.hour", KO, style=style_name(Style.RETRO, KO))
    for message in ("진짜 바지야?", "is that really a leather jacket?"):
        await harness.send_updates(harness.updates.text(message))
        told = {f"{about} {sentence}" for sentence in variants("worn.check.unknown", KO)}
        assert harness.last_message()["text"] in told, message
    for message, key, values in (
        ("뭘 바꾸면 달라져요?", "talk.swap.none", {"style": "스트리트"}),
        ("what would make it British Mode?", "talk.swap.none", {"style": "스트리트"}),
        ("어떻게 하면 스트리트가 돼?", "talk.swap.already", {"style": "스트리트"}),
    ):
        await harness.send_updates(harness.updates.text(message))
        assert harness.last_message()["text"] in variants(key, KO, **values), message
    before = len(harness.texts())
    await harness.send_updates(harness.updates.text("왜?"))
    names = {"style": "스트리트", "corrected": style_name(Style.RETRO, KO)}
    said = "\n".join(harness.texts()[before:])
    assert any(sentence in said for sentence in variants("talk.reason.marked", KO, **names)), said


async def test_what_is_not_understood_leads_to_a_photo_or_back_to_the_look(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.text("하이힐"))
    assert harness.last_message()["text"] in variants("talk.words", KO)
    assert harness.buttons(harness.last_message()) == []
    await harness.send_updates(harness.updates.photo(make_photo(1)))
    await harness.send_updates(harness.updates.text("하이힐"))
    offered = harness.last_message()
    assert offered["text"] in variants("talk.words.look", KO)
    assert harness.buttons(offered) == ["why", "correct", "share", "similar"]
    await harness.send_updates(harness.press(offered, "why"))
    assert translate("talk.reason", KO, style="스트리트") in "\n".join(harness.texts()[-2:])
    assert all(look.shared_at is None for look in await list_looks(harness))


async def test_what_is_not_understood_before_a_guess_asks_for_it_again(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.text("하이힐"))
    await harness.execute("UPDATE people SET guesses_first = true")
    await harness.send_updates(harness.updates.photo(make_photo(1)))
    await harness.send_updates(harness.updates.text("하이힐"))
    assert harness.last_message()["text"] == translate("talk.guess.ask", KO)
    assert harness.buttons(harness.last_message()) == ["guess"] * 8 + ["result"]


async def test_similar_looks_and_what_is_worn_most_can_be_asked_for(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.text("비슷한 룩"))
    assert harness.last_message()["text"] == translate("talk.me.nothing", KO)
    await harness.send_updates(harness.updates.photo(make_photo(1)))
    for message in ("similar looks", "비슷한 룩 보여줘"):
        await harness.send_updates(harness.updates.text(message))
        assert harness.last_message()["text"] == translate("talk.similar.unknown", KO), "it has no embedding"
    [look] = await list_looks(harness)
    other = await create_similar_look(harness.resources, look.id, "민아")
    await harness.send_updates(harness.updates.text("비슷한 룩"))
    assert harness.texts()[-2] == translate("talk.similar", KO)
    assert other.id != look.id
    for message in ("내가 뭘 제일 많이 입어?", "what do I wear most?"):
        count = len(harness.texts())
        await harness.send_updates(harness.updates.text(message))
        assert translate("talk.me.first", KO, style="스트리트") in harness.texts()[count]


async def test_rejected_message_ends_in_a_sentence(harness: TelegramHarness) -> None:
    harness.telegram.fail_next("sendMessage", 400, "Bad Request: BUTTON_DATA_INVALID")
    await harness.send_updates(harness.updates.text("/help"))

    assert harness.texts() == [translate("error.any", Language.KO)]
    assert await harness.count_unprocessed() == 0


async def test_of_several_wishes_one_is_answered_and_the_other_is_asked_for_again(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.photo(make_photo(1)))
    await harness.send_updates(harness.updates.text("사진 지우고 보드 보여줘"))
    assert harness.texts()[-1] == translate("talk.one_wish", KO)
    assert len(await list_looks(harness)) == 1
    await harness.send_updates(harness.updates.text('"다 지워줘"라고 하면 지워져?'))
    assert translate("talk.forget.ask", KO) not in harness.texts()
