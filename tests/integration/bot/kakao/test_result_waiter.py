"""`ResultWaiter`: one query for all waiting requests, and every request ends."""

import asyncio
from collections.abc import Collection

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.kakao.result_waiter import STAGGER, ResultWaiter
from core.db import inbox
from core.db.database import Database
from core.db.schema import Channel
from core.errors import DatabaseUnavailableError

NEVER = float("inf")


async def test_one_query_serves_all_waiting_requests(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    query_sizes: list[int] = []
    list_unfinished_ids = inbox.list_unfinished_ids

    async def record_query(connection: AsyncConnection, inbox_ids: Collection[int]) -> set[int]:
        query_sizes.append(len(inbox_ids))
        return await list_unfinished_ids(connection, inbox_ids)

    monkeypatch.setattr(inbox, "list_unfinished_ids", record_query)
    inbox_ids = []
    async with database.transaction() as connection:
        for update in range(50):
            inbox_ids.append(
                await inbox.insert(connection, Channel.KAKAO, str(update), external_sender_id="a", payload={})
            )
    waiter = ResultWaiter(database)
    waiting = [
        asyncio.create_task(waiter.wait(inbox_id, deadline=NEVER)) for inbox_id in inbox_ids if inbox_id is not None
    ]
    cancelled, *others = waiting
    await asyncio.sleep(0.3)
    assert not any(task.done() for task in waiting)
    cancelled.cancel()
    async with database.transaction() as connection:
        for inbox_id in inbox_ids[1:]:
            assert inbox_id is not None
            await inbox.mark_processed(connection, inbox_id)
    async with asyncio.timeout(30):
        await asyncio.gather(*others)
        await asyncio.sleep(0.3)
    assert max(query_sizes) == 50
    query_count = len(query_sizes)
    await asyncio.sleep(0.5)
    assert len(query_sizes) == query_count
    await asyncio.wait_for(waiter.wait(999_999, deadline=NEVER), 30)


async def test_lost_database_ends_all_waiting_requests() -> None:
    waiter = ResultWaiter(Database("postgresql://eva@127.0.0.1:1/eva"))
    results = await asyncio.gather(
        *(waiter.wait(inbox_id, deadline=NEVER) for inbox_id in range(3)), return_exceptions=True
    )
    assert all(isinstance(error, DatabaseUnavailableError) for error in results)


async def test_many_waiting_requests_end_before_their_deadline(database: Database) -> None:
    async with database.transaction() as connection:
        inbox_id = await inbox.insert(connection, Channel.KAKAO, "slow", external_sender_id="a", payload={})
    assert inbox_id is not None
    waiter = ResultWaiter(database)
    deadline = asyncio.get_running_loop().time() + 2 + 40 * STAGGER
    results = await asyncio.gather(
        *(waiter.wait(inbox_id, deadline=deadline) for _ in range(40)), return_exceptions=True
    )
    assert all(isinstance(error, TimeoutError) for error in results)
