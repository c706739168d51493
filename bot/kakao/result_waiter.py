"""Where calls wait until their photos are judged: one question to the database for all of them together."""

import asyncio

from core.db import inbox
from core.db.database import CONNECTION_ERRORS, Database

POLL_INTERVAL = 0.15
"""Seconds between questions, while somebody waits."""
STAGGER = 0.03
"""Seconds that the answer to each other waiting call takes when all of them leave at once: so much earlier they do."""


class ResultWaiter:
    """The waiting calls of this process. It works only while somebody is in it, so it need not be closed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[asyncio.Future[None], tuple[int, float]] = {}
        self._poller: asyncio.Task[None] | None = None

    async def wait(self, inbox_id: int, *, deadline: float) -> None:
        """Wait until an update is done or forgotten.

        Args:
            inbox_id: its number.
            by: when the answer must leave, by the clock of the event loop. The more wait, the earlier they give up.

        Raises:
            TimeoutError: it is time to answer without it.
            DATABASE_FAULTS: the database does not answer.
        """
        done = asyncio.get_running_loop().create_future()
        self._waiting[done] = (inbox_id, deadline)
        if self._poller is None or self._poller.done():
            self._poller = asyncio.create_task(self._poll())
        try:
            await done
        finally:
            self._waiting.pop(done, None)

    async def _poll(self) -> None:
        while self._waiting:
            asked = dict(self._waiting)
            try:
                async with self._database.connection() as connection:
                    pending = await inbox.list_unfinished_ids(connection, {inbox_id for inbox_id, _ in asked.values()})
            except CONNECTION_ERRORS as error:
                # Also to those who came while it was asked: nobody asks again for them.
                for waiting in self._waiting:
                    if not waiting.done():
                        waiting.set_exception(error)
                return
            soon = asyncio.get_running_loop().time() + STAGGER * len(self._waiting)
            for waiting, (inbox_id, by) in asked.items():
                if waiting.done():
                    continue
                if inbox_id not in pending:
                    waiting.set_result(None)
                elif by < soon:
                    waiting.set_exception(TimeoutError())
            await asyncio.sleep(POLL_INTERVAL)
