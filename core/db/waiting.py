"""Who waits for an answer: updates whose job has not begun, and those whose job was lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from sqlalchemy.ext.asyncio import AsyncConnection

    from core.db.tables import Channel

__all__ = ["Waiting", "orphans", "waiting"]

FIND = text("""
WITH jobs AS (
    SELECT status, attempts, CAST(args ->> 'inbox_id' AS bigint) AS inbox_id,
        row_number() OVER (ORDER BY priority DESC, id) - 1 AS ahead,
        row_number() OVER (PARTITION BY lock ORDER BY status DESC, priority DESC, id) AS turn
    FROM procrastinate_jobs
    WHERE status IN ('doing', 'todo') AND task_name = ANY (:tasks) AND (scheduled_at IS NULL OR scheduled_at <= now())
)
SELECT inbox.id, inbox.payload, jobs.ahead, now() - inbox.received_at AS since
FROM jobs JOIN inbox ON inbox.id = jobs.inbox_id
WHERE jobs.status = 'todo' AND jobs.attempts = 0 AND jobs.turn = 1 AND inbox.done_at IS NULL
    AND inbox.received_at < now() - CAST(:since AS interval)
    AND inbox.payload -> 'message' ?| ARRAY['photo', 'document']
ORDER BY jobs.ahead LIMIT :limit
""")

ORPHANS = text("""
SELECT inbox.id, inbox.payload FROM inbox
WHERE platform = :platform AND done_at IS NULL AND received_at < now() - CAST(:age AS interval)
    AND NOT EXISTS (
        SELECT FROM procrastinate_jobs
        WHERE status IN ('doing', 'todo') AND CAST(args ->> 'inbox_id' AS bigint) = inbox.id
    )
ORDER BY received_at LIMIT :limit FOR UPDATE OF inbox SKIP LOCKED
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An update that waits for its turn."""

    id: int
    """Its number in the inbox."""
    payload: dict[str, Any]
    ahead: int
    """How many jobs come before it or are being done."""
    since: timedelta


async def waiting(connection: AsyncConnection, tasks: Sequence[str], *, since: timedelta, limit: int) -> list[Waiting]:
    """The photos that came longer ago than this and that nobody has begun with, the first in the queue first.

    Of each chat only the one whose turn is next, and none while the chat is being answered.

    Args:
        connection: the unit of work.
        tasks: the queue's tasks that answer, called with an `inbox_id`.
        since: how long they have waited.
        limit: how many at most.
    """
    found = await connection.execute(FIND, {"tasks": list(tasks), "since": since, "limit": limit})
    return [Waiting(id=row.id, payload=row.payload, ahead=row.ahead, since=row.since) for row in found]


async def orphans(
    connection: AsyncConnection, platform: Channel, *, age: timedelta, limit: int
) -> list[tuple[int, dict[str, Any]]]:
    """Undone updates that came longer ago than this and have no job any more: it gave up while the database was away.

    They are locked until the unit of work ends, so that one worker alone enqueues them anew.

    Args:
        connection: the unit of work.
        platform: whose updates.
        age: how long ago they came, at least.
        limit: how many at most.

    Returns:
        Their numbers in the inbox, and what they say.
    """
    found = await connection.execute(ORPHANS, {"platform": platform, "age": age, "limit": limit})
    return [(row.id, row.payload or {}) for row in found]
