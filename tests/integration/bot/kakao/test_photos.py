"""Photos on KakaoTalk: consent, verdicts at once and later, and everything that goes wrong with a photo."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text as sql

from bot.kakao import conversation, errands, tasks
from bot.texts import Language, text
from core import queue
from core.db import deliveries
from core.settings import Environment
from tests.integration.bot.kakao.conftest import PATIENT, Stage, cards, is_verdict, until, verbs
from tests.integration.records import a_photo

KO = Language.KO


async def inbox_rows(stage: Stage) -> list[tuple[bool, bool]]:
    """Of every update: whether it is done, and whether it still says anything."""
    async with stage.memory.database.begin() as connection:
        rows = await connection.execute(sql("SELECT done_at, payload FROM inbox ORDER BY id"))
        return [(row.done_at is not None, row.payload is not None) for row in rows]


async def settled(stage: Stage) -> None:
    """Wait until no photo is left to be judged."""

    async def all_done() -> bool:
        return all(done for done, _ in await inbox_rows(stage))

    await until(all_done)


async def count_looks(stage: Stage) -> int:
    async with stage.memory.database.begin() as connection:
        number: int = (await connection.execute(sql("SELECT count(*) FROM looks"))).scalar_one()
        return number


async def test_the_first_photo_is_judged_when_the_person_agrees(stage: Stage) -> None:
    asked = await stage.show(a_photo())
    assert verbs(asked.reply) == ["agree", "decline"]
    card = asked.reply["template"]["outputs"][0]["textCard"]
    assert "24" in card["description"]
    assert card["buttons"][-1]["webLinkUrl"] == "https://eva.example/privacy"
    assert stage.eyes.looked == 0

    told = await stage.press(asked, "agree")
    assert is_verdict(told.reply)
    assert stage.eyes.looked == 1
    assert is_verdict((await stage.show(a_photo(1))).reply)
    assert await inbox_rows(stage) == [(True, False), (True, False)]


async def test_who_agrees_before_any_photo_is_thanked(stage: Stage) -> None:
    assert (await stage.say("동의해요")).text == text("kakao.consent.thanks", KO)
    assert is_verdict((await stage.show(a_photo())).reply)


async def test_who_does_not_agree_keeps_their_photo(stage: Stage) -> None:
    asked = await stage.show(a_photo())
    assert (await stage.press(asked, "decline")).text == text("kakao.consent.declined", KO)
    assert await inbox_rows(stage) == [(True, False)]
    assert verbs((await stage.show(a_photo())).reply) == ["agree", "decline"]
    assert stage.eyes.looked == 0


async def test_photos_that_wait_for_one_yes_are_answered_together(stage: Stage) -> None:
    for seed in range(2):
        asked = await stage.show(a_photo(seed))
        assert verbs(asked.reply) == ["agree", "decline"]
    told = await stage.press(asked, "agree")
    assert told.text.startswith(text("talk.album", KO, count=2, number=1))
    assert (stage.eyes.looked, await count_looks(stage)) == (2, 2)
    assert await inbox_rows(stage) == [(True, False), (True, False)]


async def test_what_nobody_agreed_to_is_dropped(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errands, "GOOD_FOR", timedelta(seconds=0))
    asked = await stage.show(a_photo())
    await settled(stage)
    assert await inbox_rows(stage) == [(True, False)]
    assert (await stage.press(asked, "agree")).text == text("kakao.consent.thanks", KO)
    assert stage.eyes.looked == 0


async def test_the_plugin_asks_for_consent_itself_and_several_photos_are_compared(stage: Stage) -> None:
    told = await stage.send(stage.kakao.secure_photos([a_photo(seed) for seed in range(3)]))
    assert is_verdict(told.reply)
    assert told.text.startswith(text("talk.album", KO, count=3, number=1))
    assert (stage.eyes.looked, await count_looks(stage)) == (3, 3)
    assert is_verdict((await stage.show(a_photo(9))).reply)


async def test_one_bad_photo_of_several_is_said_and_the_others_are_compared(stage: Stage) -> None:
    told = await stage.send(stage.kakao.secure_photos([a_photo(), b"\x89PNG\r\n\x1a\n no picture", a_photo(1)]))
    assert is_verdict(told.reply)
    sorry, album, *_ = told.text.split("\n")
    assert sorry == text("error.truncated_photo", KO) or sorry == text("error.corrupt_photo", KO)
    assert album == text("talk.album", KO, count=2, number=1)


async def test_heat_picture_has_a_new_address_each_time(stage: Stage) -> None:
    await stage.agree()
    payload = stage.kakao.photo(a_photo())
    urls = [cards((await stage.send(payload)).reply)[0]["thumbnail"]["imageUrl"] for _ in range(2)]
    assert urls[0] != urls[1]
    assert all(url.startswith("https://eva.example/pictures/") for url in urls)


async def test_verdict_follows_through_the_callback_exactly_once(stage: Stage) -> None:
    await stage.agree()
    promised = await stage.show(a_photo(), callback=True)
    assert promised.reply["useCallback"] is True
    later = await asyncio.to_thread(stage.kakao.wait_for_callback, within=PATIENT)
    assert (later.status, is_verdict(later.reply)) == ("SUCCESS", True)
    await settled(stage)
    assert len(stage.kakao.callbacks) == 1
    assert is_verdict((await stage.say("결과 보기")).reply)


async def test_consent_in_a_block_with_a_callback(stage: Stage) -> None:
    asked = await stage.show(a_photo(), callback=True)
    assert verbs(asked.reply) == ["agree", "decline"]
    assert (await stage.press(asked, "agree", callback=True)).reply["useCallback"] is True
    later = await asyncio.to_thread(stage.kakao.wait_for_callback, within=PATIENT)
    assert (later.status, is_verdict(later.reply)) == ("SUCCESS", True)


async def test_failure_follows_through_the_callback_too(stage: Stage) -> None:
    promised = await stage.send(stage.kakao.secure_photos([b"no picture"], callback=True))
    assert promised.reply["useCallback"] is True
    later = await asyncio.to_thread(stage.kakao.wait_for_callback, within=PATIENT)
    assert (later.status, later.text) == ("SUCCESS", text("error.not_an_image", KO))


async def test_verdict_whose_sending_was_cut_short_is_not_sent_twice(stage: Stage) -> None:
    await stage.agree()
    stage.eyes.open.clear()
    await stage.show(a_photo(), callback=True)
    async with stage.memory.database.begin() as connection:
        number = (await connection.execute(sql("SELECT id FROM inbox"))).scalar_one()
        await deliveries.mark(connection, number, tasks.CALLBACK)
    stage.eyes.open.set()
    await settled(stage)
    assert stage.kakao.callbacks == []
    assert is_verdict((await stage.say("결과 보기")).reply)


async def test_verdict_that_is_too_late_for_its_callback_waits(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "CALLBACK_WITHIN", 0.0)
    await stage.agree()
    await stage.show(a_photo(), callback=True)
    await settled(stage)
    assert stage.kakao.callbacks == []
    assert is_verdict((await stage.say("결과 보기")).reply)


async def test_callback_of_somebody_else_is_no_callback(stage: Stage) -> None:
    await stage.agree()
    payload = stage.kakao.photo(a_photo())
    payload["userRequest"]["callbackUrl"] = "https://evil.example/callback"
    assert is_verdict((await stage.send(payload)).reply)


async def test_repeated_call_with_a_callback_is_promised_again_and_called_back_once(stage: Stage) -> None:
    await stage.agree()
    stage.eyes.open.clear()
    payload = stage.kakao.photo(a_photo(), callback=True)
    first, second = await stage.send(payload), await stage.send(payload)
    assert first.reply["useCallback"] is second.reply["useCallback"] is True
    stage.eyes.open.set()
    await asyncio.to_thread(stage.kakao.wait_for_callback, within=PATIENT)
    await settled(stage)
    assert [each.status for each in stage.kakao.callbacks] == ["SUCCESS"]
    assert stage.eyes.looked == 1


async def test_slow_verdict_is_brought_by_its_button(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await stage.agree()
    stage.eyes.open.clear()
    payload = stage.kakao.photo(a_photo())
    slow = await stage.send(payload)
    assert (slow.text, verbs(slow.reply)) == (text("talk.still_looking", KO), ["result"])
    assert slow.seconds < 4.5
    monkeypatch.setattr(conversation, "PATIENCE", 0.3)
    assert verbs((await stage.press(slow, "result")).reply) == ["result"]
    assert verbs((await stage.send(payload)).reply) == ["result"]
    stage.eyes.open.set()
    await settled(stage)
    monkeypatch.undo()
    assert is_verdict((await stage.press(slow, "result")).reply)
    assert is_verdict((await stage.say("결과 보기")).reply)
    assert stage.eyes.looked == 1


async def test_button_waits_for_a_verdict_that_is_near(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await stage.agree()
    stage.eyes.open.clear()
    monkeypatch.setattr(conversation, "PATIENCE", 0.3)
    slow = await stage.show(a_photo())
    monkeypatch.undo()
    pressed = asyncio.create_task(stage.press(slow, "result"))
    await asyncio.sleep(0.3)
    stage.eyes.open.set()
    assert is_verdict((await pressed).reply)


async def test_results_are_for_those_whose_photo_it_was(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await stage.agree()
    monkeypatch.setattr(conversation, "PATIENCE", 0.0)
    slow = await stage.show(a_photo())
    monkeypatch.undo()
    await settled(stage)
    assert (await stage.press(slow, "result", person="somebody else")).text == text("talk.no_result", KO)
    assert (await stage.say("결과 보기", person="nobody")).text == text("talk.no_result", KO)


async def test_repeated_call_is_judged_once(stage: Stage) -> None:
    await stage.agree()
    payload = stage.kakao.photo(a_photo())
    answers = await asyncio.gather(*(stage.send(payload) for _ in range(4)))
    assert [is_verdict(answer.reply) for answer in answers] == [True] * 4
    assert (stage.eyes.looked, await count_looks(stage), len(await inbox_rows(stage))) == (1, 1, 1)


async def test_same_photo_again_is_remembered(stage: Stage) -> None:
    await stage.agree()
    await stage.show(a_photo())
    again = await stage.show(a_photo(quality=60))
    first = again.text.split("\n")[0]
    assert first in {text(f"talk.remembered.{number}", KO) for number in (1, 2, 3)}
    assert stage.eyes.looked == 1


async def test_something_that_is_no_photo_ends_kindly(stage: Stage) -> None:
    await stage.agree()
    assert (await stage.show(b"no picture")).text == text("error.not_an_image", KO)
    assert (await stage.show(a_photo()[:-2000])).text == text("error.truncated_photo", KO)
    assert await inbox_rows(stage) == [(True, False)] * 2


async def test_photo_that_is_gone(stage: Stage) -> None:
    await stage.agree()
    payload = stage.kakao.photo(a_photo())
    media = payload["userRequest"]["params"]["media"]
    media["url"] = media["url"].replace("/dna/", "/dna/gone-")
    assert (await stage.send(payload)).text == text("error.picture_gone", KO)


async def test_photo_that_cannot_be_reached_is_tried_again_and_then_told(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "RETRIES", (0, 0, 0))
    await stage.agree()
    payload = stage.kakao.photo(a_photo())
    payload["userRequest"]["params"]["media"]["url"] = "http://127.0.0.1:1/dna/photo.jpg"
    answer = await stage.send(payload)
    await settled(stage)
    if verbs(answer.reply) == ["result"]:
        answer = await stage.press(answer, "result")
    assert answer.text == text("error.picture_unreachable", KO)


async def test_address_off_the_list_is_refused(stage: Stage) -> None:
    await stage.agree()
    payload = stage.kakao.photo(a_photo())
    payload["userRequest"]["params"]["media"]["url"] = "http://169.254.169.254/latest/meta-data"
    assert (await stage.send(payload)).text == text("error.address_refused", KO)


class TestInProduction:
    @pytest.fixture
    def env(self) -> Environment:
        return Environment.PRODUCTION

    async def test_private_addresses_are_refused(self, stage: Stage) -> None:
        await stage.agree()
        assert (await stage.show(a_photo())).text == text("error.address_refused", KO)
        assert stage.eyes.looked == 0

    async def test_private_callbacks_are_not_used(self, stage: Stage) -> None:
        answer = await stage.send(stage.kakao.secure_photos([a_photo()], callback=True))
        assert answer.text == text("error.address_refused", KO)
        assert stage.kakao.callbacks == []


class TestWithALimit:
    @pytest.fixture
    def daily_photos(self) -> int | None:
        return 1

    async def test_enough_for_today(self, stage: Stage) -> None:
        await stage.agree()
        assert is_verdict((await stage.show(a_photo())).reply)
        assert (await stage.show(a_photo(1))).text == text("talk.limit", KO, count=1)


async def test_many_people_at_once_are_all_answered(stage: Stage) -> None:
    crowd = [f"person {number}" for number in range(30)]
    photos = [a_photo(number % 5) for number in range(len(crowd))]
    sent = [
        stage.send(stage.kakao.secure_photos([photo], person=person))
        for person, photo in zip(crowd, photos, strict=True)
    ]
    answers = await asyncio.gather(*sent)
    assert all(answer.status == 200 for answer in answers)
    assert all(is_verdict(answer.reply) or verbs(answer.reply) == ["result"] for answer in answers)
    assert max(answer.seconds for answer in answers) < 5
    await settled(stage)
    results = [await stage.say("결과 보기", person=person) for person in crowd]
    assert all(is_verdict(result.reply) for result in results)
    assert stage.eyes.looked == len(crowd)


async def test_forgotten_while_she_looks(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "PATIENCE", 0.2)
    await stage.agree()
    stage.eyes.open.clear()
    await stage.show(a_photo())
    asked = await stage.say("다 지워 주세요")
    assert (await stage.press(asked, "erase")).text == text("talk.forget.done", KO)
    stage.eyes.open.set()

    async def over() -> bool:
        return stage.eyes.looked == 1 and not await jobs(stage)

    await until(over)
    assert (await count_looks(stage), await inbox_rows(stage)) == (0, [])
    async with stage.memory.database.begin() as connection:
        assert (await connection.execute(sql("SELECT count(*) FROM people"))).scalar_one() == 0


async def jobs(stage: Stage) -> int:
    async with stage.memory.database.begin() as connection:
        statement = sql("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'kakao.photo'")
        number: int = (await connection.execute(statement)).scalar_one()
        return number
