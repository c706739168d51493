"""The queue's tasks of Telegram: they answer what the mailbox took in, again after faults that pass, never for ever."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog
from procrastinate import JobContext, RetryDecision

from bot.telegram.mailbox import ALBUM, UPDATE, adopt
from core import meters, queue
from core.db.engine import DATABASE_FAULTS
from core.errors import NotDelivered, PictureUnreachable, StorageUnavailable
from core.queue import HOUSEKEEPING, QUEUE, RETRIES, Backoff

if TYPE_CHECKING:
    from collections.abc import Callable

    from procrastinate import App
    from procrastinate.jobs import Job

    from bot.telegram.conversation import Conversation

__all__ = ["Patience", "tasks"]

MINUTELY = "* * * * *"
PASSING = (NotDelivered, PictureUnreachable, StorageUnavailable)
MOST_WAITS = 10
"""Tries while the database is away: without it an update cannot be ended either, so there is time."""

log = structlog.get_logger()


class Patience(Backoff):
    """Try again after faults that may pass; what was stopped with the process goes on in the next one."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """When to try again, or None."""
        if isinstance(exception, asyncio.CancelledError):
            return RetryDecision(retry_in={"seconds": 0})
        if isinstance(exception, PASSING):
            return super().get_retry_decision(exception=exception, job=job)
        if isinstance(exception, DATABASE_FAULTS) and job.attempts < MOST_WAITS:
            meters.RETRIES.labels(job.task_name).inc()
            return RetryDecision(retry_in={"seconds": queue.RETRIES[min(job.attempts, len(queue.RETRIES) - 1)]})
        return None


def tasks(talk: Conversation) -> Callable[[App], None]:
    """Puts `telegram.update` and `telegram.album` into an App, answered by `talk`."""

    async def update(context: JobContext, inbox_id: int) -> None:
        await talk.answer(inbox_id, last=_is_last(context))

    async def album(context: JobContext, inbox_id: int, album: str) -> None:
        await talk.answer_album(inbox_id, album, last=_is_last(context))

    async def lost(timestamp: int) -> None:
        if count := await adopt(talk.memory):
            log.warning("taken up again", updates=count)

    def put(app: App) -> None:
        app.periodic(cron=MINUTELY)(app.task(name="telegram.lost", queue=HOUSEKEEPING)(lost))
        for name, task in ((UPDATE, update), (ALBUM, album)):
            app.task(name=name, queue=QUEUE, pass_context=True, retry=Patience())(task)

    return put


def _is_last(context: JobContext) -> bool:
    return context.job.attempts >= len(RETRIES)
