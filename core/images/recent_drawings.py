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
        self._drawings: dict[Hashable, asyncio.Task[bytes]] = {}

    async def get_or_draw(self, key: Hashable, draw: Callable[[], bytes], *, limiter: CapacityLimiter) -> bytes:
        """The picture with this key; those who ask for it at the same time wait for one drawing.

        Args:
            key: everything that the picture depends on.
            draw: draws it, on a worker thread.
            limiter: of these threads.
        """
        drawing = self._drawings.get(key)
        if drawing is None:
            drawing = self._drawings[key] = asyncio.create_task(to_thread.run_sync(draw, limiter=limiter))
            asyncio.get_running_loop().call_later(self._lifetime, self._discard, key, drawing)
            while len(self._drawings) > self._max_drawings:
                del self._drawings[next(iter(self._drawings))]
        try:
            return await asyncio.shield(drawing)
        except Exception:
            self._discard(key, drawing)
            raise

    def _discard(self, key: Hashable, drawing: asyncio.Task[bytes]) -> None:
        if self._drawings.get(key) is drawing:
            del self._drawings[key]
