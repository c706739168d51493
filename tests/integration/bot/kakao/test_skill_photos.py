"""Photos on KakaoTalk: consent, verdicts at once and callback, and everything that goes wrong with a photo."""

import asyncio
import json
from datetime import timedelta

import pytest
from sqlalchemy import text as sql
from sqlalchemy.exc import ProgrammingError

from bot.kakao import photo_jobs
from bot.kakao.photo_fetcher import SafePhotoFetcher
from bot.kakao.photo_jobs import KakaoTiming
from core.db import checkpoints
from core.errors import RemotePhotoUnavailableError
from core.i18n.translations import Language, translate
from core.services.photo_judging import PhotoJudgingService
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
    """For every update: whether it is processed, and whether it still has a payload."""
    async with harness.resources.database.transaction() as connection:
        rows = await connection.execute(sql("SELECT processed_at, payload FROM inbox ORDER BY id"))
        return [(row.processed_at is not None, row.payload is not None) for row in rows]


async def wait_until_processed(harness: KakaoHarness) -> None:
    """Wait until every photo request is processed."""

    async def all_processed() -> bool:
        return all(is_processed for is_processed, _ in await inbox_rows(harness))

    await wait_until(all_processed)


async def count_looks(harness: KakaoHarness) -> int:
    async with harness.resources.database.transaction() as connection:
        number: int = (await connection.execute(sql("SELECT count(*) FROM looks"))).scalar_one()
        return number


async def test_first_photo_is_judged_after_consent(harness: KakaoHarness) -> None:
    prompt = await harness.send_photo(make_photo())
    assert button_actions(prompt.reply) == ["agree", "decline"]
    card = prompt.reply["template"]["outputs"][0]["textCard"]
    assert "24" in card["description"]
    assert card["buttons"][-1]["webLinkUrl"] == "https://eva.example/privacy"
    assert harness.model.call_count == 0

    verdict = await harness.press_button(prompt, "agree")
    assert is_verdict(verdict.reply)
    assert harness.model.call_count == 1
    assert is_verdict((await harness.send_photo(make_photo(1))).reply)
    assert await inbox_rows(harness) == [(True, False), (True, False)]


async def test_consent_before_any_photo_is_acknowledged(harness: KakaoHarness) -> None:
    assert (await harness.give_consent()).text == translate("kakao.consent.thanks", KO)
    assert is_verdict((await harness.send_photo(make_photo())).reply)


async def test_declined_photo_is_dropped_and_not_judged(harness: KakaoHarness) -> None:
    prompt = await harness.send_photo(make_photo())
    assert (await harness.press_button(prompt, "decline")).text == translate("kakao.consent.declined", KO)
    assert await inbox_rows(harness) == [(True, False)]
    assert button_actions((await harness.send_photo(make_photo())).reply) == ["agree", "decline"]
    assert harness.model.call_count == 0


async def test_photos_that_wait_for_one_consent_get_one_reply(harness: KakaoHarness) -> None:
    for seed in range(2):
        prompt = await harness.send_photo(make_photo(seed))
        assert button_actions(prompt.reply) == ["agree", "decline"]
    verdict = await harness.press_button(prompt, "agree")
    assert verdict.text.startswith(translate("talk.album", KO, count=2, number=1))
    assert (harness.model.call_count, await count_looks(harness)) == (2, 2)
    assert await inbox_rows(harness) == [(True, False), (True, False)]


async def test_photo_without_consent_expires(harness: KakaoHarness) -> None:
    harness.change_timing(photo_url_lifetime=timedelta(seconds=0))
    prompt = await harness.send_photo(make_photo())
    await wait_until_processed(harness)
    assert await inbox_rows(harness) == [(True, False)]
    assert (await harness.press_button(prompt, "agree")).text == translate("kakao.consent.thanks", KO)
    assert harness.model.call_count == 0


async def test_secure_image_plugin_includes_consent_and_several_photos_are_summarized(harness: KakaoHarness) -> None:
    verdict = await harness.send(harness.kakao.secure_photos([make_photo(seed) for seed in range(3)]))
    assert is_verdict(verdict.reply)
    assert verdict.text.startswith(translate("talk.album", KO, count=3, number=1))
    assert (harness.model.call_count, await count_looks(harness)) == (3, 3)
    assert is_verdict((await harness.send_photo(make_photo(9))).reply)


async def test_unusable_photo_of_several_is_reported_and_the_others_are_summarized(harness: KakaoHarness) -> None:
    verdict = await harness.send(
        harness.kakao.secure_photos([make_photo(), b"\x89PNG\r\n\x1a\n no picture", make_photo(1)])
    )
    assert is_verdict(verdict.reply)
    headline, _, _, failure, *_ = verdict.text.split("\n")
    assert headline == translate("talk.album.part", KO, total=3, count=2, number=1)
    assert failure.startswith(f"{translate('talk.album.photo', KO, number=2)}: ")


