"""Maintenance of the job queue: jobs of dead workers are put back."""

from functools import partial

import structlog
from procrastinate import App, JobContext
from procrastinate.jobs import Status

log = structlog.get_logger()

MAINTENANCE_QUEUE = "housekeeping"
"""The queue of periodic tasks; run by the same workers, but not counted in the statistics."""
MAX_STARTS = 10
"""Starts after which a job whose workers keep dying is abandoned: the job may be what kills them."""
URGENT_PRIORITY = 100


def register_maintenance(app: App, *, heartbeat_timeout: float) -> None:
    """Register `queue.rescue`, every 15 seconds.

    Args:
        app: the application.
        heartbeat_timeout: seconds without a heartbeat after which a worker counts as dead.
    """
    register = app.task(name="queue.rescue", queue=MAINTENANCE_QUEUE, priority=URGENT_PRIORITY, pass_context=True)
    task = register(partial(requeue_stalled_jobs, heartbeat_timeout=heartbeat_timeout))
    app.periodic(cron="* * * * * */15")(task)


async def requeue_stalled_jobs(context: JobContext, timestamp: int, *, heartbeat_timeout: float) -> None:
    """Put the jobs of dead workers back into the queue; abandon those that were started too often."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=heartbeat_timeout):
        if job.attempts >= MAX_STARTS:
            log.error("job_abandoned", task=job.task_name, job=job.id)
            await manager.finish_job(job, Status.FAILED, delete_job=True)
        else:
            log.warning("stalled_job_requeued", task=job.task_name, job=job.id)
            await manager.retry_job(job)
