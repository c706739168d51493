"""What everybody sees alike, asked of the database once for all who come within a moment."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable

__all__ = ["Fresh"]

Value = TypeVar("Value")

MOST = 512
"""Values that are kept."""


class Fresh:
    """Keeps values for a moment; a crowd that asks for the same one waits for it together."""

    def __init__(self, seconds: float) -> None:
        """Take for how long a value may be kept, in seconds; 0 keeps none."""
        self._seconds = seconds
        self._values: dict[Hashable, tuple[float, asyncio.Task[Any]]] = {}

    async def get(self, key: Hashable, make: Callable[[], Awaitable[Value]]) -> Value:
        """The value with this key, made where it is missing or too old."""
        if self._seconds == 0:
            return await make()
        until, value = self._values.get(key, (0.0, None))
        if value is None or until < time.monotonic():
            value = asyncio.ensure_future(_run(make))
            self._values.pop(key, None)
            self._values[key] = time.monotonic() + self._seconds, value
            if len(self._values) > MOST:
                del self._values[next(iter(self._values))]
        try:
            found: Value = await asyncio.shield(value)
        except Exception:
            # Whatever it was, those who come next are to try again, and not to get the same fault for a moment.
            if self._values.get(key, (0.0, None))[1] is value:
                del self._values[key]
            raise
        return found

    def forget(self) -> None:
        """Keep nothing of what was: somebody changed it, and is to see that at once."""
        self._values.clear()


async def _run(make: Callable[[], Awaitable[Value]]) -> Value:
    return await make()
