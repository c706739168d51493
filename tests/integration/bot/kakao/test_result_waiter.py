"""The room where calls wait: one question for all, and nobody is left behind."""

import asyncio
from collections.abc import Collection

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.kakao.result_waiter import STAGGER, ResultWaiter
from core.db import inbox
from core.db.database import CONNECTION_ERRORS, Database
from core.db.schema import Channel

LATER = float("inf")


async def test_all_who_wait_are_asked_about_together(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    pending = inbox.list_unfinished_ids

    async def counted(connection: AsyncConnection, inbox_ids: Collection[int]) -> set[int]:
        asked.append(len(inbox_ids))
        return await pending(connection, inbox_ids)

    monkeypatch.setattr(inbox, "list_unfinished_ids", counted)
    numbers = []
    async with database.transaction() as connection:
        for update in range(50):
            numbers.append(
                await inbox.insert(connection, Channel.KAKAO, str(update), external_sender_id="a", payload={})
            )
    room = ResultWaiter(database)
    waiting = [asyncio.create_task(room.wait(number, deadline=LATER)) for number in numbers if number is not None]
    impatient, *others = waiting
    await asyncio.sleep(0.3)
    assert not any(task.done() for task in waiting)
    impatient.cancel()
    async with database.transaction() as connection:
        for number in numbers[1:]:
            assert number is not None
            await inbox.mark_processed(connection, number)
    async with asyncio.timeout(30):
        await asyncio.gather(*others)
        await asyncio.sleep(0.3)
    assert max(asked) == 50
    quiet = len(asked)
    await asyncio.sleep(0.5)
    assert len(asked) == quiet
    await asyncio.wait_for(room.wait(999_999, deadline=LATER), 30)


async def test_all_who_wait_learn_that_the_database_is_away() -> None:
    room = ResultWaiter(Database("postgresql://eva@127.0.0.1:1/eva"))
    found = await asyncio.gather(*(room.wait(number, deadline=LATER) for number in range(3)), return_exceptions=True)
    assert all(isinstance(error, CONNECTION_ERRORS) for error in found)


async def test_who_waits_in_a_crowd_gives_up_in_time(database: Database) -> None:
    async with database.transaction() as connection:
        number = await inbox.insert(connection, Channel.KAKAO, "slow", external_sender_id="a", payload={})
    assert number is not None
    room = ResultWaiter(database)
    by = asyncio.get_running_loop().time() + 2 + 40 * STAGGER
    found = await asyncio.gather(*(room.wait(number, deadline=by) for _ in range(40)), return_exceptions=True)
    assert all(isinstance(error, TimeoutError) for error in found)
