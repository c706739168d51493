"""Whether a process can do its work, checked at most every few seconds, however often it is asked."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog
from anyio import to_thread

from bot.app import BotApplication
from core.errors import ModelError, PersistenceError
from core.jobs.queue import get_stats
from core.services.retention_watch import LATE_AFTER, longest_overdue

CACHE_SECONDS = 5.0
"""For how long a result is given to everyone who asks."""
CHECK_TIMEOUT = 10.0
"""Seconds after which a check that does not end counts as failed."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """The result of one check."""

    error: str | None = None
    """Name of the error; None if everything works."""
    details: Mapping[str, object] = field(default_factory=dict)
    """For operators: the model, the queue and the deletion of private photos; empty after an error."""


class ReadinessProbe:
    """Checks model, database and object storage of a process."""

    def __init__(self, application: BotApplication) -> None:
        self._application = application
        self._expires_at = 0.0
        self._check: asyncio.Task[Readiness] | None = None

    async def get(self) -> Readiness:
        """The current result; concurrent calls wait for one check."""
        if self._check is None or (self._check.done() and self._expires_at < time.monotonic()):
            self._check = asyncio.create_task(self._run())
        return await asyncio.shield(self._check)

    async def _run(self) -> Readiness:
        try:
            async with asyncio.timeout(CHECK_TIMEOUT):
                return Readiness(details=await self._check_everything())
        except (ModelError, PersistenceError, TimeoutError) as error:
            log.warning("not_ready", error=type(error).__name__)
            return Readiness(error=type(error).__name__)
        finally:
            self._expires_at = time.monotonic() + CACHE_SECONDS

    async def _check_everything(self) -> Mapping[str, object]:
        classifier, resources = self._application.classifier, self._application.resources
        await to_thread.run_sync(classifier.probe)
        await resources.storage.check()
        async with resources.database.connection() as connection:
            queue = await get_stats(connection)
            overdue = await longest_overdue(connection)
        return {
            "model": classifier.model_card.version,
            "engine": classifier.backend.name,
            "queue": {"waiting": queue.waiting, "running": queue.running},
            "retention": {"overdue_seconds": round(overdue.total_seconds()), "is_late": overdue >= LATE_AFTER},
        }
