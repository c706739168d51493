"""Errands that lost their job get another one; those that wait for consent do not."""

from sqlalchemy import text as sql

from bot.kakao import photo_jobs
from bot.kakao.photo_jobs import PhotoRequest
from core.db import inbox
from core.db.schema import Channel
from core.jobs.queue import enqueue
from core.resources import Resources


async def test_errand_that_lost_its_job_gets_another_one(resources: Resources) -> None:
    errand = PhotoRequest(
        photo_urls=("https://k.kakaocdn.net/1.jpg",), callback_url=None, requested_at=0.0, awaits_consent=False
    )
    async with resources.database.transaction() as connection:
        numbers = [
            await inbox.insert(
                connection, Channel.KAKAO, each, external_sender_id="someone", payload=errand.to_payload()
            )
            for each in ("lost", "waits for consent")
        ]
        await enqueue(
            connection, photo_jobs.EXPIRE_TASK, lock=None, delay=photo_jobs.PHOTO_URL_LIFETIME, inbox_id=numbers[1]
        )
        assert await photo_jobs.requeue_orphans(connection) == 0, "they are too young to be lost"
        await connection.execute(sql("UPDATE inbox SET received_at = now() - interval '3 minutes'"))

        assert await photo_jobs.requeue_orphans(connection) == 1
        assert await photo_jobs.requeue_orphans(connection) == 0
        found = await connection.execute(
            sql("SELECT lock, args FROM procrastinate_jobs WHERE task_name = 'kakao.photo'")
        )
        assert [(row.lock, row.args) for row in found] == [("kakao:someone", {"inbox_id": numbers[0]})]