async def test_ten_photos_are_judged_and_more_are_told_to_be_too_many(harness: KakaoHarness) -> None:
    photo = make_photo()
    prompts = [await harness.send_photo(make_photo(seed)) for seed in range(2)]
    verdict = await harness.send(harness.kakao.secure_photos([*[photo] * 9, b"the tenth", b"too many"]))
    assert button_actions(prompts[-1].reply) == ["agree", "decline"]
    assert translate("talk.album.same", KO, number=9, first=1) in verdict.text
    assert translate("talk.album.limit", KO, limit=10, count=1) in verdict.text


async def test_photos_that_wait_for_consent_keep_the_limit_and_their_order(harness: KakaoHarness) -> None:
    payloads = [harness.kakao.secure_photos([make_photo(0)] * 6 + [make_photo(number)]) for number in (1, 2)]
    for payload in payloads:
        for place in ("params", "detailParams"):
            payload["action"][place] = json.loads(json.dumps(payload["action"][place]).replace("Y", "N"))
        prompt = await harness.send(payload)
    verdict = await harness.press_button(prompt, "agree")
    assert translate("talk.album.same", KO, number=10, first=1) in verdict.text
    assert translate("talk.album.limit", KO, limit=10, count=4) in verdict.text
    assert await count_looks(harness) == 2


async def test_heatmap_url_is_new_in_each_reply(harness: KakaoHarness) -> None:
    await harness.give_consent()
    payload = harness.kakao.photo(make_photo())
    urls = [cards((await harness.send(payload)).reply)[0]["thumbnail"]["imageUrl"] for _ in range(2)]
    assert urls[0] != urls[1]
    assert all(url.startswith("https://eva.example/pictures/") for url in urls)


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


async def test_interrupted_callback_is_not_posted_again(harness: KakaoHarness) -> None:
    await harness.give_consent()
    harness.model.unpaused.clear()
    await harness.send_photo(make_photo(), callback=True)
    async with harness.resources.database.transaction() as connection:
        number = (await connection.execute(sql("SELECT id FROM inbox"))).scalar_one()
        await checkpoints.record(connection, number, photo_jobs.CALLBACK_CHECKPOINT)
    harness.model.unpaused.set()
    await wait_until_processed(harness)
    assert harness.kakao.callbacks == []
    assert is_verdict((await harness.send_text("결과 보기")).reply)


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
    assert button_actions((await harness.send_text("왜 답이 없어요")).reply) == ["another"], "it was shown"
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
    harness.change_timing(result_wait=4.2)
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
    payload = harness.kakao.photo(make_photo())
    slow = await harness.send(payload)
    assert (slow.text, button_actions(slow.reply)) == (translate("talk.still_looking", KO), ["result"])
    assert slow.seconds < 4.5
    harness.change_timing(result_wait=0.3)
    assert button_actions((await harness.press_button(slow, "result")).reply) == ["result"]
    assert button_actions((await harness.send(payload)).reply) == ["result"]
    harness.model.unpaused.set()
    await wait_until_processed(harness)
    harness.change_timing(result_wait=4.2)
    assert is_verdict((await harness.press_button(slow, "result")).reply)
    assert is_verdict((await harness.send_text("결과 보기")).reply)
    assert harness.model.call_count == 1


async def test_result_button_waits_for_the_verdict(harness: KakaoHarness) -> None:
    await harness.give_consent()
    harness.model.unpaused.clear()
    harness.change_timing(result_wait=0.3)
    slow = await harness.send_photo(make_photo())
    harness.change_timing(result_wait=4.2)
    pressed = asyncio.create_task(harness.press_button(slow, "result"))
    await asyncio.sleep(0.3)
    harness.model.unpaused.set()
    assert is_verdict((await pressed).reply)


async def test_results_are_shown_to_the_sender_only(harness: KakaoHarness) -> None:
    await harness.give_consent()
    harness.change_timing(result_wait=0.0)
    slow = await harness.send_photo(make_photo())
    harness.change_timing(result_wait=4.2)
    await wait_until_processed(harness)
    assert (await harness.press_button(slow, "result", person="another person")).text == translate("talk.no_result", KO)
    assert (await harness.send_text("결과 보기", person="third person")).text == translate("talk.no_result", KO)


async def test_repeated_request_is_judged_once(harness: KakaoHarness) -> None:
    await harness.give_consent()
    payload = harness.kakao.photo(make_photo())
    responses = await asyncio.gather(*(harness.send(payload) for _ in range(4)))
    assert [is_verdict(response.reply) for response in responses] == [True] * 4
    assert (harness.model.call_count, await count_looks(harness), len(await inbox_rows(harness))) == (1, 1, 1)


async def test_duplicate_photo_gets_the_known_verdict(harness: KakaoHarness) -> None:
    await harness.give_consent()
    await harness.send_photo(make_photo())
    again = await harness.send_photo(make_photo(quality=60))
    first = again.text.split("\n")[0]
    assert first in {translate(f"talk.remembered.{number}", KO) for number in (1, 2, 3)}
    assert harness.model.call_count == 1


async def test_unusable_file_gets_an_explanation(harness: KakaoHarness) -> None:
    await harness.give_consent()
    assert (await harness.send_photo(b"no picture")).text == translate("error.not_an_image", KO)
    assert (await harness.send_photo(make_photo()[:-2000])).text == translate("error.truncated_photo", KO)
    assert await inbox_rows(harness) == [(True, False)] * 2


