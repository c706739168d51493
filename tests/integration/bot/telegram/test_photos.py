"""Photos on their way to a verdict: whole, interrupted, bad, several, guessed at."""

import asyncio
from contextlib import suppress
from datetime import datetime
from typing import Any

import pytest
from PIL import Image

from bot.telegram.client import SendResult
from bot.telegram.formatting import OutgoingMessage
from bot.telegram.ingest import store_update
from core.conversation.narration import style_description, style_name, verdict_messages
from core.db import looks, people
from core.db.looks import Look
from core.db.schema import IdentityProvider
from core.errors import StorageUnavailableError
from core.i18n.translations import Language, translate, variant_keys
from core.jobs import queue
from core.seoul_time import SEOUL
from core.styles import Style
from core.vision.fake_backend import make_outputs
from tests.factories import make_photo
from tests.images import encode_image, make_quadrants
from tests.integration.bot.telegram.conftest import DAILY_LIMIT, MINA, TelegramHarness


async def looks_of(harness: TelegramHarness, person: int = MINA) -> list[Look]:
    async with harness.resources.database.transaction() as connection:
        identity = await people.get_identity(connection, IdentityProvider.TELEGRAM, str(person))
        assert identity is not None
        return await looks.list_for_person(connection, identity.person_id, limit=99)


@pytest.mark.parametrize("language", list(Language))
async def test_photo_gets_its_verdict_in_four_messages(harness: TelegramHarness, language: Language) -> None:
    await harness.send_updates(harness.updates.photo(make_photo(), language=language.value))
    (look,) = await looks_of(harness)
    bubbles = [bubble.text for bubble in verdict_messages(look.verdict, seed=str(look.id), language=language)]
    said = harness.texts()

    assert len(said) == 4
    assert "\n".join(said) == "\n".join(bubbles)
    (heat,) = harness.photo_messages()
    assert style_name(Style.STREET, language) in heat["caption"]
    assert look.heatmap_key is not None
    assert harness.telegram.calls_to("sendPhoto")[0].files["photo"] == await harness.resources.storage.get(
        look.heatmap_key
    )
    assert harness.buttons(harness.last_message()) == ["share", "keep", "another", "guess", "correct"]
    assert {call.fields["action"] for call in harness.telegram.calls_to("sendChatAction")} == {"typing", "upload_photo"}
    assert look.source_message_id.startswith(f"{MINA}:")
    assert await harness.count_unprocessed() == 0
    assert await harness.count_rows("inbox WHERE payload IS NOT NULL") == 0


async def test_photo_as_file_is_judged_too(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.document(encode_image(make_quadrants(300, 400), "HEIF")))

    assert len(harness.photo_messages()) == 1


async def test_same_update_twice_is_answered_once(harness: TelegramHarness) -> None:
    update = harness.updates.photo(make_photo())
    await harness.send_updates(update, update)
    await harness.send_updates(update)

    assert len(harness.texts()) == 4
    assert harness.model.call_count == 1


async def test_same_photo_again_is_answered_from_memory(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.photo(make_photo()), harness.updates.photo(make_photo(quality=60)))
    said = harness.texts()

    assert len(said) == 8
    assert said[4] in {translate(key, Language.KO) for key in variant_keys("talk.remembered", Language.KO)}
    assert said[5:] == said[1:4]
    assert harness.model.call_count == 1


@pytest.mark.parametrize(
    ("method", "status"),
    [("sendMessage", 429), ("sendMessage", 500), ("sendPhoto", 502), ("download", 500), ("getFile", 502)],
)
async def test_faults_that_pass_are_outlived(harness: TelegramHarness, method: str, status: int) -> None:
    # Four times for one try of the job, so that it takes two.
    parameters = {"retry_after": 60} if status == 429 else {}
    harness.telegram.fail_next(method, status, "Refused", count=1 if status == 429 else 4, **parameters)
    await harness.send_updates(harness.updates.photo(make_photo()))

    assert len(harness.texts()) == 4
    assert harness.model.call_count == 1
    assert await harness.count_unprocessed() == 0


async def test_faults_that_last_end_in_a_done_update(harness: TelegramHarness) -> None:
    harness.telegram.fail_next("sendMessage", 500, count=16)
    await harness.send_updates(harness.updates.photo(make_photo()))

    assert len(harness.telegram.calls_to("sendMessage")) == 16
    assert harness.texts() == []
    assert await harness.count_unprocessed() == 0


async def test_photo_that_cannot_be_fetched_ends_in_a_sentence(harness: TelegramHarness) -> None:
    harness.telegram.fail_next("download", 500, count=99)
    await harness.send_updates(harness.updates.photo(make_photo()))

    assert harness.texts() == [translate("error.picture_unreachable", Language.KO)]
    assert await harness.count_unprocessed() == 0


