"""Where calls wait until their photos are judged: one question to the database for all of them together."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from core.db import inbox
from core.db.engine import DATABASE_FAULTS

if TYPE_CHECKING:
    from core.db.engine import Database

__all__ = ["WaitingRoom"]

EVERY = 0.15
"""Seconds between questions, while somebody waits."""
EACH = 0.03
"""Seconds that the answer to each other waiting call takes when all of them leave at once: so much earlier they do."""


class WaitingRoom:
    """The waiting calls of this process. It works only while somebody is in it, so it need not be closed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[asyncio.Future[None], tuple[int, float]] = {}
        self._asking: asyncio.Task[None] | None = None

    async def until_done(self, inbox_id: int, *, by: float) -> None:
        """Wait until an update is done or forgotten.

        Args:
            inbox_id: its number.
            by: when the answer must leave, by the clock of the event loop. The more wait, the earlier they give up.

        Raises:
            TimeoutError: it is time to answer without it.
            DATABASE_FAULTS: the database does not answer.
        """
        done = asyncio.get_running_loop().create_future()
        self._waiting[done] = (inbox_id, by)
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        try:
            await done
        finally:
            self._waiting.pop(done, None)

    async def _ask(self) -> None:
        while self._waiting:
            asked = dict(self._waiting)
            try:
                async with self._database.direct() as connection:
                    pending = await inbox.pending(connection, {inbox_id for inbox_id, _ in asked.values()})
            except DATABASE_FAULTS as error:
                # Also to those who came while it was asked: nobody asks again for them.
                for waiting in self._waiting:
                    if not waiting.done():
                        waiting.set_exception(error)
                return
            soon = asyncio.get_running_loop().time() + EACH * len(self._waiting)
            for waiting, (inbox_id, by) in asked.items():
                if waiting.done():
                    continue
                if inbox_id not in pending:
                    waiting.set_result(None)
                elif by < soon:
                    waiting.set_exception(TimeoutError())
            await asyncio.sleep(EVERY)
