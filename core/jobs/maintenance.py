"""Maintenance of the job queue: jobs of dead workers are put back, and jobs start although a clock was set back.

Every worker does it while it runs jobs, by the monotonic clock: the periodic tasks of procrastinate stand still while
a clock that was set back runs through the same time again.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from procrastinate import App
from procrastinate.exceptions import ConnectorException

log = structlog.get_logger()

MAINTENANCE_QUEUE = "housekeeping"
"""The queue of periodic tasks that do not need Telegram; run by the same workers, but not counted in the statistics."""
MAX_STARTS = 10
"""Starts after which a job whose workers keep dying is abandoned: the job may be what kills them. Only jobs that come
again are: periodic ones, and those of an update, which then gets another job a limited number of times."""
MISSED_HEARTBEATS = 2
"""That another worker must have waited for in vain, however old the last one is by the clock."""
LATE_CHECK_INTERVAL = 60.0
"""Seconds between checks for jobs that are planned for too late a time."""
LONGEST_DELAY, LONGEST_RETRY_DELAY = timedelta(minutes=15), timedelta(minutes=10)
"""Limits of the delays with which Eva plans a job, and its repetition. Later ones were planned by another clock."""

SELECT_HEARTBEATS = """
SELECT id, last_heartbeat, last_heartbeat < now() - make_interval(secs => %(max_age)s) AS is_old
FROM procrastinate_workers
"""
REQUEUE_STALLED = """
WITH dead AS (
    SELECT worker.id FROM procrastinate_workers AS worker
    JOIN unnest(CAST(%(ids)s AS bigint[]), CAST(%(heartbeats)s AS timestamptz[])) AS seen (id, heartbeat)
        ON seen.id = worker.id AND seen.heartbeat = worker.last_heartbeat
    FOR UPDATE OF worker SKIP LOCKED
), stalled AS (
    SELECT id, attempts >= %(max_starts)s AND args ?| ARRAY['inbox_id', 'timestamp'] AS is_abandoned
    FROM procrastinate_jobs
    WHERE status = 'doing' AND (worker_id IS NULL OR worker_id IN (SELECT id FROM dead))
    FOR UPDATE SKIP LOCKED
), requeued AS (
    UPDATE procrastinate_jobs AS job
    SET status = 'todo', attempts = attempts + 1, scheduled_at = now(), worker_id = NULL
    FROM stalled WHERE stalled.id = job.id AND NOT stalled.is_abandoned
    RETURNING job.id, task_name, false AS is_abandoned
), abandoned AS (
    DELETE FROM procrastinate_jobs AS job
    USING stalled WHERE stalled.id = job.id AND stalled.is_abandoned
    RETURNING job.id, task_name, true AS is_abandoned
), forgotten AS (
    DELETE FROM procrastinate_workers WHERE id IN (SELECT id FROM dead)
)
SELECT * FROM requeued UNION ALL SELECT * FROM abandoned
"""
"""In one statement, so that of several workers that find a dead one, one requeues its jobs."""
START_LATE = """
UPDATE procrastinate_jobs SET scheduled_at = now()
WHERE status = 'todo'
    AND scheduled_at > now() + CASE WHEN attempts > 0 THEN %(longest_retry)s ELSE %(longest)s END
RETURNING id
"""


class HeartbeatMonitor:
    """Tells which workers died, from what one of them sees of the others' heartbeats.

    A heartbeat is old by the database's clock for a moment after that was set forward, although its worker lives; and
    it is new for long after the clock was set back. So it counts as well for how long it was seen unchanged.
    """

    def __init__(self, *, interval: float, timeout: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin to watch.

        Args:
            interval: seconds between the heartbeats of a worker.
            timeout: seconds without a heartbeat after which a worker counts as dead.
            clock: in seconds, never set.
        """
        self._shortest, self._timeout, self._clock = MISSED_HEARTBEATS * interval, timeout, clock
        self._seen: dict[int, tuple[datetime, float]] = {}
        self._looked_at = clock()

    def find_dead(self, workers: Sequence[dict[str, Any]]) -> dict[int, datetime]:
        """The dead ones of all workers, with their last heartbeats.

        Args:
            workers: rows of SELECT_HEARTBEATS.
        """
        now, dead = self._clock(), {}
        # After a pause of its own, as of a frozen machine, the others may have been frozen as well.
        earlier = self._seen if now - self._looked_at <= self._shortest else {}
        self._seen, self._looked_at = {}, now
        for worker in workers:
            number, heartbeat = worker["id"], worker["last_heartbeat"]
            known, since = earlier.get(number, (heartbeat, now))
            self._seen[number] = heartbeat, since if known == heartbeat else now
            unchanged = now - self._seen[number][1]
            if unchanged >= self._timeout or (unchanged >= self._shortest and worker["is_old"]):
                dead[number] = heartbeat
        return dead


async def run_maintenance(app: App, *, heartbeat_interval: float, heartbeat_timeout: float) -> None:
    """Do the maintenance until canceled.

    Args:
        app: the application.
        heartbeat_interval: seconds between the heartbeats of a worker, and between two looks at them.
        heartbeat_timeout: seconds without a heartbeat after which a worker counts as dead.

    Raises:
        asyncio.CancelledError: it was canceled.
    """
    monitor = HeartbeatMonitor(interval=heartbeat_interval, timeout=heartbeat_timeout)
    checked_at = -LATE_CHECK_INTERVAL
    while True:
        try:
            await requeue_stalled_jobs(app, monitor, max_age=heartbeat_timeout)
            if time.monotonic() - checked_at >= LATE_CHECK_INTERVAL:
                await start_late_jobs(app)
                checked_at = time.monotonic()
        except ConnectorException as error:
            log.warning("queue_maintenance_failed", error=type(error.__cause__ or error).__name__)
        except Exception as error:
            # Without this task the jobs of dead workers would stay with them until this process starts again.
            log.exception("queue_maintenance_failed", error=type(error).__name__)
        raise_if_cancelled()
        await asyncio.sleep(heartbeat_interval)


def raise_if_cancelled() -> None:
    """End a task whose cancellation was lost in a query: a connection that breaks just then raises its own error.

    Raises:
        asyncio.CancelledError: the task was canceled.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def requeue_stalled_jobs(app: App, monitor: HeartbeatMonitor, *, max_age: float) -> None:
    """Put the jobs of dead workers back into the queue; abandon those that were started too often."""
    dead = monitor.find_dead(await app.connector.execute_query_all_async(SELECT_HEARTBEATS, max_age=max_age))
    for job in await app.connector.execute_query_all_async(
        REQUEUE_STALLED,
        ids=list(dead),
        heartbeats=list(dead.values()),
        max_starts=MAX_STARTS,
    ):
        if job["is_abandoned"]:
            log.error("job_abandoned", task=job["task_name"], job=job["id"])
        else:
            log.warning("stalled_job_requeued", task=job["task_name"], job=job["id"])


async def start_late_jobs(app: App) -> None:
    """Let the jobs start that are planned for later than Eva plans any."""
    late = await app.connector.execute_query_all_async(
        START_LATE, longest_retry=LONGEST_RETRY_DELAY, longest=LONGEST_DELAY
    )
    if late:
        log.warning("late_jobs_started", count=len(late))