@pytest.mark.parametrize("dies_after", range(1, 5))
async def test_crash_between_send_and_mark_repeats_one_message(
    harness: TelegramHarness, monkeypatch: pytest.MonkeyPatch, dies_after: int
) -> None:
    send, count = harness.handler.client.send_message, 0

    async def send_and_die(chat: int, message: OutgoingMessage, **options: Any) -> SendResult:
        nonlocal count
        receipt = await send(chat, message, **options)
        count += 1
        if count == dies_after:
            raise ConnectionError
        return receipt

    monkeypatch.setattr(harness.handler.client, "send", send_and_die)
    await harness.send_updates(harness.updates.photo(make_photo()))
    said = harness.texts()

    assert len(said) == 5
    assert said[dies_after - 1] == said[dies_after]
    assert len(set(said)) == 4
    assert await harness.count_unprocessed() == 0
    assert len(await looks_of(harness)) == 1


async def test_storage_that_is_away_for_a_moment(harness: TelegramHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    put, failed = harness.resources.storage.put, False

    async def fail_once(key: str, picture: bytes) -> None:
        nonlocal failed
        if not failed:
            failed = True
            raise StorageUnavailableError
        await put(key, picture)

    monkeypatch.setattr(harness.resources.storage, "put", fail_once)
    await harness.send_updates(harness.updates.photo(make_photo()))

    assert len(harness.texts()) == 4
    assert harness.model.call_count == 1


async def test_mistake_of_ours_ends_in_a_sentence_and_is_not_repeated(
    harness: TelegramHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(harness.handler.conversation, "judging")
    await harness.send_updates(harness.updates.photo(make_photo()))

    assert harness.texts() == [translate("error.any", Language.KO)]
    assert await harness.count_unprocessed() == 0


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"no picture", "error.not_an_image"),
        (b"", "error.empty_photo"),
        (make_photo()[:200], "error.truncated_photo"),
        (encode_image(Image.new("RGB", (20, 20))), "error.photo_too_small"),
        (b"\xff\xd8\xff" + bytes(20_000_001), "error.photo_too_large"),
    ],
)
async def test_bad_photo_ends_in_a_sentence(harness: TelegramHarness, data: bytes, key: str) -> None:
    await harness.send_updates(harness.updates.document(data, mime="image/jpeg", language="en"))

    assert harness.texts() == [translate(key, Language.EN)]
    assert await harness.count_unprocessed() == 0
    assert harness.stored_files() == []


async def test_photo_without_an_outfit_has_nothing_to_share(harness: TelegramHarness) -> None:
    harness.model.next_outputs = [make_outputs(Style.RETRO, outfit=0.05)]
    await harness.send_updates(harness.updates.photo(make_photo()))

    assert harness.photo_messages() == []
    assert harness.buttons(harness.last_message()) == ["another", "guess"]


async def test_photo_too_many_is_declined_kindly(harness: TelegramHarness) -> None:
    await harness.send_updates(*(harness.updates.photo(make_photo(seed)) for seed in range(DAILY_LIMIT + 1)))

    assert harness.last_message()["text"] == translate("talk.limit", Language.KO, count=str(DAILY_LIMIT))
    assert len(harness.photo_messages()) == DAILY_LIMIT


async def test_album_gets_one_answer_about_the_clearest(harness: TelegramHarness) -> None:
    harness.model.next_outputs = [
        make_outputs(Style.CASUAL, confidence=0.7),
        make_outputs(Style.RETRO, confidence=0.95),
        make_outputs(Style.CASUAL, outfit=0.02),
    ]
    await harness.send_updates(*harness.updates.album([make_photo(seed) for seed in range(3)]))
    said = harness.texts()

    assert len(said) == 4
    assert said[0].splitlines() == [
        translate("talk.album", Language.KO, count=3, number=2),
        translate("talk.album.line", Language.KO, number=1, style=style_name(Style.CASUAL, Language.KO), percent=70),
        translate("talk.album.line", Language.KO, number=2, style=style_name(Style.RETRO, Language.KO), percent=95),
        translate("talk.album.no_outfit", Language.KO, number=3),
    ]
    assert style_name(Style.RETRO, Language.KO) in harness.photo_messages()[0]["caption"]
    assert await harness.count_unprocessed() == 0


async def test_album_without_any_outfit(harness: TelegramHarness) -> None:
    harness.model.next_outputs = [make_outputs(Style.CASUAL, outfit=0.02)] * 2
    await harness.send_updates(*harness.updates.album([make_photo(seed) for seed in range(2)]))

    assert harness.texts() == [translate("talk.album.nothing", Language.KO, count=2)]


