"""Photos on KakaoTalk: consent, verdicts at once, and everything that goes wrong with a photo."""

import asyncio
import json

import pytest
from sqlalchemy import text as sql
from sqlalchemy.exc import ProgrammingError

from bot.kakao.photo_fetcher import SafePhotoFetcher
from bot.kakao.photo_jobs import KakaoTiming
from bot.testing.kakao import SKILL_TIMEOUT
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
    count_looks,
    inbox_rows,
    is_verdict,
    wait_until,
    wait_until_processed,
)
from webhooks.messengers import RESPONSE_DEADLINE

KO = Language.KO


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
    assert verdict.text.startswith(translate("talk.album.two", KO, number=1))
    assert (harness.model.call_count, await count_looks(harness)) == (2, 2)
    assert await inbox_rows(harness) == [(True, False), (True, False)]


async def test_photo_without_consent_expires(harness: KakaoHarness) -> None:
    prompt = await harness.send_photo(make_photo())
    async with harness.resources.database.transaction() as connection:
        await connection.execute(sql("UPDATE inbox SET received_at = received_at - interval '10 minutes'"))
        await connection.execute(
            sql("UPDATE procrastinate_jobs SET scheduled_at = scheduled_at - interval '10 minutes'")
        )
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

    async def fail(*_: object) -> None:
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
        return KakaoTiming(retry_delays=(0, 0, 0), result_wait=WAIT_SECONDS)

    async def test_unreachable_photo_is_retried_and_then_reported(self, harness: KakaoHarness) -> None:
        await harness.give_consent()
        payload = harness.kakao.photo(make_photo())
        payload["userRequest"]["params"]["media"]["url"] = "http://127.0.0.1:1/dna/photo.jpg"
        response = await harness.send(payload)
        await wait_until_processed(harness)
        if button_actions(response.reply) == ["result"]:
            response = await harness.press_button(response, "result")
        assert response.text == translate("error.picture_unreachable", KO)

    async def test_stopped_jobs_are_no_attempts_to_fetch_a_photo(
        self, harness: KakaoHarness, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fetch, faults = SafePhotoFetcher.fetch_photo, [RemotePhotoUnavailableError() for _ in range(3)]

        async def fail_three_times(fetcher: SafePhotoFetcher, url: str) -> bytes:
            if faults:
                raise faults.pop()
            return await fetch(fetcher, url)

        monkeypatch.setattr(SafePhotoFetcher, "fetch_photo", fail_three_times)
        await harness.give_consent()
        async with harness.resources.database.connection() as connection:
            await connection.execute(sql("ALTER TABLE procrastinate_jobs ALTER attempts SET DEFAULT 3"))
        try:
            await harness.send_photo(make_photo())
            await wait_until_processed(harness)
        finally:
            async with harness.resources.database.connection() as connection:
                await connection.execute(sql("ALTER TABLE procrastinate_jobs ALTER attempts SET DEFAULT 0"))
        assert await count_looks(harness) == 1


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


class TestInTime:
    @pytest.fixture
    def timing(self) -> KakaoTiming:
        return KakaoTiming()

    @pytest.fixture
    def skill_timeout(self) -> float:
        return SKILL_TIMEOUT

    async def test_thirty_concurrent_people_get_their_results(self, harness: KakaoHarness) -> None:
        senders = [f"person {number}" for number in range(30)]
        photos = [make_photo(number % 5) for number in range(len(senders))]
        requests = [
            harness.send(harness.kakao.secure_photos([photo], person=person))
            for person, photo in zip(senders, photos, strict=True)
        ]
        responses = await asyncio.gather(*requests)
        assert all(response.status == 200 for response in responses)
        assert all(is_verdict(response.reply) or button_actions(response.reply) == ["result"] for response in responses)
        assert max(response.seconds for response in responses) < SKILL_TIMEOUT
        await wait_until_processed(harness)
        results = [await harness.send_text("결과 보기", person=person) for person in senders]
        assert all(is_verdict(result.reply) for result in results)
        assert harness.model.call_count == len(senders)


def test_results_are_waited_for_less_long_than_kakao_waits() -> None:
    assert KakaoTiming().result_wait < RESPONSE_DEADLINE < SKILL_TIMEOUT


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
