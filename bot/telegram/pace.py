"""At most one message a second in a chat: Telegram's own rate limiter does not see to that in private chats."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["Pace"]

FORGET_FROM = 1000
"""Number of chats from which those that may speak again are forgotten."""


class Pace:
    """Who may speak when, for one process."""

    def __init__(
        self,
        interval: float = 1.0,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Args: interval, seconds between two messages in a chat; clock and sleep, those of the event loop."""
        self._interval, self._clock, self._sleep = interval, clock, sleep
        self._next: dict[int, float] = {}

    async def wait(self, chat: int) -> None:
        """Wait for a chat's turn; those who wait for the same chat go in order."""
        now = self._clock()
        turn = max(now, self._next.get(chat, now))
        if len(self._next) >= FORGET_FROM:
            self._next = {other: at for other, at in self._next.items() if at > now}
        self._next[chat] = turn + self._interval
        if turn > now:
            await self._sleep(turn - now)
