"""Results of photos on KakaoTalk: the callback, the result button, and requests that are repeated."""

import asyncio
from unittest.mock import AsyncMock

import pytest
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.kakao import photo_jobs, photo_requests
from bot.kakao.photo_fetcher import SafePhotoFetcher
from bot.kakao.presenter import ReplyPresenter
from bot.testing.kakao import KakaoResponse
from core.db import inbox
from core.db.inbox import InboxUpdate
from core.errors import RemotePhotoUnavailableError
from core.i18n.translations import Language, translate
from tests.factories import make_photo
from tests.integration.bot.kakao.conftest import (
    WAIT_SECONDS,
    KakaoHarness,
    button_actions,
    count_looks,
    inbox_rows,
    is_verdict,
    wait_until_processed,
)

KO = Language.KO


async def test_verdict_is_posted_to_the_callback_exactly_once(harness: KakaoHarness) -> None:
    await harness.give_consent()
    promise = await harness.send_photo(make_photo(), callback=True)
    assert promise.reply["useCallback"] is True
    callback = await asyncio.to_thread(harness.kakao.wait_for_callback, within=WAIT_SECONDS)
    assert (callback.status, is_verdict(callback.reply)) == ("SUCCESS", True)
    await wait_until_processed(harness)
    assert len(harness.kakao.callbacks) == 1
    assert is_verdict((await harness.send_text("결과 보기")).reply)


async def test_consent_with_a_callback_is_followed_by_the_verdict(harness: KakaoHarness) -> None:
    prompt = await harness.send_photo(make_photo(), callback=True)
    assert button_actions(prompt.reply) == ["agree", "decline"]
    assert (await harness.press_button(prompt, "agree", callback=True)).reply["useCallback"] is True
    callback = await asyncio.to_thread(harness.kakao.wait_for_callback, within=WAIT_SECONDS)
    assert (callback.status, is_verdict(callback.reply)) == ("SUCCESS", True)


async def test_error_is_posted_to_the_callback(harness: KakaoHarness) -> None:
    promise = await harness.send(harness.kakao.secure_photos([b"no picture"], callback=True))
    assert promise.reply["useCallback"] is True
    callback = await asyncio.to_thread(harness.kakao.wait_for_callback, within=WAIT_SECONDS)
    assert (callback.status, callback.text) == ("SUCCESS", translate("error.not_an_image", KO))


async def test_a_bug_in_the_reply_is_posted_as_an_apology(
    harness: KakaoHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ReplyPresenter, "result_reply", AsyncMock(side_effect=KeyError))
    await harness.send(harness.kakao.secure_photos([make_photo()], callback=True))
    callback = await asyncio.to_thread(harness.kakao.wait_for_callback, within=WAIT_SECONDS)
    assert (callback.status, callback.text) == ("SUCCESS", translate("error.any", KO))
    await wait_until_processed(harness)


async def test_interrupted_callback_is_not_posted_again(harness: KakaoHarness) -> None:
    await harness.give_consent()
    harness.model.unpaused.clear()
    await harness.send_photo(make_photo(), callback=True)
    async with harness.resources.database.transaction() as connection:
        number = (await connection.execute(sql("SELECT id FROM inbox"))).scalar_one()
        await inbox.record_checkpoint(connection, number, photo_jobs.CALLBACK_CHECKPOINT)
    harness.model.unpaused.set()
    await wait_until_processed(harness)
    assert harness.kakao.callbacks == []
    missed = await harness.send_text("왜 답이 없어요")
    assert (missed.text, button_actions(missed.reply)) == (translate("kakao.missed", KO), ["result"])
    assert is_verdict((await harness.send_text("결과 보기")).reply)
    later = await harness.send_text("왜 답이 없어요")
    assert later.text != missed.text, "it was shown"
    assert "result" not in button_actions(later.reply)


async def test_missed_result_is_offered_although_it_was_asked_for_too_early(harness: KakaoHarness) -> None:
    await harness.give_consent()
    harness.model.unpaused.clear()
    await harness.send_photo(make_photo(), callback=True)
    harness.change_timing(result_wait=0.3, callback_timeout=0.0)
    assert button_actions((await harness.send_text("결과 보기")).reply) == ["result"], "it is not there yet"
    harness.model.unpaused.set()
    await wait_until_processed(harness)
    assert harness.kakao.callbacks == []
    assert (await harness.send_text("왜 답이 없어요")).text == translate("kakao.missed", KO)


