"""Connections of tasks that are canceled, as those of requests are when the server stops or the visitor leaves."""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from itertools import count
from types import coroutine
from typing import Any

import pytest
from sqlalchemy import text

from core.db.database import CompiledStatement, Database

SELECT_ONE = text("SELECT 1")
COUNT_OPEN_TRANSACTIONS = CompiledStatement(
    text(
        "SELECT count(*) AS open FROM pg_stat_activity"
        " WHERE datname = current_database() AND state LIKE 'idle in transaction%'"
    )
)


async def read_by_driver(database: Database) -> None:
    async with database.connection() as connection:
        await CompiledStatement(SELECT_ONE).fetch(connection)


async def read(database: Database) -> None:
    async with database.connection() as connection:
        await connection.execute(SELECT_ONE)


async def read_in_transaction(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute(SELECT_ONE)


@coroutine
def cancel_at(wait: int, work: Coroutine[Any, Any, None]) -> Generator[Any, None, None]:
    """Run `work`, and cancel its task each time that it waits from the given time on."""
    task, error = asyncio.current_task(), None
    assert task is not None
    for number in count():
        try:
            future = work.send(None) if error is None else work.throw(error)
        except StopIteration:
            return
        if number >= wait:
            task.cancel()
        try:
            yield future
            error = None
        except BaseException as raised:  # noqa: BLE001 (a cancellation is one; all belong to the work)
            error = raised


@pytest.mark.parametrize("work", [read_by_driver, read, read_in_transaction], ids=lambda work: work.__name__)
async def test_the_pool_gets_a_connection_back_wherever_its_task_is_canceled(
    database: Database, url: str, work: Callable[[Database], Coroutine[Any, Any, None]]
) -> None:
    """Each wait once, with more cancellations while the connection is closed because of the first one."""
    async with Database(url, pool_size=1) as single:
        for wait in count():
            (outcome,) = await asyncio.gather(
                asyncio.ensure_future(cancel_at(wait, work(single))), return_exceptions=True
            )
            if outcome is None:
                assert wait > 1
                return
            assert isinstance(outcome, asyncio.CancelledError)
            assert single.get_pool_usage().used == 0, f"at wait {wait}"
            async with single.connection() as connection:
                (row,) = await COUNT_OPEN_TRANSACTIONS.fetch(connection)
            assert row.open == 0, f"at wait {wait}"