async def test_album_with_a_bad_photo_says_so_and_goes_on(harness: TelegramHarness) -> None:
    album = harness.updates.album([make_photo(seed) for seed in range(3)])
    harness.telegram.api.files[album[1]["message"]["photo"][0]["file_id"]] = harness.telegram.api.files[
        harness.telegram.api.store_file(b"no picture")
    ]
    await harness.send_updates(*album)
    said = harness.texts()

    assert len(said) == 4
    assert translate("talk.album", Language.KO, count=2, number=1) in said[0]
    assert translate("error.not_an_image", Language.KO) in said[0]


async def test_late_photo_of_an_album_is_answered_by_itself(harness: TelegramHarness) -> None:
    album = harness.updates.album([make_photo(seed) for seed in range(3)])
    await harness.send_updates(*album[:2])
    await harness.send_updates(album[2])

    assert len(harness.texts()) == 8
    assert await harness.count_unprocessed() == 0


async def test_album_in_a_group_is_meant_as_a_whole(harness: TelegramHarness) -> None:
    name = f"@{harness.telegram.api.me['username']}"
    mention = [{"type": "mention", "offset": 0, "length": len(name)}]
    photos = [make_photo(seed) for seed in range(2)]
    await harness.send_updates(*harness.updates.album(photos, chat_id=-5, caption="us two"))
    assert harness.telegram.messages(-5) == []
    await harness.send_updates(*harness.updates.album(photos, chat_id=-5, caption=name, caption_entities=mention))
    assert harness.texts(-5)[0].startswith(translate("talk.album", Language.KO, count=2, number=1))
    assert len(harness.photo_messages(-5)) == 1
    assert await harness.count_unprocessed() == 0


async def test_album_that_was_interrupted_goes_on(harness: TelegramHarness) -> None:
    harness.telegram.fail_next("sendPhoto", 500, count=4)
    await harness.send_updates(*harness.updates.album([make_photo(seed) for seed in range(3)]))

    assert len(harness.texts()) == 4
    assert harness.model.call_count == 3
    assert await harness.count_unprocessed() == 0


async def test_album_of_videos_gets_one_sentence(harness: TelegramHarness) -> None:
    await harness.send_updates(*(harness.updates.media("video", media_group_id="1") for _ in range(3)))

    assert harness.texts() == [translate("talk.kind.video", Language.KO)]
    assert await harness.count_unprocessed() == 0


async def test_who_guesses_first_is_asked_then_told(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.photo(make_photo(1)))
    await harness.send_updates(harness.press(harness.last_message(), "guess"))
    assert harness.buttons(harness.last_message()) == ["tell"]
    await harness.send_updates(harness.updates.photo(make_photo(2)))
    asked = harness.last_message()
    assert asked["text"] == translate("talk.guess.ask", Language.KO)
    assert harness.buttons(asked) == ["guess"] * 8 + ["result"]
    before = len(harness.texts())
    await harness.send_updates(harness.press(asked, "guess", Style.STREET))
    told = harness.texts()[before:]
    style = style_name(Style.STREET, Language.KO)

    assert told[0] in {
        translate(key, Language.KO, guess=style, style=style) for key in variant_keys("talk.guess.right", Language.KO)
    }
    assert len(told) == 4
    assert harness.buttons(harness.last_message()) == ["share", "keep", "another", "tell", "correct"]
    assert (
        harness.buttons(next(each for each in harness.telegram.messages() if each["message_id"] == asked["message_id"]))
        == []
    )
    assert (await looks_of(harness))[0].guessed_style is Style.STREET


async def test_guess_can_be_typed(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.text(style_name(Style.RETRO, Language.KO)))
    assert await looks_of(harness) == []
    await harness.send_updates(harness.updates.photo(make_photo()))
    await harness.send_updates(harness.press(harness.last_message(), "guess"))
    await harness.send_updates(harness.updates.photo(make_photo(1)))
    await harness.send_updates(harness.updates.text("레트로는 어떤 스타일이에요?"))
    assert (await looks_of(harness))[0].guessed_style is None
    await harness.send_updates(harness.updates.text("음, 레트로 같아요"))
    assert (await looks_of(harness))[0].guessed_style is Style.RETRO
    assert len(harness.photo_messages()) == 2