async def test_message_during_the_consent_does_not_undo_it(
    harness: KakaoHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompt = await harness.send_photo(make_photo())
    update_question = photo_requests.update_consent_question
    pressed: list[asyncio.Task[KakaoResponse]] = []

    async def press_and_update(connection: AsyncConnection, update: InboxUpdate) -> None:
        pressed.append(asyncio.create_task(harness.press_button(prompt, "agree", callback=True)))
        await asyncio.wait(pressed, timeout=0.5)
        await update_question(connection, update)

    monkeypatch.setattr(photo_requests, "update_consent_question", press_and_update)
    await harness.send_text("잠깐만요")
    assert (await pressed[0]).reply["useCallback"] is True
    callback = await asyncio.to_thread(harness.kakao.wait_for_callback, within=WAIT_SECONDS)
    assert is_verdict(callback.reply)


async def test_late_verdict_is_shown_by_the_result_button(harness: KakaoHarness) -> None:
    harness.change_timing(callback_timeout=0.0)
    await harness.give_consent()
    await harness.send_photo(make_photo(), callback=True)
    await wait_until_processed(harness)
    assert harness.kakao.callbacks == []
    missed = await harness.send_text("왜 답이 없어요")
    assert (missed.text, button_actions(missed.reply)) == (translate("kakao.missed", KO), ["result"])
    assert (await harness.send_text("죽고 싶어요")).text == translate("talk.crisis", KO)
    assert is_verdict((await harness.press_button(missed, "result")).reply)
    later = await harness.send_text("왜 답이 없어요")
    assert later.text != missed.text, "it was shown"
    assert "result" not in button_actions(later.reply)
    assert is_verdict((await harness.send_text("결과 보기")).reply)


async def test_photo_that_hangs_does_not_hold_the_next_one(
    harness: KakaoHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = SafePhotoFetcher.fetch_photo
    attempts: list[str] = []

    async def fetch_or_hang(fetcher: SafePhotoFetcher, url: str) -> bytes:
        attempts.append(url)
        if url == attempts[0]:
            raise RemotePhotoUnavailableError("too slow")
        return await fetch(fetcher, url)

    monkeypatch.setattr(SafePhotoFetcher, "fetch_photo", fetch_or_hang)
    harness.change_timing(retry_delays=(3600,), result_wait=0.3)
    await harness.give_consent()
    hanging = await harness.send_photo(make_photo(0))
    assert button_actions(hanging.reply) == ["result"]
    harness.change_timing(result_wait=WAIT_SECONDS)
    assert is_verdict((await harness.send_photo(make_photo(1))).reply)


async def test_people_who_wait_are_told_how_long(harness: KakaoHarness) -> None:
    senders = ["first", "second", "third"]
    for person in senders:
        await harness.give_consent(person=person)
    harness.model.unpaused.clear()
    harness.change_timing(result_wait=0.3)
    texts = [(await harness.send_photo(make_photo(seed), person=person)).text for seed, person in enumerate(senders)]
    assert texts[0] == translate("talk.still_looking", KO)
    assert texts[2] == translate("kakao.pending", KO, count=2, seconds=5)
    promise = await harness.send_photo(make_photo(9), person="third", callback=True)
    text = promise.reply["data"]["text"]
    assert text.startswith(translate("kakao.queue", KO, count=3, seconds=5))
    assert translate("kakao.way_back", KO, label="결과 보기") in text
    harness.model.unpaused.set()


async def test_callback_url_of_another_host_is_ignored(harness: KakaoHarness) -> None:
    await harness.give_consent()
    payload = harness.kakao.photo(make_photo())
    payload["userRequest"]["callbackUrl"] = "https://evil.example/callback"
    assert is_verdict((await harness.send(payload)).reply)


async def test_repeated_request_is_promised_again_and_posted_once(harness: KakaoHarness) -> None:
    await harness.give_consent()
    harness.model.unpaused.clear()
    payload = harness.kakao.photo(make_photo(), callback=True)
    first, second = await harness.send(payload), await harness.send(payload)
    assert first.reply["useCallback"] is second.reply["useCallback"] is True
    harness.model.unpaused.set()
    await asyncio.to_thread(harness.kakao.wait_for_callback, within=WAIT_SECONDS)
    await wait_until_processed(harness)
    assert [callback.status for callback in harness.kakao.callbacks] == ["SUCCESS"]
    assert harness.model.call_count == 1


async def test_slow_verdict_is_shown_by_the_result_button(harness: KakaoHarness) -> None:
    await harness.give_consent()
    harness.model.unpaused.clear()
    harness.change_timing(result_wait=0.3)
    payload = harness.kakao.photo(make_photo())
    slow = await harness.send(payload)
    assert (slow.text, button_actions(slow.reply)) == (translate("talk.still_looking", KO), ["result"])
    assert button_actions((await harness.press_button(slow, "result")).reply) == ["result"]
    assert button_actions((await harness.send(payload)).reply) == ["result"]
    harness.model.unpaused.set()
    await wait_until_processed(harness)
    harness.change_timing(result_wait=WAIT_SECONDS)
    assert is_verdict((await harness.press_button(slow, "result")).reply)
    assert is_verdict((await harness.send_text("결과 보기")).reply)
    assert harness.model.call_count == 1


async def test_result_button_waits_for_the_verdict(harness: KakaoHarness) -> None:
    await harness.give_consent()
    harness.model.unpaused.clear()
    harness.change_timing(result_wait=0.3)
    slow = await harness.send_photo(make_photo())
    harness.change_timing(result_wait=WAIT_SECONDS)
    pressed = asyncio.create_task(harness.press_button(slow, "result"))
    await asyncio.sleep(0.3)
    harness.model.unpaused.set()
    assert is_verdict((await pressed).reply)


async def test_results_are_shown_to_the_sender_only(harness: KakaoHarness) -> None:
    await harness.give_consent()
    harness.change_timing(result_wait=0.0)
    slow = await harness.send_photo(make_photo())
    harness.change_timing(result_wait=WAIT_SECONDS)
    await wait_until_processed(harness)
    assert (await harness.press_button(slow, "result", person="another person")).text == translate("talk.no_result", KO)
    assert (await harness.send_text("결과 보기", person="third person")).text == translate("talk.no_result", KO)


async def test_repeated_request_is_judged_once(harness: KakaoHarness) -> None:
    await harness.give_consent()
    payload = harness.kakao.photo(make_photo())
    responses = await asyncio.gather(*(harness.send(payload) for _ in range(4)))
    assert [is_verdict(response.reply) for response in responses] == [True] * 4
    assert (harness.model.call_count, await count_looks(harness), len(await inbox_rows(harness))) == (1, 1, 1)
