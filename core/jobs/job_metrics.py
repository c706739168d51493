"""Each job has its id in the log and is measured."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

from procrastinate import JobContext
from procrastinate.worker import Worker
from structlog.contextvars import bound_contextvars

from core.metrics import JOB_SECONDS
from core.tracing import job_span


async def observe_job(call_next: Callable[[], Awaitable[Any]], context: JobContext, worker: Worker) -> Any:
    """Run a job with the log fields `job` and `task`, and record `eva_job_seconds`."""
    started, outcome = time.perf_counter(), "failed"
    try:
        task, attempt = context.job.task_name, context.job.attempts
        with bound_contextvars(job=context.job.id, task=task), job_span(task, attempt):
            result = await call_next()
        outcome = "succeeded"
        return result
    finally:
        JOB_SECONDS.labels(context.job.task_name, outcome).observe(time.perf_counter() - started)
