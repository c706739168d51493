"""The right of way: what somebody waits for at a door goes before work that can begin a moment later.

Doors and jobs may share one event loop. A messenger brings a crowd's updates within a second; if the first jobs begin
at once, all further updates wait behind a hundred of them, and the messenger for its yes. So jobs begin when nobody has
come through the door for a moment, or when they have waited long enough.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Doorway"]

CALM = 0.03
"""Seconds without anybody after which it is quiet."""
PATIENCE = 1.0
"""Seconds that work waits at most."""


class Doorway:
    """Counts who is in it: `with doorway:` around what must be quick. For one event loop."""

    def __init__(self) -> None:
        self._inside = 0
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._calming: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        """Come in."""
        self._inside += 1
        self._quiet.clear()
        if self._calming is not None:
            self._calming.cancel()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Go."""
        self._inside -= 1
        if self._inside == 0:
            self._calming = asyncio.get_running_loop().call_later(CALM, self._quiet.set)

    async def quiet(self) -> None:
        """Wait until it is quiet, but not for long."""
        if self._quiet.is_set():
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self._quiet.wait()
