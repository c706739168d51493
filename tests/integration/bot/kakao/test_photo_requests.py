"""Orphaned photo requests get another job, and results survive in checkpoints."""

import pytest
from sqlalchemy import text as sql

from bot.kakao import photo_requests
from bot.kakao.photo_requests import JobResult, PhotoRequest
from core.db import inbox
from core.db.schema import Channel
from core.errors import CorruptPhotoError, DailyLimitError, EvaError
from core.jobs.queue import enqueue
from core.resources import Resources
from core.uuid7 import uuid7

REQUEST = PhotoRequest(
    photo_urls=("https://k.kakaocdn.net/1.jpg",), callback_url=None, requested_at=0.0, awaits_consent=False
)


async def insert_request(resources: Resources, external_id: str) -> int:
    async with resources.database.transaction() as connection:
        inbox_id = await inbox.insert(
            connection, Channel.KAKAO, external_id, external_sender_id="sender", payload=REQUEST.to_payload()
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


@pytest.mark.parametrize(
    ("error", "restored_type", "detail"),
    [
        (None, None, ""),
        (CorruptPhotoError("mina.jpg"), CorruptPhotoError, ""),
        (DailyLimitError("3"), DailyLimitError, "3"),
    ],
)
async def test_result_is_restored_without_details_of_files(
    resources: Resources, error: EvaError | None, restored_type: type[EvaError] | None, detail: str
) -> None:
    inbox_id = await insert_request(resources, "request")
    result = JobResult(look_ids=(uuid7(), uuid7()), is_duplicate=True, error=error)
    async with resources.database.transaction() as connection:
        assert await photo_requests.load_result(connection, inbox_id) is None
        await photo_requests.save_result(connection, inbox_id, result)
        restored = await photo_requests.load_result(connection, inbox_id)
    assert restored is not None
    assert (restored.look_ids, restored.is_duplicate) == (result.look_ids, True)
    if restored_type is None:
        assert restored.error is None
    else:
        assert type(restored.error) is restored_type
        assert restored.error is not None
        assert restored.error.detail == detail
