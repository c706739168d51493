"""The durable job queue: procrastinate on the application's own PostgreSQL.

A job is enqueued in the transaction that makes it necessary: both are committed, or neither. Jobs with the same lock
run one at a time, in order; all others run concurrently. A failed job is retried after 1, 2 and 4 seconds and keeps its
lock meanwhile. A job whose worker died is requeued within a minute. Jobs are deleted when they end, with or
without success; the update that they processed is in the inbox.

See ADR 0005.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

import psycopg
import structlog
from procrastinate import App, BaseRetryStrategy, PsycopgConnector, RetryDecision
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core import metrics
from core.jobs.job_metrics import observe_job
from core.jobs.maintenance import MAINTENANCE_QUEUE, raise_if_cancelled, run_maintenance

log = structlog.get_logger()

DEFAULT_QUEUE = "default"
MAX_CONNECTIONS = 3
"""One waits for notifications; the others fetch and end jobs, a millisecond each."""
RETRY_DELAYS = (1, 2, 4)
"""Seconds before each further attempt."""
NEVER = timedelta(days=3650).total_seconds()
"""procrastinate would forget workers at each start of one by the clock alone; `core.jobs.maintenance` does that."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerTimings:
    """Intervals and timeouts of a worker, in seconds."""

    poll_interval: float = 0.4
    """Between checks of the queue. Notifications wake the worker for new jobs, but not for jobs whose lock was released
    or whose retry is due."""
    heartbeat_interval: float = 5.0
    heartbeat_timeout: float = 30.0
    """Without a heartbeat, until a worker counts as dead; see `core.jobs.maintenance`."""
    reconnect_delay: float = 1.0
    """Until a worker that lost the database connects again."""
    connect_timeout: float = 10.0
    """For a connection; also the longest shutdown while the database is away."""
    shutdown_grace: float = 6.5
    """For running jobs to finish when the worker is stopped. Jobs that take longer are put back into the queue. Of the
    ten seconds after which hosts kill a process, two are left for responses that they wait for, and the rest to end."""


DEFAULT_TIMINGS = WorkerTimings()


class ExponentialBackoff(BaseRetryStrategy):
    """Retries after each of some delays, by default 1, 2 and 4 seconds, and then gives up unless told otherwise.

    Waiting jobs hold the lock of their conversation.
    """

    def __init__(self, delays: Sequence[int] = RETRY_DELAYS, *, gives_up: bool = True) -> None:
        """Configure it.

        Args:
            delays: seconds before each further attempt.
            gives_up: whether the attempt after the last delay is the last one; else the last delay is repeated.
        """
        self.delays, self.gives_up = delays, gives_up

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """When to retry, or None: at once if the worker was stopped, which is no failure of the job."""
        if isinstance(exception, asyncio.CancelledError):
            return RetryDecision(retry_in={"seconds": 0})
        if self.gives_up and job.attempts >= len(self.delays):
            return None
        metrics.RETRIES.labels(job.task_name).inc()
        return RetryDecision(retry_in={"seconds": self.delays[min(job.attempts, len(self.delays) - 1)]})


class JobQueue:
    """The worker's side of the queue; an asynchronous context manager."""

    def __init__(
        self,
        conninfo: str,
        *register: Callable[[App], object],
        queues: Sequence[str] | None = None,
        timings: WorkerTimings = DEFAULT_TIMINGS,
    ) -> None:
        """Create the procrastinate application.

        Args:
            conninfo: the database, in libpq's form.
            register: functions that register tasks. (A procrastinate Blueprint serves one App only, because the App
                renames its tasks.)
            queues: whose jobs the worker runs; None for all.
            timings: intervals and timeouts.
        """
        self._timings = timings
        # No connection is needed at the start: where one is, a worker ends if the database is away just then.
        self.app = App(
            connector=PsycopgConnector(
                conninfo=conninfo,
                configure=_commit_each_statement,
                min_size=0,
                max_size=MAX_CONNECTIONS,
                timeout=timings.connect_timeout,
            ),
            worker_defaults={} if queues is None else {"queues": list(queues)},
        )
        for function in register:
            function(self.app)

    async def run_worker(self, context: Mapping[str, Any], *, concurrency: int = 8, until_empty: bool = False) -> None:
        """Run jobs until canceled; running jobs may then finish.

        Args:
            context: what tasks with `pass_context` find in `context.additional_context`.
            concurrency: number of concurrent jobs.
            until_empty: return when no job can start.

        Raises:
            asyncio.CancelledError: the worker was canceled.
        """
        if until_empty:
            await self._run_jobs(context, concurrency, until_empty=True)
            return
        timings = self._timings
        maintenance = asyncio.create_task(
            run_maintenance(
                self.app, heartbeat_interval=timings.heartbeat_interval, heartbeat_timeout=timings.heartbeat_timeout
            )
        )
        try:
            await self._run_jobs(context, concurrency, until_empty=False)
        finally:
            maintenance.cancel()
            await asyncio.gather(maintenance, return_exceptions=True)

    async def _run_jobs(self, context: Mapping[str, Any], concurrency: int, *, until_empty: bool) -> None:
        timings = self._timings
        while True:
            try:
                await self.app.run_worker_async(
                    concurrency=concurrency,
                    wait=not until_empty,
                    fetch_job_polling_interval=timings.poll_interval,
                    delete_jobs="always",
                    additional_context=dict(context),
                    install_signal_handlers=False,
                    update_heartbeat_interval=timings.heartbeat_interval,
                    stalled_worker_timeout=NEVER,
                    shutdown_graceful_timeout=timings.shutdown_grace,
                    worker_middleware=[observe_job],
                )
            except ConnectorException as error:
                raise_if_cancelled()
                log.warning("queue_connection_lost", error=type(error.__cause__ or error).__name__)
            else:
                if until_empty:
                    return
                raise_if_cancelled()
                # procrastinate returns without an error if only its listener lost the connection, or one job did.
                log.warning("queue_worker_restarting")
            await asyncio.sleep(timings.reconnect_delay)

    async def __aenter__(self) -> Self:
        await self.app.open_async()
        return self

    async def __aexit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.app.close_async()


async def _commit_each_statement(connection: psycopg.AsyncConnection) -> None:
    """Save BEGIN and COMMIT: procrastinate executes one statement at a time."""
    await connection.set_autocommit(True)


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
