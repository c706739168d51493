"""The durable job queue: procrastinate on the application's own PostgreSQL.

A job is enqueued in the transaction that makes it necessary: both are committed, or neither. Jobs with the same lock
run one at a time, in order; all others run concurrently. Jobs are deleted when they end, with or without success; the
update that they processed is in the inbox.

`core.jobs.worker` runs them.

See ADR 0005.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.jobs.maintenance import MAINTENANCE_QUEUE

DEFAULT_QUEUE = "default"

DEFER_SQL = """procrastinate_defer_jobs_v1(ARRAY[
    ROW(
        CAST(:queue AS varchar), CAST(:task AS varchar), CAST(:priority AS integer), CAST(:lock AS text), NULL,
        {args}, now() + CAST(:delay AS interval)
    )::procrastinate_job_to_defer_v1
])"""
"""SQL expression that enqueues a job, for a statement with the parameters of `JobInsert.values`."""
ENQUEUE_SQL = text(f"SELECT unnest({DEFER_SQL.format(args='CAST(:args AS jsonb)')})")
STATS_SQL = text("""
WITH jobs AS (
    SELECT id, status, scheduled_at, row_number() OVER (
        PARTITION BY coalesce(lock, id::text) ORDER BY status DESC, priority DESC, id
    ) AS turn
    FROM procrastinate_jobs WHERE queue_name <> :maintenance AND status IN ('todo', 'doing')
), due AS (
    SELECT id, status, scheduled_at, status = 'todo' AND turn = 1 AS can_start
    FROM jobs WHERE scheduled_at IS NULL OR scheduled_at <= now()
)
SELECT count(*) FILTER (WHERE status = 'todo') AS waiting, count(*) FILTER (WHERE status = 'doing') AS running,
    greatest(now() - min(scheduled_at) FILTER (WHERE can_start), (
        SELECT now() - min(at) FROM procrastinate_events
        WHERE type = 'deferred' AND job_id = min(due.id) FILTER (WHERE can_start AND scheduled_at IS NULL)
    )) AS oldest
FROM due
""")
"""What waits for its turn in its own conversation, or was planned for a later time, does not wait for a worker."""
IS_WAITING_SQL = text("SELECT 1 FROM procrastinate_jobs WHERE task_name = :task AND status = 'todo' LIMIT 1")
HEARTBEATS_SQL = text("SELECT now() - last_heartbeat FROM procrastinate_workers ORDER BY last_heartbeat DESC")
CANCEL_SQL = text("DELETE FROM procrastinate_jobs WHERE status = 'todo' AND lock = ANY (:locks)")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobInsert:
    """A job to be enqueued."""

    task: str
    """Name of the task."""
    lock: str | None
    """Jobs with the same lock run one after the other, in order."""
    delay: timedelta = timedelta(0)
    """Time before the job may start."""
    priority: int = 0
    """Jobs with a higher priority start first."""
    arguments: Mapping[str, object] = field(default_factory=dict)
    """Keyword arguments of the task, JSON values. No personal data: ids only."""
    queue: str = DEFAULT_QUEUE
    """A worker may run the jobs of some queues only."""

    @property
    def values(self) -> dict[str, object]:
        """The parameters of DEFER_SQL."""
        return {
            "queue": self.queue,
            "task": self.task,
            "priority": self.priority,
            "lock": self.lock,
            "args": json.dumps(self.arguments),
            "delay": self.delay or None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStats:
    """The load of all queues but that of maintenance."""

    waiting: int
    """Jobs whose time has come, those of conversations in which another one runs included."""
    running: int
    oldest: timedelta
    """For how long a job that could start has waited for a worker, at most."""


async def enqueue(
    connection: AsyncConnection,
    task: str,
    *,
    lock: str | None,
    delay: timedelta = timedelta(0),
    priority: int = 0,
    queue: str = DEFAULT_QUEUE,
    **arguments: object,
) -> int:
    """Enqueue a job within a transaction; it can start when the transaction is committed.

    Args:
        connection: the transaction.
        task: name of the task.
        lock: jobs with the same lock run one after the other, in order.
        delay: time before the job may start.
        priority: jobs with a higher priority start first.
        queue: see `JobInsert.queue`.
        arguments: keyword arguments of the task, JSON values.

    Returns:
        The job's id.
    """
    job = JobInsert(task=task, lock=lock, delay=delay, priority=priority, queue=queue, arguments=arguments)
    job_id: int = (await connection.execute(ENQUEUE_SQL, job.values)).scalar_one()
    return job_id


async def is_waiting(connection: AsyncConnection, task: str) -> bool:
    """Whether a job of this task waits to be started."""
    return (await connection.execute(IS_WAITING_SQL, {"task": task})).first() is not None


def conversation_lock_key(channel: str, chat: str) -> str:
    """The lock of all jobs of one conversation."""
    return f"{channel}:{chat}"


async def get_stats(connection: AsyncConnection) -> QueueStats:
    """The current load, without maintenance."""
    row = (await connection.execute(STATS_SQL, {"maintenance": MAINTENANCE_QUEUE})).one()
    return QueueStats(waiting=row.waiting, running=row.running, oldest=row.oldest or timedelta(0))


async def list_heartbeats(connection: AsyncConnection) -> Sequence[timedelta]:
    """How long ago each worker said that it lives, the latest first; a worker that died is listed for a while."""
    return (await connection.execute(HEARTBEATS_SQL)).scalars().all()


async def cancel_pending(connection: AsyncConnection, locks: Sequence[str]) -> None:
    """Delete the jobs with these locks that have not started."""
    await connection.execute(CANCEL_SQL, {"locks": list(locks)})
