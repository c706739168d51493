"""When the job of an update runs again.

`worker.update_outcome` decides it for faults, which the update counts, and for waits that Telegram demands. The count
of the job itself includes stops and deaths of workers as well, and only limits it in the end.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.jobs import Job

from core import metrics
from core.errors import DatabaseUnavailableError
from core.jobs.worker import RETRY_DELAYS

LONGEST_WAIT = 540
"""Seconds for which a job waits at most; see `core.jobs.maintenance.LONGEST_RETRY_DELAY`."""
MAX_RETRIES = 24 * 3600 // LONGEST_WAIT
"""Retries of one job: a day of waits that Telegram demands. Faults end the update earlier."""
OUTAGE_DELAY = 2
"""Seconds before each retry while the database is unreachable, where faults cannot be counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryDelays:
    """Seconds before each retry after a fault; after the last one the next fault ends the update."""

    photo: Sequence[int] = RETRY_DELAYS
    """Where an apology can be sent: a photo cannot be fetched or stored."""
    delivery: Sequence[int] = (1, 2, 4, 15, 60, 300)
    """While Telegram is away. An apology could not be sent either, so there are more of them."""


DEFAULT_DELAYS = RetryDelays()


class RetryLaterError(Exception):
    """The job of an update is to run again after a number of seconds."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"{seconds} s")
        self.seconds = seconds


class RetryPolicy(BaseRetryStrategy):
    """Retries jobs when they ask for it, or the database is unreachable; stopped ones at once."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """When to retry, or None."""
        match exception:
            case asyncio.CancelledError():
                return RetryDecision(retry_in={"seconds": 0})
            case RetryLaterError():
                seconds = exception.seconds
            case DatabaseUnavailableError():
                seconds = OUTAGE_DELAY
            case _:
                return None
        if job.attempts >= MAX_RETRIES:
            return None
        metrics.RETRIES.labels(job.task_name).inc()
        return RetryDecision(retry_in={"seconds": seconds})
