"""Counters of rate limits, shared by all processes. Their clock is the database's.

A counter belongs to a key and a period, which is the number of its window since 1970; period 0 is a window that begins
with its first event. `core.db.submissions` counts photos a day here. The table is unlogged: a crash of the server
empties it.

See ADR 0026.
"""

from sqlalchemy import delete, func, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema

ACQUIRE = text("""
WITH input AS (
    SELECT extract(epoch FROM now()) / CAST(:window AS int) AS windows, CAST(:window AS int) AS length,
        CAST(:key AS bytea) AS key, CAST(:amount AS int) AS amount, CAST(:limit AS int) AS most
), clock AS (
    SELECT *, CAST(floor(windows) AS bigint) AS period, 1 - (windows - floor(windows)) AS weight FROM input
), allowed AS (
    SELECT clock.*, most - weight * coalesce((
        SELECT counter.count FROM rate_limits AS counter
        WHERE counter.key = clock.key AND counter.period = clock.period - 1
    ), 0) AS remaining FROM clock
)
INSERT INTO rate_limits (key, period, count, expires_at)
SELECT key, period, amount, to_timestamp((period + 2) * length) FROM allowed WHERE amount <= remaining
ON CONFLICT (key, period) DO UPDATE SET count = rate_limits.count + excluded.count
WHERE rate_limits.count + excluded.count <= (SELECT remaining FROM allowed)
RETURNING count
""")
SELECT_WINDOW = text("""
WITH clock AS (SELECT extract(epoch FROM now()) / CAST(:window AS int) AS windows)
SELECT CAST(:window * (1 - (windows - floor(windows))) AS float) AS rest,
    coalesce((SELECT count FROM rate_limits WHERE key = :key AND period = floor(windows) - 1), 0) AS previous,
    coalesce((SELECT count FROM rate_limits WHERE key = :key AND period = floor(windows)), 0) AS current
FROM clock
""")
INCREMENT = text("""
INSERT INTO rate_limits AS counter (key, period, count, expires_at)
VALUES (:key, 0, CAST(:amount AS int), now() + make_interval(secs => CAST(:window AS int)))
ON CONFLICT (key, period) DO UPDATE SET
    count = CASE WHEN counter.expires_at <= now() THEN excluded.count ELSE counter.count + excluded.count END,
    expires_at = CASE WHEN counter.expires_at <= now() THEN excluded.expires_at ELSE counter.expires_at END
RETURNING count
""")
SELECT_COUNT = text("SELECT count FROM rate_limits WHERE key = :key AND period = 0 AND expires_at > now()")
SELECT_EXPIRY = text("SELECT extract(epoch FROM expires_at) FROM rate_limits WHERE key = :key AND period = 0")


async def acquire(connection: AsyncConnection, key: bytes, *, limit: int, window: int, amount: int = 1) -> bool:
    """Count an event unless the sliding window is full.

    It has the events of the current window, and those of the last one by the share of it that it overlaps.

    Args:
        connection: in AUTOCOMMIT, so that the row is locked for a moment only.
        key: who is counted.
        limit: events in a window.
        window: in seconds.
        amount: number of events.
    """
    values = {"key": key, "limit": limit, "window": window, "amount": amount}
    return (await connection.execute(ACQUIRE, values)).first() is not None


async def get_window(connection: AsyncConnection, key: bytes, *, window: int) -> tuple[int, int, float]:
    """The events of the last and of the current window, and the seconds until the current one ends."""
    row = (await connection.execute(SELECT_WINDOW, {"key": key, "window": window})).one()
    return row.previous, row.current, row.rest


async def increment(connection: AsyncConnection, key: bytes, *, window: int, amount: int = 1) -> int:
    """Count events in a window that begins with its first event; returns how many it has.

    Args:
        connection: in AUTOCOMMIT, so that the row is locked for a moment only.
        key: who is counted.
        window: in seconds.
        amount: number of events.
    """
    values = {"key": key, "window": window, "amount": amount}
    return int((await connection.execute(INCREMENT, values)).scalar_one())


async def get_count(connection: AsyncConnection, key: bytes) -> int:
    """The events of a window that began with its first event."""
    return int((await connection.execute(SELECT_COUNT, {"key": key})).scalar_one_or_none() or 0)


async def get_expiry(connection: AsyncConnection, key: bytes) -> float:
    """When such a window ends, in seconds since 1970; 0 without one."""
    return float((await connection.execute(SELECT_EXPIRY, {"key": key})).scalar_one_or_none() or 0)


async def clear(connection: AsyncConnection, key: bytes | None = None) -> int:
    """Delete the counters of a key, or all; returns how many."""
    table = schema.rate_limits
    statement = delete(table) if key is None else delete(table).where(table.c.key == key)
    return (await connection.execute(statement)).rowcount


async def delete_expired(connection: AsyncConnection) -> None:
    """Delete counters that no limit looks at any more."""
    table = schema.rate_limits
    await connection.execute(delete(table).where(table.c.expires_at <= func.now()))
