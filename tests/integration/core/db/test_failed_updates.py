"""Updates without a job are requeued a limited number of times, then marked as failed."""

import asyncio
from datetime import timedelta

from sqlalchemy import func, update

from core.db import inbox, queued_updates, schema
from core.db.database import Database
from core.db.queued_updates import MAX_REQUEUES, claim_orphaned
from core.db.schema import Channel
from core.jobs.queue import enqueue
from tests.factories import mark_update_failed

PAYLOAD = {"message": {"text": "hello"}}


async def insert_orphan(database: Database, external_id: str = "7") -> int:
    async with database.transaction() as connection:
        inbox_id = await inbox.insert(
            connection, Channel.TELEGRAM, external_id, external_sender_id="1", payload=PAYLOAD
        )
        assert inbox_id is not None
        await connection.execute(update(schema.inbox).values(received_at=func.now() - timedelta(minutes=5)))
        return inbox_id


async def claim(database: Database) -> list[int]:
    async with database.transaction() as connection:
        claimed = await claim_orphaned(connection, Channel.TELEGRAM)
        assert all(payload == PAYLOAD for _, payload in claimed)
        return [inbox_id for inbox_id, _ in claimed]


async def test_an_update_is_requeued_a_limited_number_of_times_and_then_failed(database: Database) -> None:
    inbox_id = await insert_orphan(database)
    for _ in range(MAX_REQUEUES):
        assert await claim(database) == [inbox_id]
    for _ in range(2):
        assert await claim(database) == []
    async with database.connection() as connection:
        assert await inbox.count_unfinished(connection) == 0
        assert await inbox.list_unfinished_ids(connection, [inbox_id]) == set()
        assert await queued_updates.count_failed(connection) == 1
        (failed,) = await queued_updates.list_failed(connection, limit=9)
        assert (failed.id, failed.channel) == (inbox_id, Channel.TELEGRAM)
        stored = await inbox.get(connection, inbox_id)
        assert stored is not None
        assert (stored.payload, stored.processed_at) == (PAYLOAD, None), "it can still be retried"


async def test_a_failed_update_is_requeued_again_after_a_retry_by_hand(database: Database) -> None:
    first, second = [await insert_orphan(database, external_id) for external_id in ("7", "8")]
    async with database.connection() as connection:
        await mark_update_failed(connection, first, second)
        assert await queued_updates.retry_failed(connection, [first]) == 1
    assert await claim(database) == [first]
    async with database.connection() as connection:
        assert await queued_updates.retry_failed(connection) == 1
        assert await queued_updates.retry_failed(connection) == 0
        await inbox.mark_processed(connection, first, second)
        assert await queued_updates.count_failed(connection) == 0


async def test_an_update_with_a_job_or_a_recent_one_is_not_requeued(database: Database) -> None:
    inbox_id = await insert_orphan(database)
    async with database.transaction() as connection:
        await enqueue(connection, "test.answer", lock=None, inbox_id=inbox_id)
        assert await inbox.insert(connection, Channel.TELEGRAM, "8", external_sender_id="1", payload=PAYLOAD)
    assert await claim(database) == []


async def test_one_of_two_workers_claims_an_update(database: Database) -> None:
    inbox_id = await insert_orphan(database)
    async with database.transaction() as connection:
        claimed = await claim_orphaned(connection, Channel.TELEGRAM)
        async with asyncio.timeout(10):
            assert await claim(database) == []
    assert [number for number, _ in claimed] == [inbox_id]


async def test_failed_updates_are_deleted_after_a_week(database: Database) -> None:
    inbox_id = await insert_orphan(database)
    async with database.connection() as connection:
        await mark_update_failed(connection, inbox_id)
        assert await inbox.delete_processed(connection) == 0
        await connection.execute(update(schema.inbox).values(failed_at=func.now() - timedelta(days=8)))
        assert await inbox.delete_processed(connection) == 1
