"""Updates whose jobs were lost: requeued a limited number of times, then marked as failed for an operator.

A job is lost when it gives up while the database is away, or when it crashes its worker. Failed updates keep their
payload until `core.db.inbox.RETENTION` has passed, so that they can be retried by hand.

See ADR 0016.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import func, null, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.schema import Channel

log = structlog.get_logger()

MAX_REQUEUES = 5
"""How often an update gets a new job, before it is marked as failed."""

CLAIM_ORPHANED = text("""
WITH orphaned AS (
    SELECT id FROM inbox
    WHERE channel = :channel AND processed_at IS NULL AND failed_at IS NULL
        AND received_at < now() - CAST(:min_age AS interval)
        AND NOT EXISTS (
            SELECT FROM procrastinate_jobs
            WHERE status IN ('doing', 'todo') AND CAST(args ->> 'inbox_id' AS bigint) = inbox.id
        )
    ORDER BY received_at LIMIT :limit FOR UPDATE SKIP LOCKED
)
UPDATE inbox SET
    failed_at = CASE WHEN requeue_count >= :max_requeues THEN now() END,
    requeue_count = least(requeue_count + 1, :max_requeues)
FROM orphaned WHERE inbox.id = orphaned.id
RETURNING inbox.id, inbox.payload, inbox.failed_at
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedUpdate:
    """An update that was given up; without its payload, which is personal data."""

    id: int
    channel: Channel
    received_at: datetime
    failed_at: datetime


async def claim_orphaned(
    connection: AsyncConnection, channel: Channel, *, min_age: timedelta, limit: int
) -> list[tuple[int, dict[str, Any]]]:
    """Unfinished updates without a job, for the caller to enqueue a new one in the same transaction.

    Each is claimed by one worker and counted; after `MAX_REQUEUES` times it is marked as failed instead.

    Args:
        connection: the transaction.
        channel: the messenger.
        min_age: time since the update was received, at least.
        limit: number of updates, at most.

    Returns:
        Inbox ids and payloads, in the order of arrival.
    """
    values = {"channel": channel, "min_age": min_age, "limit": limit, "max_requeues": MAX_REQUEUES}
    rows = sorted(await connection.execute(CLAIM_ORPHANED, values), key=lambda row: int(row.id))
    for row in rows:
        if row.failed_at is not None:
            log.error("update_dead_lettered", inbox_id=row.id, channel=channel, requeues=MAX_REQUEUES)
    return [(row.id, row.payload or {}) for row in rows if row.failed_at is None]


async def count_failed(connection: AsyncConnection) -> int:
    """Number of failed updates."""
    statement = select(func.count()).select_from(schema.inbox).where(schema.inbox.c.failed_at.is_not(None))
    return (await connection.execute(statement)).scalar_one()


async def list_failed(connection: AsyncConnection, *, limit: int) -> list[FailedUpdate]:
    """The latest failed updates first."""
    table = schema.inbox
    columns = table.c.id, table.c.channel, table.c.received_at, table.c.failed_at
    statement = select(*columns).where(table.c.failed_at.is_not(None)).order_by(table.c.failed_at.desc()).limit(limit)
    return [
        FailedUpdate(id=row.id, channel=Channel(row.channel), received_at=row.received_at, failed_at=row.failed_at)
        for row in await connection.execute(statement)
    ]


async def retry_failed(connection: AsyncConnection, inbox_ids: Collection[int] | None = None) -> int:
    """Let failed updates be requeued, which the periodic requeueing then does within a minute.

    Args:
        connection: to execute on.
        inbox_ids: which ones; None for all.

    Returns:
        Number of updates that will be retried.
    """
    table = schema.inbox
    statement = (
        update(table).where(table.c.failed_at.is_not(None)).values(failed_at=null(), requeue_count=0, fault_count=0)
    )
    if inbox_ids is not None:
        statement = statement.where(table.c.id.in_(inbox_ids))
    return (await connection.execute(statement)).rowcount
