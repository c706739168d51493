"""Updates in the queue: photos whose jobs wait, and updates whose jobs were lost.

A job is lost when it gives up while the database is away, or when it crashes its worker. Its update is requeued a
limited number of times, then marked as failed for an operator. Failed updates keep their payload until
`core.db.inbox.RETENTION` has passed, so that they can be retried by hand. The updates themselves are the concern of
`core.db.inbox`.

See ADR 0016.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import func, null, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.schema import Channel

RATE_PERIOD = timedelta(seconds=10)
"""The last seconds in which the finished updates are counted, to estimate how fast they are handled."""
MIN_RATE = 1.0
"""Updates per second that are assumed when fewer were finished, since nothing may have been waiting."""

SELECT_WAITING = text("""
WITH unfinished AS (
    SELECT *, scheduled_at IS NULL OR scheduled_at <= now() AS is_due FROM procrastinate_jobs
    WHERE status IN ('doing', 'todo') AND task_name = ANY (:tasks)
), jobs AS (
    SELECT status, attempts, is_due, CAST(args ->> 'inbox_id' AS bigint) AS inbox_id,
        count(*) FILTER (WHERE is_due) OVER (ORDER BY priority DESC, id) - 1 AS position,
        row_number() OVER (PARTITION BY lock ORDER BY status DESC, priority DESC, id) AS turn
    FROM unfinished
), waiting AS (
    SELECT inbox.id, inbox.payload, jobs.position,
        inbox.received_at < now() - CAST(:notice_after AS interval)
            AND jobs.position >= :rest * greatest(:min_rate, (
                SELECT count(*) FROM inbox WHERE processed_at > now() - CAST(:period AS interval)
            ) / extract(epoch FROM CAST(:period AS interval)))
            AND NOT EXISTS (
                SELECT FROM inbox AS other JOIN job_checkpoints ON job_checkpoints.inbox_id = other.id
                WHERE other.channel = inbox.channel AND other.external_sender_id = inbox.external_sender_id
                    AND other.received_at > inbox.received_at - CAST(:notice_interval AS interval)
                    AND job_checkpoints.name = :notice
                    AND job_checkpoints.data = inbox.payload #> '{message,chat,id}'
            ) AS needs_notice
    FROM jobs JOIN inbox ON inbox.id = jobs.inbox_id
    WHERE jobs.status = 'todo' AND jobs.is_due AND jobs.attempts = 0 AND jobs.turn = 1
        AND inbox.processed_at IS NULL AND inbox.failed_at IS NULL
        AND inbox.received_at < now() - CAST(:min_wait AS interval)
        AND inbox.payload -> 'message' ?| ARRAY['photo', 'document']
), ranked AS (
    SELECT *, row_number() OVER (ORDER BY position) AS place,
        row_number() OVER (PARTITION BY needs_notice ORDER BY position) AS notice_place
    FROM waiting
)
SELECT id, payload, position, needs_notice FROM ranked
WHERE place <= :limit OR (needs_notice AND notice_place <= :limit)
ORDER BY position
""")
SELECT_WAIT = text("""
WITH mine AS (
    SELECT min(id) AS id FROM procrastinate_jobs
    WHERE status IN ('doing', 'todo') AND task_name = :task AND CAST(args ->> 'inbox_id' AS bigint) = :inbox_id
)
SELECT (
    SELECT count(*) FROM procrastinate_jobs AS jobs, mine
    WHERE jobs.status IN ('doing', 'todo') AND jobs.task_name = :task AND jobs.id < mine.id
        AND (jobs.scheduled_at IS NULL OR jobs.scheduled_at <= now())
) AS ahead, (
    SELECT count(*) FROM inbox WHERE processed_at > now() - CAST(:period AS interval)
) AS finished
""")
log = structlog.get_logger()
ORPHAN_AGE = timedelta(minutes=2)
"""Age from which an update without a job counts as orphaned."""
ORPHAN_BATCH = 100
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
class WaitingPhoto:
    """A photo whose job has not started."""

    id: int
    """Of its update in the inbox."""
    payload: dict[str, Any]
    position: int
    """Number of jobs that run or come before it."""
    needs_notice: bool
    """Whether its sender is sent the position: see `NoticeRule`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRule:
    """When the sender of a waiting photo is sent the position in the queue."""

    checkpoint: str
    """Name of the step that records a notice, with the id of its chat as data: in groups, Telegram names all anonymous
    administrators alike."""
    waited: timedelta
    """Since the photo was received, at least."""
    remaining: timedelta
    """Expected until it is answered, at least."""
    interval: timedelta
    """Between the photos of two notices to one sender in one chat, at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueWait:
    """How long an update has to wait."""

    ahead: int
    """Jobs of its kind that run or come before it."""
    seconds: float
    """An estimate from how many updates were finished lately."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedUpdate:
    """An update that was given up; without its payload, which is personal data."""

    id: int
    channel: Channel
    received_at: datetime
    failed_at: datetime


async def list_waiting(
    connection: AsyncConnection, tasks: Sequence[str], *, min_wait: timedelta, notice: NoticeRule, limit: int
) -> list[WaitingPhoto]:
    """Photos whose job has not started, in the order of the queue: the first ones, and the first that need a notice.

    Of each conversation only the next one, and none while the conversation is being answered.

    Args:
        connection: to execute on.
        tasks: names of the tasks that answer photos, with an argument `inbox_id`.
        min_wait: time since the photo was received, at least.
        notice: which of them need a notice.
        limit: number of first ones, and number of those that need a notice, at most.
    """
    values = {
        "tasks": list(tasks),
        "min_wait": min_wait,
        "limit": limit,
        "notice": notice.checkpoint,
        "notice_after": notice.waited,
        "notice_interval": notice.interval,
        "rest": notice.remaining.total_seconds(),
        "min_rate": MIN_RATE,
        "period": RATE_PERIOD,
    }
    return [WaitingPhoto(**row) for row in (await connection.execute(SELECT_WAITING, values)).mappings()]


async def get_expected_wait(connection: AsyncConnection, inbox_id: int, task: str) -> QueueWait:
    """How long an update has to wait for its result.

    Args:
        connection: to execute on.
        inbox_id: the update.
        task: the task of its job; only these are counted.
    """
    row = (await connection.execute(SELECT_WAIT, {"task": task, "inbox_id": inbox_id, "period": RATE_PERIOD})).one()
    rate = max(MIN_RATE, row.finished / RATE_PERIOD.total_seconds())
    return QueueWait(ahead=row.ahead, seconds=(row.ahead + 1) / rate)


async def claim_orphaned(connection: AsyncConnection, channel: Channel) -> list[tuple[int, dict[str, Any]]]:
    """Unfinished updates without a job, for the caller to enqueue a new one in the same transaction.

    Each is claimed by one worker and counted; after `MAX_REQUEUES` times it is marked as failed instead.

    Returns:
        Inbox ids and payloads, in the order of arrival, at most `ORPHAN_BATCH`.
    """
    values = {"channel": channel, "min_age": ORPHAN_AGE, "limit": ORPHAN_BATCH, "max_requeues": MAX_REQUEUES}
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
