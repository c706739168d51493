"""The durable queue: procrastinate on Eva's own Postgres.

A job is enqueued in the unit of work that makes it necessary: both are there, or neither. Jobs with the same lock
are done one at a time, in their order; all others side by side. A job that fails is tried again after 1, 2 and 4
seconds, and keeps its lock meanwhile. A job whose worker died is taken up by another one within a minute. Jobs are
deleted when they end, however they end: what they were about is in the inbox.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

import structlog
from procrastinate import App, BaseRetryStrategy, JobContext, PsycopgConnector, RetryDecision
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core import metrics

log = structlog.get_logger()

DEFAULT_QUEUE = "default"
MAINTENANCE_QUEUE = "housekeeping"
"""The queue of what nobody waits for; done by the same workers, but not counted."""
RETRY_DELAYS = (1, 2, 4)
"""Seconds to wait before each new try."""
MAX_STARTS = 10
"""Starts after which a job is given up whose workers keep dying: it may be what kills them."""
POLL_INTERVAL = 0.4
"""Seconds between looks at the queue. A notification wakes the worker for new jobs, but nothing does for one whose
lock has become free or whose time to try again has come."""
HEARTBEAT_INTERVAL = 5.0
HEARTBEAT_TIMEOUT = 30.0
"""Seconds without a heartbeat after which a worker counts as dead."""
RECONNECT_DELAY = 1.0
"""Seconds until a worker that lost the database tries again."""
CONNECT_TIMEOUT = 10.0
"""Seconds to wait for a connection; as long a stop may take while the database is away."""
SHUTDOWN_GRACE = 20.0
"""Seconds that running jobs have to end when the worker is stopped."""
URGENT_PRIORITY = 100

DEFER_SQL = """procrastinate_defer_jobs_v1(ARRAY[
    ROW(
        CAST(:queue AS varchar), CAST(:task AS varchar), CAST(:priority AS integer), CAST(:lock AS text), NULL,
        {args}, now() + CAST(:delay AS interval)
    )::procrastinate_job_to_defer_v1
])"""
"""What enqueues a job, for a statement that has `NewJob.values` among its parameters."""
ENQUEUE_SQL = text(f"SELECT unnest({DEFER_SQL.format(args='CAST(:args AS jsonb)')})")
STATS_SQL = text("""
SELECT count(*) FILTER (WHERE status = 'todo') AS waiting, count(*) FILTER (WHERE status = 'doing') AS running,
    (
        SELECT now() - min(at) FROM procrastinate_events
        WHERE type = 'deferred' AND job_id = min(jobs.id) FILTER (WHERE status = 'todo')
    ) AS oldest
FROM procrastinate_jobs AS jobs WHERE queue_name = :queue AND status IN ('todo', 'doing')
    AND (scheduled_at IS NULL OR scheduled_at <= now())
""")
CANCEL_SQL = text("DELETE FROM procrastinate_jobs WHERE status = 'todo' AND lock = ANY (:locks)")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobInsert:
    """A job that is about to be enqueued."""

    task: str
    """Its name."""
    lock: str | None
    """Jobs with the same one are done one after the other, in their order."""
    delay: timedelta = timedelta(0)
    """How long the job waits before it may start."""
    priority: int = 0
    """A higher one goes first."""
    arguments: Mapping[str, object] = field(default_factory=dict)
    """What the task is called with, values that JSON can hold. No names, no addresses: ids."""

    @property
    def values(self) -> dict[str, object]:
        """The parameters of a statement that enqueues it."""
        return {
            "queue": DEFAULT_QUEUE,
            "task": self.task,
            "priority": self.priority,
            "lock": self.lock,
            "args": json.dumps(self.arguments),
            "delay": self.delay or None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStats:
    """How much there is to do."""

    waiting: int
    """Jobs that could start now."""
    running: int
    oldest: timedelta
    """How long the first of the waiting jobs has waited."""


class ExponentialBackoff(BaseRetryStrategy):
    """Try again after 1, 2 and 4 seconds, then never: the wait holds the job's lock, and with it its chat."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """When to try again, or None."""
        if job.attempts >= len(RETRY_DELAYS):
            return None
        metrics.RETRIES.labels(job.task_name).inc()
        return RetryDecision(retry_in={"seconds": RETRY_DELAYS[job.attempts]})


