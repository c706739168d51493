"""Photos on KakaoTalk: consent, verdicts at once and later, and everything that goes wrong with a photo."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text as sql

from bot.kakao import photo_jobs, skill
from core.db import checkpoints
from core.i18n.translations import Language, translate
from core.jobs import queue
from core.settings import Environment
from tests.factories import make_photo
from tests.integration.bot.kakao.conftest import (
    WAIT_SECONDS,
    KakaoHarness,
    button_actions,
    cards,
    is_verdict,
    wait_until,
)

KO = Language.KO


async def inbox_rows(harness: KakaoHarness) -> list[tuple[bool, bool]]:
    """Of every update: whether it is done, and whether it still says anything."""
    async with harness.resources.database.transaction() as connection:
        rows = await connection.execute(sql("SELECT processed_at, payload FROM inbox ORDER BY id"))
        return [(row.processed_at is not None, row.payload is not None) for row in rows]


async def settled(harness: KakaoHarness) -> None:
    """Wait until no photo is left to be judged."""

    async def all_done() -> bool:
        return all(done for done, _ in await inbox_rows(harness))

    await wait_until(all_done)


async def count_looks(harness: KakaoHarness) -> int:
    async with harness.resources.database.transaction() as connection:
        number: int = (await connection.execute(sql("SELECT count(*) FROM looks"))).scalar_one()
        return number


async def test_the_first_photo_is_judged_when_the_person_agrees(harness: KakaoHarness) -> None:
    asked = await harness.send_photo(make_photo())
    assert button_actions(asked.reply) == ["agree", "decline"]
    card = asked.reply["template"]["outputs"][0]["textCard"]
    assert "24" in card["description"]
    assert card["buttons"][-1]["webLinkUrl"] == "https://eva.example/privacy"
    assert harness.model.call_count == 0

    told = await harness.press_button(asked, "agree")
    assert is_verdict(told.reply)
    assert harness.model.call_count == 1
    assert is_verdict((await harness.send_photo(make_photo(1))).reply)
    assert await inbox_rows(harness) == [(True, False), (True, False)]


async def test_who_agrees_before_any_photo_is_thanked(harness: KakaoHarness) -> None:
    assert (await harness.send_text("동의해요")).text == translate("kakao.consent.thanks", KO)
    assert is_verdict((await harness.send_photo(make_photo())).reply)


async def test_who_does_not_agree_keeps_their_photo(harness: KakaoHarness) -> None:
    asked = await harness.send_photo(make_photo())
    assert (await harness.press_button(asked, "decline")).text == translate("kakao.consent.declined", KO)
    assert await inbox_rows(harness) == [(True, False)]
    assert button_actions((await harness.send_photo(make_photo())).reply) == ["agree", "decline"]
    assert harness.model.call_count == 0


async def test_photos_that_wait_for_one_yes_are_answered_together(harness: KakaoHarness) -> None:
    for seed in range(2):
        asked = await harness.send_photo(make_photo(seed))
        assert button_actions(asked.reply) == ["agree", "decline"]
    told = await harness.press_button(asked, "agree")
    assert told.text.startswith(translate("talk.album", KO, count=2, number=1))
    assert (harness.model.call_count, await count_looks(harness)) == (2, 2)
    assert await inbox_rows(harness) == [(True, False), (True, False)]


async def test_what_nobody_agreed_to_is_dropped(harness: KakaoHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo_jobs, "PHOTO_URL_LIFETIME", timedelta(seconds=0))
    asked = await harness.send_photo(make_photo())
    await settled(harness)
    assert await inbox_rows(harness) == [(True, False)]
    assert (await harness.press_button(asked, "agree")).text == translate("kakao.consent.thanks", KO)
    assert harness.model.call_count == 0


async def test_the_plugin_asks_for_consent_itself_and_several_photos_are_compared(harness: KakaoHarness) -> None:
    told = await harness.send(harness.kakao.secure_photos([make_photo(seed) for seed in range(3)]))
    assert is_verdict(told.reply)
    assert told.text.startswith(translate("talk.album", KO, count=3, number=1))
    assert (harness.model.call_count, await count_looks(harness)) == (3, 3)
    assert is_verdict((await harness.send_photo(make_photo(9))).reply)


async def test_one_bad_photo_of_several_is_said_and_the_others_are_compared(harness: KakaoHarness) -> None:
    told = await harness.send(
        harness.kakao.secure_photos([make_photo(), b"\x89PNG\r\n\x1a\n no picture", make_photo(1)])
    )
    assert is_verdict(told.reply)
    sorry, album, *_ = told.text.split("\n")
    assert sorry == translate("error.truncated_photo", KO) or sorry == translate("error.corrupt_photo", KO)
    assert album == translate("talk.album", KO, count=2, number=1)


async def test_heat_picture_has_a_new_address_each_time(harness: KakaoHarness) -> None:
    await harness.give_consent()
    payload = harness.kakao.photo(make_photo())
    urls = [cards((await harness.send(payload)).reply)[0]["thumbnail"]["imageUrl"] for _ in range(2)]
    assert urls[0] != urls[1]
    assert all(url.startswith("https://eva.example/pictures/") for url in urls)


async def test_verdict_follows_through_the_callback_exactly_once(harness: KakaoHarness) -> None:
    await harness.give_consent()
    promised = await harness.send_photo(make_photo(), callback=True)
    assert promised.reply["useCallback"] is True
    later = await asyncio.to_thread(harness.kakao.wait_for_callback, within=WAIT_SECONDS)
    assert (later.status, is_verdict(later.reply)) == ("SUCCESS", True)
    await settled(harness)
    assert len(harness.kakao.callbacks) == 1
    assert is_verdict((await harness.send_text("결과 보기")).reply)


async def test_consent_in_a_block_with_a_callback(harness: KakaoHarness) -> None:
    asked = await harness.send_photo(make_photo(), callback=True)
    assert button_actions(asked.reply) == ["agree", "decline"]
    assert (await harness.press_button(asked, "agree", callback=True)).reply["useCallback"] is True
    later = await asyncio.to_thread(harness.kakao.wait_for_callback, within=WAIT_SECONDS)
    assert (later.status, is_verdict(later.reply)) == ("SUCCESS", True)


async def test_failure_follows_through_the_callback_too(harness: KakaoHarness) -> None:
    promised = await harness.send(harness.kakao.secure_photos([b"no picture"], callback=True))
    assert promised.reply["useCallback"] is True
    later = await asyncio.to_thread(harness.kakao.wait_for_callback, within=WAIT_SECONDS)
    assert (later.status, later.text) == ("SUCCESS", translate("error.not_an_image", KO))


async def test_verdict_whose_sending_was_cut_short_is_not_sent_twice(harness: KakaoHarness) -> None:
    await harness.give_consent()
    harness.model.unpaused.clear()
    await harness.send_photo(make_photo(), callback=True)
    async with harness.resources.database.transaction() as connection:
        number = (await connection.execute(sql("SELECT id FROM inbox"))).scalar_one()
        await checkpoints.record(connection, number, photo_jobs.CALLBACK_CHECKPOINT)
    harness.model.unpaused.set()
    await settled(harness)
    assert harness.kakao.callbacks == []
    assert is_verdict((await harness.send_text("결과 보기")).reply)


async def test_verdict_that_is_too_late_for_its_callback_waits(
    harness: KakaoHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photo_jobs, "CALLBACK_TIMEOUT", 0.0)
    await harness.give_consent()
    await harness.send_photo(make_photo(), callback=True)
    await settled(harness)
    assert harness.kakao.callbacks == []
    assert is_verdict((await harness.send_text("결과 보기")).reply)


async def test_callback_of_somebody_else_is_no_callback(harness: KakaoHarness) -> None:
    await harness.give_consent()
    payload = harness.kakao.photo(make_photo())
    payload["userRequest"]["callbackUrl"] = "https://evil.example/callback"
    assert is_verdict((await harness.send(payload)).reply)


async def test_repeated_call_with_a_callback_is_promised_again_and_called_back_once(harness: KakaoHarness) -> None:
    await harness.give_consent()
    harness.model.unpaused.clear()
    payload = harness.kakao.photo(make_photo(), callback=True)
    first, second = await harness.send(payload), await harness.send(payload)
    assert first.reply["useCallback"] is second.reply["useCallback"] is True
    harness.model.unpaused.set()
    await asyncio.to_thread(harness.kakao.wait_for_callback, within=WAIT_SECONDS)
    await settled(harness)
    assert [each.status for each in harness.kakao.callbacks] == ["SUCCESS"]
    assert harness.model.call_count == 1


async def test_slow_verdict_is_brought_by_its_button(harness: KakaoHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    await harness.give_consent()
    harness.model.unpaused.clear()
    payload = harness.kakao.photo(make_photo())
    slow = await harness.send(payload)
    assert (slow.text, button_actions(slow.reply)) == (translate("talk.still_looking", KO), ["result"])
    assert slow.seconds < 4.5
    monkeypatch.setattr(skill, "RESULT_WAIT", 0.3)
    assert button_actions((await harness.press_button(slow, "result")).reply) == ["result"]
    assert button_actions((await harness.send(payload)).reply) == ["result"]
    harness.model.unpaused.set()
    await settled(harness)
    monkeypatch.undo()
    assert is_verdict((await harness.press_button(slow, "result")).reply)
    assert is_verdict((await harness.send_text("결과 보기")).reply)
    assert harness.model.call_count == 1


async def test_button_waits_for_a_verdict_that_is_near(harness: KakaoHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    await harness.give_consent()
    harness.model.unpaused.clear()
    monkeypatch.setattr(skill, "RESULT_WAIT", 0.3)
    slow = await harness.send_photo(make_photo())
    monkeypatch.undo()
    pressed = asyncio.create_task(harness.press_button(slow, "result"))
    await asyncio.sleep(0.3)
    harness.model.unpaused.set()
    assert is_verdict((await pressed).reply)


async def test_results_are_for_those_whose_photo_it_was(harness: KakaoHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    await harness.give_consent()
    monkeypatch.setattr(skill, "RESULT_WAIT", 0.0)
    slow = await harness.send_photo(make_photo())
    monkeypatch.undo()
    await settled(harness)
    assert (await harness.press_button(slow, "result", person="somebody else")).text == translate("talk.no_result", KO)
    assert (await harness.send_text("결과 보기", person="nobody")).text == translate("talk.no_result", KO)


async def test_repeated_call_is_judged_once(harness: KakaoHarness) -> None:
    await harness.give_consent()
    payload = harness.kakao.photo(make_photo())
    answers = await asyncio.gather(*(harness.send(payload) for _ in range(4)))
    assert [is_verdict(answer.reply) for answer in answers] == [True] * 4
    assert (harness.model.call_count, await count_looks(harness), len(await inbox_rows(harness))) == (1, 1, 1)


async def test_same_photo_again_is_remembered(harness: KakaoHarness) -> None:
    await harness.give_consent()
    await harness.send_photo(make_photo())
    again = await harness.send_photo(make_photo(quality=60))
    first = again.text.split("\n")[0]
    assert first in {translate(f"talk.remembered.{number}", KO) for number in (1, 2, 3)}
    assert harness.model.call_count == 1


async def test_something_that_is_no_photo_ends_kindly(harness: KakaoHarness) -> None:
    await harness.give_consent()
    assert (await harness.send_photo(b"no picture")).text == translate("error.not_an_image", KO)
    assert (await harness.send_photo(make_photo()[:-2000])).text == translate("error.truncated_photo", KO)
    assert await inbox_rows(harness) == [(True, False)] * 2


async def test_photo_that_is_gone(harness: KakaoHarness) -> None:
    await harness.give_consent()
    payload = harness.kakao.photo(make_photo())
    media = payload["userRequest"]["params"]["media"]
    media["url"] = media["url"].replace("/dna/", "/dna/gone-")
    assert (await harness.send(payload)).text == translate("error.picture_gone", KO)


async def test_photo_that_cannot_be_reached_is_tried_again_and_then_told(
    harness: KakaoHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "RETRY_DELAYS", (0, 0, 0))
    await harness.give_consent()
    payload = harness.kakao.photo(make_photo())
    payload["userRequest"]["params"]["media"]["url"] = "http://127.0.0.1:1/dna/photo.jpg"
    answer = await harness.send(payload)
    await settled(harness)
    if button_actions(answer.reply) == ["result"]:
        answer = await harness.press_button(answer, "result")
    assert answer.text == translate("error.picture_unreachable", KO)


async def test_address_off_the_list_is_refused(harness: KakaoHarness) -> None:
    await harness.give_consent()
    payload = harness.kakao.photo(make_photo())
    payload["userRequest"]["params"]["media"]["url"] = "http://169.254.169.254/latest/meta-data"
    assert (await harness.send(payload)).text == translate("error.address_refused", KO)


class TestInProduction:
    @pytest.fixture
    def env(self) -> Environment:
        return Environment.PRODUCTION

    async def test_private_addresses_are_refused(self, harness: KakaoHarness) -> None:
        await harness.give_consent()
        assert (await harness.send_photo(make_photo())).text == translate("error.address_refused", KO)
        assert harness.model.call_count == 0

    async def test_private_callbacks_are_not_used(self, harness: KakaoHarness) -> None:
        answer = await harness.send(harness.kakao.secure_photos([make_photo()], callback=True))
        assert answer.text == translate("error.address_refused", KO)
        assert harness.kakao.callbacks == []


class TestWithALimit:
    @pytest.fixture
    def daily_photos(self) -> int | None:
        return 1

    async def test_enough_for_today(self, harness: KakaoHarness) -> None:
        await harness.give_consent()
        assert is_verdict((await harness.send_photo(make_photo())).reply)
        assert (await harness.send_photo(make_photo(1))).text == translate("talk.limit", KO, count=1)


async def test_many_people_at_once_are_all_answered(harness: KakaoHarness) -> None:
    crowd = [f"person {number}" for number in range(30)]
    photos = [make_photo(number % 5) for number in range(len(crowd))]
    sent = [
        harness.send(harness.kakao.secure_photos([photo], person=person))
        for person, photo in zip(crowd, photos, strict=True)
    ]
    answers = await asyncio.gather(*sent)
    assert all(answer.status == 200 for answer in answers)
    assert all(is_verdict(answer.reply) or button_actions(answer.reply) == ["result"] for answer in answers)
    assert max(answer.seconds for answer in answers) < 5
    await settled(harness)
    results = [await harness.send_text("결과 보기", person=person) for person in crowd]
    assert all(is_verdict(result.reply) for result in results)
    assert harness.model.call_count == len(crowd)


async def test_forgotten_while_she_looks(harness: KakaoHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skill, "RESULT_WAIT", 0.2)
    await harness.give_consent()
    harness.model.unpaused.clear()
    await harness.send_photo(make_photo())
    asked = await harness.send_text("다 지워 주세요")
    assert (await harness.press_button(asked, "erase")).text == translate("talk.forget.done", KO)
    harness.model.unpaused.set()

    async def over() -> bool:
        return harness.model.call_count == 1 and not await jobs(harness)

    await wait_until(over)
    assert (await count_looks(harness), await inbox_rows(harness)) == (0, [])
    async with harness.resources.database.transaction() as connection:
        assert (await connection.execute(sql("SELECT count(*) FROM people"))).scalar_one() == 0


async def jobs(harness: KakaoHarness) -> int:
    async with harness.resources.database.transaction() as connection:
        statement = sql("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'kakao.photo'")
        number: int = (await connection.execute(statement)).scalar_one()
        return number
