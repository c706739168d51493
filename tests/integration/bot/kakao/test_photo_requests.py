"""Orphaned photo requests get another job, results survive in checkpoints, and few photos are held at once."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import text as sql
from uuid_utils.compat import uuid7

from bot.kakao import photo_requests
from bot.kakao.photo_fetcher import SafePhotoFetcher
from bot.kakao.photo_jobs import MAX_PHOTOS
from bot.kakao.photo_requests import JobResult, PhotoOutcome, PhotoRequest
from core.db import inbox, people
from core.db.schema import Channel, IdentityProvider
from core.errors import CorruptPhotoError, DailyLimitError
from core.i18n.translations import Language
from core.jobs.queue import enqueue
from core.resources import Resources
from core.services.photo_judging import PhotoJudgingService
from tests.integration.bot.kakao.conftest import KakaoHarness

REQUEST = PhotoRequest(
    photo_urls=("https://k.kakaocdn.net/1.jpg",), callback_url=None, requested_at=0.0, awaits_consent=False
)


async def insert_request(resources: Resources, external_id: str, *, awaits_consent: bool = False) -> int:
    payload = replace(REQUEST, awaits_consent=awaits_consent).to_payload()
    async with resources.database.transaction() as connection:
        inbox_id = await inbox.insert(
            connection, Channel.KAKAO, external_id, external_sender_id="sender", payload=payload
        )
    assert inbox_id is not None
    return inbox_id


async def test_request_that_lost_its_job_gets_another_one(resources: Resources) -> None:
    orphan, unconsented = [await insert_request(resources, name) for name in ("orphan", "waits for consent")]
    async with resources.database.transaction() as connection:
        await enqueue(
            connection,
            photo_requests.EXPIRE_TASK,
            lock=None,
            delay=photo_requests.PHOTO_URL_LIFETIME,
            inbox_id=unconsented,
        )
        assert await photo_requests.requeue_orphans(connection) == 0, "too young to be orphaned"
        await connection.execute(sql("UPDATE inbox SET received_at = now() - interval '3 minutes'"))

        assert await photo_requests.requeue_orphans(connection) == 1
        assert await photo_requests.requeue_orphans(connection) == 0
        rows = await connection.execute(
            sql("SELECT lock, args FROM procrastinate_jobs WHERE task_name = 'kakao.photo'")
        )
        assert [(row.lock, row.args) for row in rows] == [("kakao:sender", {"inbox_id": orphan})]


async def test_a_request_without_consent_that_lost_its_job_is_cancelled_and_not_judged(resources: Resources) -> None:
    inbox_id = await insert_request(resources, "waits for consent", awaits_consent=True)
    async with resources.database.transaction() as connection:
        await connection.execute(sql("UPDATE inbox SET received_at = now() - interval '1 hour'"))

        assert await photo_requests.requeue_orphans(connection) == 0
        assert (await connection.execute(sql("SELECT count(*) FROM procrastinate_jobs"))).scalar_one() == 0
        update = await inbox.get(connection, inbox_id)
        assert update is not None
        assert (update.processed_at is None, update.payload) == (False, None)


async def test_result_is_restored_in_the_order_of_the_photos_without_details_of_files(resources: Resources) -> None:
    inbox_id, look_id = await insert_request(resources, "request"), uuid7()
    outcomes = (
        PhotoOutcome(error=CorruptPhotoError("mina.jpg")),
        PhotoOutcome(look_id=look_id),
        PhotoOutcome(error=DailyLimitError("3")),
    )
    async with resources.database.transaction() as connection:
        assert await photo_requests.load_result(connection, inbox_id) is None
        result = JobResult(outcomes=outcomes, omitted_count=2, is_duplicate=True)
        await photo_requests.save_result(connection, inbox_id, result)
        restored = await photo_requests.load_result(connection, inbox_id)
    assert restored is not None
    assert (restored.omitted_count, restored.is_duplicate) == (2, True)
    assert [outcome.look_id for outcome in restored.outcomes] == [None, look_id, None]
    errors = [outcome.error for outcome in restored.outcomes if outcome.error is not None]
    assert [(type(error), error.detail) for error in errors] == [(CorruptPhotoError, ""), (DailyLimitError, "3")]


async def test_few_photos_are_in_memory_at_once(harness: KakaoHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all people together, although a worker runs more jobs."""
    in_memory, most = 0, 0

    async def fetch_photo(*_: object) -> bytes:
        nonlocal in_memory, most
        in_memory += 1
        most = max(most, in_memory)
        await asyncio.sleep(0.3)
        return b"photo"

    async def judge_photo(*_: object, **options: object) -> None:
        nonlocal in_memory
        in_memory -= 1
        raise CorruptPhotoError

    monkeypatch.setattr(SafePhotoFetcher, "fetch_photo", fetch_photo)
    monkeypatch.setattr(PhotoJudgingService, "judge_photo", judge_photo)
    async with harness.resources.database.transaction() as connection:
        await people.get_or_create_by_identity(connection, IdentityProvider.KAKAO, "sender", language=Language.KO)
    inbox_ids = [await insert_request(harness.resources, str(number)) for number in range(MAX_PHOTOS + 4)]
    await asyncio.gather(*map(harness.app.photo_jobs.judge_photos, inbox_ids))
    assert most == MAX_PHOTOS
    async with harness.resources.database.connection() as connection:
        assert all([await photo_requests.load_result(connection, inbox_id) for inbox_id in inbox_ids])