async def test_style_that_is_typed_after_the_verdict_is_talk_until_she_asks(harness: TelegramHarness) -> None:
    retro = style_name(Style.RETRO, Language.KO)
    about = f"{retro}: {style_description(Style.RETRO, Language.KO)}"
    await harness.send_updates(harness.updates.photo(make_photo(1)))
    await harness.send_updates(harness.press(harness.last_message(), "guess"))
    await harness.send_updates(harness.updates.photo(make_photo(2)))
    await harness.send_updates(harness.press(harness.last_message(), "result"))
    told = harness.last_message()
    await harness.send_updates(harness.updates.text(retro))
    assert harness.texts()[-1] == about

    await harness.send_updates(harness.press(told, "correct"))
    await harness.send_updates(harness.updates.text(retro))
    assert harness.texts()[-1] == translate("talk.correct.thanks", Language.KO, style=retro)
    await harness.send_updates(harness.updates.text(retro))
    assert harness.texts()[-1] == about
    look = (await looks_of(harness))[0]
    assert (look.guessed_style, look.corrected_style) == (None, Style.RETRO)


async def test_album_and_the_list_of_looks_give_nothing_away_and_leave_nothing_to_guess(
    harness: TelegramHarness,
) -> None:
    await harness.send_updates(harness.updates.photo(make_photo(1)))
    await harness.send_updates(harness.press(harness.last_message(), "guess"))
    await harness.send_updates(harness.updates.photo(make_photo(2)))
    waiting = harness.last_message()
    before = len(harness.texts())
    await harness.send_updates(harness.updates.text("/me"))
    style, day = style_name(Style.STREET, Language.KO), datetime.now(SEOUL).date().isoformat()
    assert "\n".join(harness.texts()[before:]).count(day) == 2, "the first look, in the list and with its buttons"
    assert harness.texts()[before].startswith(translate("talk.me.count", Language.KO, count=2))
    assert translate("talk.me", Language.KO, count=2, style=style) not in harness.texts()[before]

    await harness.send_updates(harness.press(waiting, "result"))
    await harness.send_updates(harness.updates.text("/me"))
    assert translate("talk.me", Language.KO, count=2, style=style) in "\n".join(harness.texts()), (
        "nothing waits any more"
    )

    await harness.send_updates(*(harness.updates.photo(make_photo(seed), media_group_id="1") for seed in (3, 4)))
    await harness.send_updates(harness.updates.text(style))
    assert [look.guessed_style for look in await looks_of(harness)] == [None] * 4


async def test_result_without_a_guess_and_guess_in_the_caption(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.photo(make_photo(1)))
    await harness.send_updates(harness.press(harness.last_message(), "guess"))
    await harness.send_updates(harness.updates.photo(make_photo(2)))
    before = len(harness.texts())
    await harness.send_updates(harness.press(harness.last_message(), "result"))
    assert len(harness.texts()) - before == 4
    await harness.send_updates(harness.updates.photo(make_photo(3), caption=f"{style_name(Style.RETRO, Language.KO)}!"))

    assert len(harness.texts()) - before == 8
    assert (await looks_of(harness))[0].guessed_style is Style.RETRO


async def test_guess_is_not_lost_when_its_answer_is_interrupted(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.photo(make_photo(1)))
    await harness.send_updates(harness.press(harness.last_message(), "guess"))
    await harness.send_updates(harness.updates.photo(make_photo(2)))
    before = len(harness.texts())
    harness.telegram.fail_next("sendMessage", 500, count=4)
    await harness.send_updates(harness.press(harness.last_message(), "guess", Style.STREET))

    assert len(harness.texts()) - before == 4
    assert translate("talk.guess.late", Language.KO) not in harness.texts()


async def test_photo_of_somebody_who_was_forgotten_meanwhile(harness: TelegramHarness) -> None:
    number = await store_update(harness.resources, harness.updates.photo(make_photo()))
    async with harness.resources.database.transaction() as connection:
        person = await people.get_or_create_by_identity(connection, IdentityProvider.TELEGRAM, str(MINA), language="ko")
        await people.delete_person(connection, person.id)
    await harness.run_jobs()

    assert number is not None
    assert harness.texts() == []
    assert await harness.row_counts() == {}


async def test_worker_that_is_stopped_leaves_the_rest_to_the_next(
    harness: TelegramHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.telegram.delay_next("sendPhoto", 3.0)
    await store_update(harness.resources, harness.updates.photo(make_photo()))
    with monkeypatch.context() as impatient:
        impatient.setattr(queue, "SHUTDOWN_GRACE", 0.05)
        worker = asyncio.create_task(harness.queue.run_worker({}))
        await asyncio.to_thread(harness.telegram.wait, lambda: harness.telegram.calls_to("sendPhoto"))
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker
    assert await harness.count_unprocessed() == 1
    await harness.run_jobs()

    assert len(harness.photo_messages()) == 2
    assert (len(harness.texts()), len(set(harness.texts()))) == (5, 4)
    assert await harness.count_unprocessed() == 0
