"""Pictures that were drawn in the last minute, in memory, for pictures that are stored nowhere.

A picture takes tenths of a second of a processor, and reading is not limited: without it, one person who asks for the
same picture again and again would hold up the photos of everybody.
"""

import asyncio
from collections.abc import Callable, Hashable

from anyio import CapacityLimiter, to_thread

LIFETIME = 60.0
"""Seconds."""
MAX_DRAWINGS = 64
"""Of some 150 kB each."""


class RecentDrawings:
    """Pictures by what they show."""

    def __init__(self, *, lifetime: float = LIFETIME, max_drawings: int = MAX_DRAWINGS) -> None:
        """Set for how many seconds a picture is kept, and how many there are at most."""
        self._lifetime, self._max_drawings = lifetime, max_drawings
        # In the order of their beginning.
        self._drawings: dict[Hashable, tuple[asyncio.Task[bytes], asyncio.TimerHandle]] = {}

    async def get_or_draw(self, key: Hashable, draw: Callable[[], bytes], *, limiter: CapacityLimiter) -> bytes:
        """The picture with this key; those who ask for it at the same time wait for one drawing.

        Args:
            key: everything that the picture depends on.
            draw: draws it, on a worker thread.
            limiter: of these threads.
        """
        if key not in self._drawings:
            task = asyncio.create_task(to_thread.run_sync(draw, limiter=limiter))
            end = asyncio.get_running_loop().call_later(self._lifetime, self._discard, key, task)
            self._drawings[key] = task, end
            while len(self._drawings) > self._max_drawings:
                self._discard(next(iter(self._drawings)))
        task, _ = self._drawings[key]
        try:
            return await asyncio.shield(task)
        except Exception:
            # Of any kind: the next one who asks must not get the same error for a minute.
            self._discard(key, task)
            raise

    def _discard(self, key: Hashable, task: asyncio.Task[bytes] | None = None) -> None:
        """Forget a drawing, if it is still this one; its timer would hold it in memory."""
        if key in self._drawings and task in {None, self._drawings[key][0]}:
            self._drawings.pop(key)[1].cancel()
