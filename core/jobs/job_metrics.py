"""Each job has its id in the log, is measured, and restarts its worker if its end could not be recorded."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import structlog
from procrastinate import JobContext
from procrastinate.worker import Worker
from structlog.contextvars import bound_contextvars

from core.metrics import JOB_SECONDS
from core.tracing import job_span

log = structlog.get_logger()


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
        JOB_SECONDS.labels(context.job.task_name, outcome).observe(time.perf_counter() - started)


def _restart_unless_recorded(worker: Worker, job: asyncio.Task[Any]) -> None:
    """Restart a worker that could not record how a job ended: while it lives, no other worker takes that job over.

    procrastinate handles every error of the job itself, so what is left is one of the statement that records its end.
    """
    if not job.cancelled() and (error := job.exception()) is not None:
        log.warning("queue_connection_lost", error=type(error.__cause__ or error).__name__)
        worker.stop()  # type: ignore[no-untyped-call]
