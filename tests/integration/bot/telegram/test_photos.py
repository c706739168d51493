"""Photos on their way to a verdict: whole, interrupted, bad, several, guessed at."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime
from typing import Any

import pytest
from PIL import Image

from bot.telegram.mailbox import take_in
from bot.telegram.messages import Outgoing
from bot.telegram.sender import Receipt
from bot.texts import Language, text, variants
from bot.voice import describe, speak, style_name
from core import queue
from core.days import SEOUL
from core.db import looks, people
from core.db.looks import Look
from core.db.tables import Provider
from core.errors import StorageUnavailable
from core.styles import Style
from core.vision.scripted import scripted_outputs
from tests.integration.bot.telegram.conftest import DAILY, MINA, Stage
from tests.integration.records import a_photo
from tests.pictures import corners, encode


async def looks_of(stage: Stage, person: int = MINA) -> list[Look]:
    async with stage.memory.database.begin() as connection:
        identity = await people.identity_of(connection, Provider.TELEGRAM, str(person))
        assert identity is not None
        return await looks.of_person(connection, identity.person_id, limit=99)


@pytest.mark.parametrize("language", list(Language))
async def test_photo_gets_its_verdict_in_four_messages(stage: Stage, language: Language) -> None:
    await stage.play(stage.updates.photo(a_photo(), language=language.value))
    (look,) = await looks_of(stage)
    bubbles = [bubble.text for bubble in speak(look.verdict, photo=str(look.id), language=language)]
    said = stage.said()

    assert len(said) == 4
    assert "\n".join(said) == "\n".join(bubbles)
    (heat,) = stage.photos()
    assert style_name(Style.STREET, language) in heat["caption"]
    assert look.cam_key is not None
    assert stage.telegram.called("sendPhoto")[0].files["photo"] == await stage.memory.storage.get(look.cam_key)
    assert stage.verbs(stage.last()) == ["share", "keep", "another", "guess", "correct"]
    assert {call.fields["action"] for call in stage.telegram.called("sendChatAction")} == {"typing", "upload_photo"}
    assert look.source.startswith(f"{MINA}:")
    assert await stage.undone() == 0
    assert await stage.count("inbox WHERE payload IS NOT NULL") == 0


async def test_photo_as_file_is_judged_too(stage: Stage) -> None:
    await stage.play(stage.updates.document(encode(corners(300, 400), "HEIF")))

    assert len(stage.photos()) == 1


async def test_same_update_twice_is_answered_once(stage: Stage) -> None:
    update = stage.updates.photo(a_photo())
    await stage.play(update, update)
    await stage.play(update)

    assert len(stage.said()) == 4
    assert stage.eyes.looked == 1


async def test_same_photo_again_is_answered_from_memory(stage: Stage) -> None:
    await stage.play(stage.updates.photo(a_photo()), stage.updates.photo(a_photo(quality=60)))
    said = stage.said()

    assert len(said) == 8
    assert said[4] in {text(key, Language.KO) for key in variants("talk.remembered", Language.KO)}
    assert said[5:] == said[1:4]
    assert stage.eyes.looked == 1


@pytest.mark.parametrize(
    ("method", "status"),
    [("sendMessage", 429), ("sendMessage", 500), ("sendPhoto", 502), ("download", 500), ("getFile", 502)],
)
async def test_faults_that_pass_are_outlived(stage: Stage, method: str, status: int) -> None:
    # Four times for one try of the job, so that it takes two.
    parameters = {"retry_after": 60} if status == 429 else {}
    stage.telegram.refuse(method, status, "Refused", times=1 if status == 429 else 4, **parameters)
    await stage.play(stage.updates.photo(a_photo()))

    assert len(stage.said()) == 4
    assert stage.eyes.looked == 1
    assert await stage.undone() == 0


async def test_faults_that_last_end_in_a_done_update(stage: Stage) -> None:
    stage.telegram.refuse("sendMessage", 500, times=16)
    await stage.play(stage.updates.photo(a_photo()))

    assert len(stage.telegram.called("sendMessage")) == 16
    assert stage.said() == []
    assert await stage.undone() == 0


async def test_photo_that_cannot_be_fetched_ends_in_a_sentence(stage: Stage) -> None:
    stage.telegram.refuse("download", 500, times=99)
    await stage.play(stage.updates.photo(a_photo()))

    assert stage.said() == [text("error.picture_unreachable", Language.KO)]
    assert await stage.undone() == 0


@pytest.mark.parametrize("dies_after", range(1, 5))
async def test_crash_between_send_and_mark_repeats_one_message(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, dies_after: int
) -> None:
    send, count = stage.talk.sender.send, 0

    async def send_and_die(chat: int, message: Outgoing, **options: Any) -> Receipt:
        nonlocal count
        receipt = await send(chat, message, **options)
        count += 1
        if count == dies_after:
            raise ConnectionError
        return receipt

    monkeypatch.setattr(stage.talk.sender, "send", send_and_die)
    await stage.play(stage.updates.photo(a_photo()))
    said = stage.said()

    assert len(said) == 5
    assert said[dies_after - 1] == said[dies_after]
    assert len(set(said)) == 4
    assert await stage.undone() == 0
    assert len(await looks_of(stage)) == 1


async def test_storage_that_is_away_for_a_moment(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    put, failed = stage.memory.storage.put, False

    async def fail_once(key: str, picture: bytes) -> None:
        nonlocal failed
        if not failed:
            failed = True
            raise StorageUnavailable
        await put(key, picture)

    monkeypatch.setattr(stage.memory.storage, "put", fail_once)
    await stage.play(stage.updates.photo(a_photo()))

    assert len(stage.said()) == 4
    assert stage.eyes.looked == 1


async def test_mistake_of_ours_ends_in_a_sentence_and_is_not_repeated(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(stage.talk.stylist, "judging")
    await stage.play(stage.updates.photo(a_photo()))

    assert stage.said() == [text("error.any", Language.KO)]
    assert await stage.undone() == 0


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"no picture", "error.not_an_image"),
        (b"", "error.empty_photo"),
        (a_photo()[:200], "error.truncated_photo"),
        (encode(Image.new("RGB", (20, 20))), "error.photo_too_small"),
        (b"\xff\xd8\xff" + bytes(20_000_001), "error.photo_too_large"),
    ],
)
async def test_bad_photo_ends_in_a_sentence(stage: Stage, data: bytes, key: str) -> None:
    await stage.play(stage.updates.document(data, mime="image/jpeg", language="en"))

    assert stage.said() == [text(key, Language.EN)]
    assert await stage.undone() == 0
    assert stage.files() == []


async def test_photo_without_an_outfit_has_nothing_to_share(stage: Stage) -> None:
    stage.eyes.next = [scripted_outputs(Style.RETRO, outfit=0.05)]
    await stage.play(stage.updates.photo(a_photo()))

    assert stage.photos() == []
    assert stage.verbs(stage.last()) == ["another", "guess"]


async def test_photo_too_many_is_declined_kindly(stage: Stage) -> None:
    await stage.play(*(stage.updates.photo(a_photo(seed)) for seed in range(DAILY + 1)))

    assert stage.last()["text"] == text("talk.limit", Language.KO, count=str(DAILY))
    assert len(stage.photos()) == DAILY


async def test_album_gets_one_answer_about_the_clearest(stage: Stage) -> None:
    stage.eyes.next = [
        scripted_outputs(Style.CASUAL, confidence=0.7),
        scripted_outputs(Style.RETRO, confidence=0.95),
        scripted_outputs(Style.CASUAL, outfit=0.02),
    ]
    await stage.play(*stage.updates.album([a_photo(seed) for seed in range(3)]))
    said = stage.said()

    assert len(said) == 4
    assert said[0].splitlines() == [
        text("talk.album", Language.KO, count=3, number=2),
        text("talk.album.line", Language.KO, number=1, style=style_name(Style.CASUAL, Language.KO), percent=70),
        text("talk.album.line", Language.KO, number=2, style=style_name(Style.RETRO, Language.KO), percent=95),
        text("talk.album.no_outfit", Language.KO, number=3),
    ]
    assert style_name(Style.RETRO, Language.KO) in stage.photos()[0]["caption"]
    assert await stage.undone() == 0


async def test_album_without_any_outfit(stage: Stage) -> None:
    stage.eyes.next = [scripted_outputs(Style.CASUAL, outfit=0.02)] * 2
    await stage.play(*stage.updates.album([a_photo(seed) for seed in range(2)]))

    assert stage.said() == [text("talk.album.nothing", Language.KO, count=2)]


async def test_album_with_a_bad_photo_says_so_and_goes_on(stage: Stage) -> None:
    album = stage.updates.album([a_photo(seed) for seed in range(3)])
    stage.telegram.api.files[album[1]["message"]["photo"][0]["file_id"]] = stage.telegram.api.files[
        stage.telegram.api.store(b"no picture")
    ]
    await stage.play(*album)
    said = stage.said()

    assert len(said) == 4
    assert text("talk.album", Language.KO, count=2, number=1) in said[0]
    assert text("error.not_an_image", Language.KO) in said[0]


async def test_late_photo_of_an_album_is_answered_by_itself(stage: Stage) -> None:
    album = stage.updates.album([a_photo(seed) for seed in range(3)])
    await stage.play(*album[:2])
    await stage.play(album[2])

    assert len(stage.said()) == 8
    assert await stage.undone() == 0


async def test_album_in_a_group_is_meant_as_a_whole(stage: Stage) -> None:
    name = f"@{stage.telegram.api.me['username']}"
    mention = [{"type": "mention", "offset": 0, "length": len(name)}]
    photos = [a_photo(seed) for seed in range(2)]
    await stage.play(*stage.updates.album(photos, chat=-5, caption="us two"))
    assert stage.telegram.sent(-5) == []
    await stage.play(*stage.updates.album(photos, chat=-5, caption=name, caption_entities=mention))
    assert stage.said(-5)[0].startswith(text("talk.album", Language.KO, count=2, number=1))
    assert len(stage.photos(-5)) == 1
    assert await stage.undone() == 0


async def test_album_that_was_interrupted_goes_on(stage: Stage) -> None:
    stage.telegram.refuse("sendPhoto", 500, times=4)
    await stage.play(*stage.updates.album([a_photo(seed) for seed in range(3)]))

    assert len(stage.said()) == 4
    assert stage.eyes.looked == 3
    assert await stage.undone() == 0


async def test_album_of_videos_gets_one_sentence(stage: Stage) -> None:
    await stage.play(*(stage.updates.medium("video", media_group_id="1") for _ in range(3)))

    assert stage.said() == [text("talk.kind.video", Language.KO)]
    assert await stage.undone() == 0


async def test_who_guesses_first_is_asked_then_told(stage: Stage) -> None:
    await stage.play(stage.updates.photo(a_photo(1)))
    await stage.play(stage.press(stage.last(), "guess"))
    assert stage.verbs(stage.last()) == ["tell"]
    await stage.play(stage.updates.photo(a_photo(2)))
    asked = stage.last()
    assert asked["text"] == text("talk.guess.ask", Language.KO)
    assert stage.verbs(asked) == ["guess"] * 8 + ["result"]
    before = len(stage.said())
    await stage.play(stage.press(asked, "guess", Style.STREET))
    told = stage.said()[before:]
    style = style_name(Style.STREET, Language.KO)

    assert told[0] in {
        text(key, Language.KO, guess=style, style=style) for key in variants("talk.guess.right", Language.KO)
    }
    assert len(told) == 4
    assert stage.verbs(stage.last()) == ["share", "keep", "another", "tell", "correct"]
    assert stage.verbs(next(each for each in stage.telegram.sent() if each["message_id"] == asked["message_id"])) == []
    assert (await looks_of(stage))[0].guessed_style is Style.STREET


async def test_guess_can_be_typed(stage: Stage) -> None:
    await stage.play(stage.updates.text(style_name(Style.RETRO, Language.KO)))
    assert await looks_of(stage) == []
    await stage.play(stage.updates.photo(a_photo()))
    await stage.play(stage.press(stage.last(), "guess"))
    await stage.play(stage.updates.photo(a_photo(1)))
    await stage.play(stage.updates.text("레트로는 어떤 스타일이에요?"))
    assert (await looks_of(stage))[0].guessed_style is None
    await stage.play(stage.updates.text("음, 레트로 같아요"))
    assert (await looks_of(stage))[0].guessed_style is Style.RETRO
    assert len(stage.photos()) == 2


async def test_style_that_is_typed_after_the_verdict_is_talk_until_she_asks(stage: Stage) -> None:
    retro = style_name(Style.RETRO, Language.KO)
    about = f"{retro}: {describe(Style.RETRO, Language.KO)}"
    await stage.play(stage.updates.photo(a_photo(1)))
    await stage.play(stage.press(stage.last(), "guess"))
    await stage.play(stage.updates.photo(a_photo(2)))
    await stage.play(stage.press(stage.last(), "result"))
    told = stage.last()
    await stage.play(stage.updates.text(retro))
    assert stage.said()[-1] == about

    await stage.play(stage.press(told, "correct"))
    await stage.play(stage.updates.text(retro))
    assert stage.said()[-1] == text("talk.correct.thanks", Language.KO, style=retro)
    await stage.play(stage.updates.text(retro))
    assert stage.said()[-1] == about
    look = (await looks_of(stage))[0]
    assert (look.guessed_style, look.corrected_style) == (None, Style.RETRO)


async def test_album_and_the_list_of_looks_give_nothing_away_and_leave_nothing_to_guess(stage: Stage) -> None:
    await stage.play(stage.updates.photo(a_photo(1)))
    await stage.play(stage.press(stage.last(), "guess"))
    await stage.play(stage.updates.photo(a_photo(2)))
    waiting = stage.last()
    before = len(stage.said())
    await stage.play(stage.updates.text("/me"))
    style, day = style_name(Style.STREET, Language.KO), datetime.now(SEOUL).date().isoformat()
    assert "\n".join(stage.said()[before:]).count(day) == 2, "the first look, in the list and with its buttons"
    assert stage.said()[before].startswith(text("talk.me.count", Language.KO, count=2))
    assert text("talk.me", Language.KO, count=2, style=style) not in stage.said()[before]

    await stage.play(stage.press(waiting, "result"))
    await stage.play(stage.updates.text("/me"))
    assert text("talk.me", Language.KO, count=2, style=style) in "\n".join(stage.said()), "nothing waits any more"

    await stage.play(*(stage.updates.photo(a_photo(seed), media_group_id="1") for seed in (3, 4)))
    await stage.play(stage.updates.text(style))
    assert [look.guessed_style for look in await looks_of(stage)] == [None] * 4


async def test_result_without_a_guess_and_guess_in_the_caption(stage: Stage) -> None:
    await stage.play(stage.updates.photo(a_photo(1)))
    await stage.play(stage.press(stage.last(), "guess"))
    await stage.play(stage.updates.photo(a_photo(2)))
    before = len(stage.said())
    await stage.play(stage.press(stage.last(), "result"))
    assert len(stage.said()) - before == 4
    await stage.play(stage.updates.photo(a_photo(3), caption=f"{style_name(Style.RETRO, Language.KO)}!"))

    assert len(stage.said()) - before == 8
    assert (await looks_of(stage))[0].guessed_style is Style.RETRO


async def test_guess_is_not_lost_when_its_answer_is_interrupted(stage: Stage) -> None:
    await stage.play(stage.updates.photo(a_photo(1)))
    await stage.play(stage.press(stage.last(), "guess"))
    await stage.play(stage.updates.photo(a_photo(2)))
    before = len(stage.said())
    stage.telegram.refuse("sendMessage", 500, times=4)
    await stage.play(stage.press(stage.last(), "guess", Style.STREET))

    assert len(stage.said()) - before == 4
    assert text("talk.guess.late", Language.KO) not in stage.said()


async def test_photo_of_somebody_who_was_forgotten_meanwhile(stage: Stage) -> None:
    number = await take_in(stage.memory, stage.updates.photo(a_photo()))
    async with stage.memory.database.begin() as connection:
        person = await people.meet(connection, Provider.TELEGRAM, str(MINA), language="ko")
        await people.remove(connection, person.id)
    await stage.work()

    assert number is not None
    assert stage.said() == []
    assert await stage.rows() == {}


async def test_worker_that_is_stopped_leaves_the_rest_to_the_next(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.telegram.delay("sendPhoto", 3.0)
    await take_in(stage.memory, stage.updates.photo(a_photo()))
    with monkeypatch.context() as impatient:
        impatient.setattr(queue, "GRACE", 0.05)
        worker = asyncio.create_task(stage.queue.work({}))
        await asyncio.to_thread(stage.telegram.wait, lambda: stage.telegram.called("sendPhoto"))
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker
    assert await stage.undone() == 1
    await stage.work()

    assert len(stage.photos()) == 2
    assert (len(stage.said()), len(set(stage.said()))) == (5, 4)
    assert await stage.undone() == 0
