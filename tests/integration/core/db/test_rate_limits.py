"""Counters of rate limits."""

from datetime import timedelta

from sqlalchemy import func, update

from core.db import rate_limits, schema
from core.db.database import Database

KEY = b"key"


async def test_a_window_that_ended_begins_again_with_the_next_event(database: Database) -> None:
    async with database.connection() as connection:
        assert await rate_limits.increment(connection, KEY, window=60, amount=3) == 3
        assert await rate_limits.increment(connection, KEY, window=60) == 4
        ended = await rate_limits.get_expiry(connection, KEY)
        await connection.execute(update(schema.rate_limits).values(expires_at=func.now() - timedelta(seconds=1)))
        assert await rate_limits.get_count(connection, KEY) == 0
        assert await rate_limits.increment(connection, KEY, window=60) == 1
        assert await rate_limits.get_expiry(connection, KEY) >= ended
