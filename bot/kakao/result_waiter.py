"""Wait until photo requests are processed, with one database query for all waiting skill requests."""

import asyncio

from core.db import inbox
from core.db.database import Database
from core.errors import DatabaseUnavailableError

POLL_INTERVAL = 0.15
"""Seconds between queries while a skill request waits."""
STAGGER = 0.04
"""Seconds that writing one response takes when all waiting requests end at once: each further one ends that earlier."""


class ResultWaiter:
    """Polls the inbox for the skill requests of this process. Polls only while one waits, so needs no closing."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[asyncio.Future[None], tuple[int, float]] = {}
        self._poller: asyncio.Task[None] | None = None

    async def wait(self, inbox_id: int, *, deadline: float) -> None:
        """Wait until an update is processed or deleted.

        Args:
            inbox_id: the update.
            deadline: when the response must be sent, in the time of the event loop. The more requests wait, the
                earlier before it they give up.

        Raises:
            TimeoutError: the response must be sent now.
            DatabaseUnavailableError: the database is not available.
        """
        processed = asyncio.get_running_loop().create_future()
        self._waiting[processed] = (inbox_id, deadline)
        if self._poller is None or self._poller.done():
            self._poller = asyncio.create_task(self._poll())
        try:
            await processed
        finally:
            self._waiting.pop(processed, None)

    async def _poll(self) -> None:
        while self._waiting:
            polled = dict(self._waiting)
            try:
                async with self._database.connection() as connection:
                    pending = await inbox.list_unfinished_ids(connection, {inbox_id for inbox_id, _ in polled.values()})
            except DatabaseUnavailableError as error:
                # Also for requests that arrived during the query: no other query will follow for them.
                for future in self._waiting:
                    if not future.done():
                        future.set_exception(error)
                return
            latest_end = asyncio.get_running_loop().time() + STAGGER * len(self._waiting)
            for future, (inbox_id, deadline) in polled.items():
                if future.done():
                    continue
                if inbox_id not in pending:
                    future.set_result(None)
                elif deadline < latest_end:
                    future.set_exception(TimeoutError())
            await asyncio.sleep(POLL_INTERVAL)