async def test_missing_photo_is_reported(harness: KakaoHarness) -> None:
    await harness.give_consent()
    payload = harness.kakao.photo(make_photo())
    media = payload["userRequest"]["params"]["media"]
    media["url"] = media["url"].replace("/dna/", "/dna/gone-")
    assert (await harness.send(payload)).text == translate("error.picture_gone", KO)


async def test_bug_is_answered_once_and_not_retried(harness: KakaoHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = 0

    async def fail(self: PhotoJudgingService, data: bytes, **arguments: object) -> None:
        nonlocal attempts
        attempts += 1
        raise ProgrammingError("SELECT nothing", {}, Exception("undefined column"))

    monkeypatch.setattr(PhotoJudgingService, "judge_photo", fail)
    await harness.give_consent()
    assert (await harness.send_photo(make_photo())).text == translate("error.any", KO)
    assert await inbox_rows(harness) == [(True, False)]
    assert (attempts, await count_jobs(harness)) == (1, 0)


async def test_url_of_a_host_that_is_not_allowed_is_refused(harness: KakaoHarness) -> None:
    await harness.give_consent()
    payload = harness.kakao.photo(make_photo())
    payload["userRequest"]["params"]["media"]["url"] = "http://169.254.169.254/latest/meta-data"
    assert (await harness.send(payload)).text == translate("error.address_refused", KO)


class TestWithoutRetryDelays:
    @pytest.fixture
    def timing(self) -> KakaoTiming:
        return KakaoTiming(retry_delays=(0, 0, 0))

    async def test_unreachable_photo_is_retried_and_then_reported(self, harness: KakaoHarness) -> None:
        await harness.give_consent()
        payload = harness.kakao.photo(make_photo())
        payload["userRequest"]["params"]["media"]["url"] = "http://127.0.0.1:1/dna/photo.jpg"
        response = await harness.send(payload)
        await wait_until_processed(harness)
        if button_actions(response.reply) == ["result"]:
            response = await harness.press_button(response, "result")
        assert response.text == translate("error.picture_unreachable", KO)


class TestInProduction:
    @pytest.fixture
    def env(self) -> Environment:
        return Environment.PRODUCTION

    async def test_private_addresses_are_refused(self, harness: KakaoHarness) -> None:
        await harness.give_consent()
        assert (await harness.send_photo(make_photo())).text == translate("error.address_refused", KO)
        assert harness.model.call_count == 0

    async def test_private_callbacks_are_not_used(self, harness: KakaoHarness) -> None:
        response = await harness.send(harness.kakao.secure_photos([make_photo()], callback=True))
        assert response.text == translate("error.address_refused", KO)
        assert harness.kakao.callbacks == []


class TestWithDailyLimit:
    @pytest.fixture
    def daily_photos(self) -> int | None:
        return 1

    async def test_photo_over_the_daily_limit_is_refused(self, harness: KakaoHarness) -> None:
        await harness.give_consent()
        assert is_verdict((await harness.send_photo(make_photo())).reply)
        assert (await harness.send_photo(make_photo(1))).text == translate("talk.limit", KO, count=1)


async def test_thirty_concurrent_people_get_their_results(harness: KakaoHarness) -> None:
    senders = [f"person {number}" for number in range(30)]
    photos = [make_photo(number % 5) for number in range(len(senders))]
    requests = [
        harness.send(harness.kakao.secure_photos([photo], person=person))
        for person, photo in zip(senders, photos, strict=True)
    ]
    responses = await asyncio.gather(*requests)
    assert all(response.status == 200 for response in responses)
    assert all(is_verdict(response.reply) or button_actions(response.reply) == ["result"] for response in responses)
    assert max(response.seconds for response in responses) < 5
    await wait_until_processed(harness)
    results = [await harness.send_text("결과 보기", person=person) for person in senders]
    assert all(is_verdict(result.reply) for result in results)
    assert harness.model.call_count == len(senders)


async def test_erasure_during_judging_leaves_nothing(harness: KakaoHarness) -> None:
    harness.change_timing(result_wait=0.2)
    await harness.give_consent()
    harness.model.unpaused.clear()
    await harness.send_photo(make_photo())
    prompt = await harness.send_text("다 지워 주세요")
    assert (await harness.press_button(prompt, "erase")).text == translate("talk.forget.done", KO)
    harness.model.unpaused.set()

    async def is_over() -> bool:
        return harness.model.call_count == 1 and not await count_jobs(harness)

    await wait_until(is_over)
    assert (await count_looks(harness), await inbox_rows(harness)) == (0, [])
    async with harness.resources.database.transaction() as connection:
        assert (await connection.execute(sql("SELECT count(*) FROM people"))).scalar_one() == 0


async def count_jobs(harness: KakaoHarness) -> int:
    async with harness.resources.database.transaction() as connection:
        statement = sql("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'kakao.photo'")
        number: int = (await connection.execute(statement)).scalar_one()
        return number
