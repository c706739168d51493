"""Counters of rate limits."""

from datetime import timedelta

from sqlalchemy import func, select, update

from core.db import rate_limits, schema
from core.db.database import Database

KEY = b"key"
HOUR = 3600
MANY = 2**31 - 1


async def test_a_window_that_ended_begins_again_with_the_next_event(database: Database) -> None:
    async with database.connection() as connection:
        assert await rate_limits.increment(connection, KEY, window=60, amount=3) == 3
        assert await rate_limits.increment(connection, KEY, window=60) == 4
        ended = await rate_limits.get_expiry(connection, KEY)
        await connection.execute(update(schema.rate_limits).values(expires_at=func.now() - timedelta(seconds=1)))
        assert await rate_limits.get_count(connection, KEY) == 0
        assert await rate_limits.increment(connection, KEY, window=60) == 1
        assert await rate_limits.get_expiry(connection, KEY) >= ended


async def test_events_beyond_the_limit_are_not_counted(database: Database) -> None:
    async with database.connection() as connection:
        assert not await rate_limits.acquire(connection, KEY, limit=2, window=HOUR, amount=3)
        assert [await rate_limits.acquire(connection, KEY, limit=2, window=HOUR) for _ in range(3)] == [
            True,
            True,
            False,
        ]
        rows = (await connection.execute(select(schema.rate_limits.c.count))).scalars().all()
    assert rows == [2]


async def test_the_last_window_counts_against_the_first_event_of_a_new_one(database: Database) -> None:
    """By the share that the sliding window overlaps; of so many events, any share is too much."""
    async with database.connection() as connection:
        assert await rate_limits.acquire(connection, KEY, limit=1, window=HOUR)
        counter = schema.rate_limits
        await connection.execute(update(counter).values(period=counter.c.period - 1, count=MANY))
        assert not await rate_limits.acquire(connection, KEY, limit=1, window=HOUR)
        await connection.execute(update(counter).values(period=counter.c.period - 1))
        assert await rate_limits.acquire(connection, KEY, limit=1, window=HOUR)
