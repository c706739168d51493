"""Whether a process can serve pages, checked at most every few seconds, however often it is asked.

Only the database counts: pages need no model, and an object storage that is away affects all processes equally, so that
taking them out of service would help nobody.
"""

import asyncio
import time
from dataclasses import dataclass

import structlog

from bot.app import BotApplication
from core.errors import PersistenceError

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadinessTimings:
    """How often the database is checked, and for how long, in seconds."""

    cache: float = 5.0
    """For how long a result is given to everyone who asks."""
    timeout: float = 10.0
    """After which a check that does not end counts as failed."""


DEFAULT_TIMINGS = ReadinessTimings()


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """The result of one check."""

    error: str | None = None
    """Name of the error; None if the database answers."""


class ReadinessProbe:
    """Checks the database of a process."""

    def __init__(self, application: BotApplication, timings: ReadinessTimings = DEFAULT_TIMINGS) -> None:
        self._application, self._timings = application, timings
        self._expires_at = 0.0
        self._check: asyncio.Task[Readiness] | None = None

    async def get(self) -> Readiness:
        """The current result; concurrent calls wait for one check."""
        if self._check is None or (self._check.done() and self._expires_at < time.monotonic()):
            self._check = asyncio.create_task(self._run())
        return await asyncio.shield(self._check)

    async def _run(self) -> Readiness:
        try:
            async with asyncio.timeout(self._timings.timeout):
                await self._application.resources.database.check()
                return Readiness()
        except (PersistenceError, TimeoutError) as error:
            log.warning("not_ready", error=type(error).__name__)
            return Readiness(error=type(error).__name__)
        finally:
            self._expires_at = time.monotonic() + self._timings.cache