class JobQueue:
    """The worker's side of the queue; use it as an asynchronous context manager."""

    def __init__(self, conninfo: str, *tasks: Callable[[App], object]) -> None:
        """Put the queue together.

        Args:
            conninfo: the database, as libpq writes it.
            tasks: each puts some tasks into an App. (A procrastinate Blueprint would do for one App, which
                takes it over and renames its tasks.)
        """
        self.app = App(connector=PsycopgConnector(conninfo=conninfo, min_size=1, max_size=8, timeout=CONNECT_TIMEOUT))
        for put in (register_maintenance, *tasks):
            put(self.app)

    async def run_worker(self, context: Mapping[str, Any], *, concurrency: int = 8, until_empty: bool = False) -> None:
        """Do jobs until cancelled; running ones may then end.

        Args:
            context: what tasks with `pass_context` find in `context.additional_context`.
            concurrency: jobs at a time.
            until_empty: return when nothing is left that could be done now.
        """
        while True:
            try:
                await self.app.run_worker_async(
                    concurrency=concurrency,
                    wait=not until_empty,
                    fetch_job_polling_interval=POLL_INTERVAL,
                    delete_jobs="always",
                    additional_context=dict(context),
                    install_signal_handlers=False,
                    update_heartbeat_interval=HEARTBEAT_INTERVAL,
                    stalled_worker_timeout=HEARTBEAT_TIMEOUT,
                    shutdown_graceful_timeout=SHUTDOWN_GRACE,
                )
            except ConnectorException as error:
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    # Cancelled while the database was away: the worker raises what it met first.
                    raise asyncio.CancelledError from error
                log.warning("the queue lost its database", error=type(error.__cause__ or error).__name__)
            else:
                if until_empty:
                    return
                # It ends without a word when only its listener lost the database.
                log.warning("the queue's worker stopped and is started again")
            await asyncio.sleep(RECONNECT_DELAY)

    async def __aenter__(self) -> Self:
        await self.app.open_async()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.app.close_async()


def register_maintenance(app: App) -> None:
    """The queue's own task: `queue.rescue`, every 15 seconds."""
    task = app.task(name="queue.rescue", queue=MAINTENANCE_QUEUE, priority=URGENT_PRIORITY, pass_context=True)(
        requeue_stalled_jobs
    )
    app.periodic(cron="* * * * * */15")(task)


async def requeue_stalled_jobs(context: JobContext, timestamp: int) -> None:
    """Put jobs of dead workers back into the queue."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=HEARTBEAT_TIMEOUT):
        if job.attempts >= MAX_STARTS:
            log.error("given up", task=job.task_name, job=job.id)
            await manager.finish_job(job, Status.FAILED, delete_job=True)
        else:
            log.warning("taken up again", task=job.task_name, job=job.id)
            await manager.retry_job(job)


async def enqueue(
    connection: AsyncConnection,
    task: str,
    *,
    lock: str | None,
    delay: timedelta = timedelta(0),
    priority: int = 0,
    **arguments: object,
) -> int:
    """Enqueue a job within a unit of work; it can start when that is committed.

    Args:
        connection: the unit of work.
        task: as `NewJob`'s, like the others.
        lock: jobs with the same one are done one after the other, in this order.
        delay: how long the job waits before it may start.
        priority: a higher one goes first.
        arguments: what the task is called with.

    Returns:
        The job's number.
    """
    job = JobInsert(task=task, lock=lock, delay=delay, priority=priority, arguments=arguments)
    number: int = (await connection.execute(ENQUEUE_SQL, job.values)).scalar_one()
    return number


def conversation_lock_key(channel: str, chat: str) -> str:
    """The lock of everything that happens in one chat."""
    return f"{channel}:{chat}"


async def get_stats(connection: AsyncConnection) -> QueueStats:
    """How much there is to do right now."""
    row = (await connection.execute(STATS_SQL, {"queue": DEFAULT_QUEUE})).one()
    return QueueStats(waiting=row.waiting, running=row.running, oldest=row.oldest or timedelta(0))


async def cancel_pending(connection: AsyncConnection, locks: Sequence[str]) -> None:
    """Delete the jobs under these locks that did not start yet."""
    await connection.execute(CANCEL_SQL, {"locks": list(locks)})
