"""The worker of the queue: runs jobs, measures them, and retries those that failed.

A failed job is retried after 1, 2 and 4 seconds and keeps its lock meanwhile. A job whose worker died is requeued
within a minute.

See ADR 0005.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from types import TracebackType
from typing import Any, Self

import psycopg
import structlog
from procrastinate import App, BaseRetryStrategy, JobContext, PsycopgConnector, RetryDecision
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job
from procrastinate.worker import Worker
from structlog.contextvars import bound_contextvars

from core import metrics
from core.jobs.maintenance import raise_if_cancelled, run_maintenance
from core.tracing import job_span

log = structlog.get_logger()

MAX_CONNECTIONS = 3
"""One waits for notifications; the others fetch and end jobs, a millisecond each."""
RETRY_DELAYS = (1, 2, 4)
"""Seconds before each further attempt."""
NEVER = timedelta(days=3650).total_seconds()
"""procrastinate would forget workers at each start of one by the clock alone; `core.jobs.maintenance` does that."""


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


async def observe_job(call_next: Callable[[], Awaitable[Any]], context: JobContext, worker: Worker) -> Any:
    """Run a job with the log fields `job` and `task`, and record `eva_job_seconds`."""
    if (running := asyncio.current_task()) is not None:
        running.add_done_callback(partial(_restart_unless_recorded, worker))
    started, outcome = time.perf_counter(), "failed"
    try:
        task, attempt = context.job.task_name, context.job.attempts
        with bound_contextvars(job=context.job.id, task=task), job_span(task, attempt):
            result = await call_next()
        outcome = "succeeded"
        return result
    finally:
        metrics.JOB_SECONDS.labels(context.job.task_name, outcome).observe(time.perf_counter() - started)


def _restart_unless_recorded(worker: Worker, job: asyncio.Task[Any]) -> None:
    """Restart a worker that could not record how a job ended: while it lives, no other worker takes that job over.

    procrastinate handles every error of the job itself, so what is left is one of the statement that records its end.
    """
    if not job.cancelled() and (error := job.exception()) is not None:
        log.warning("queue_connection_lost", error=type(error.__cause__ or error).__name__)
        worker.stop()  # type: ignore[no-untyped-call]
