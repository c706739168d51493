"""What everybody sees alike, asked of the database once for all who come within a moment."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, TypeVar

from leaderboard_web.origins import SAFE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Forgetting", "Fresh"]

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


class Forgetting:
    """ASGI middleware: whoever changes something sees at once what became of it, whatever it was."""

    def __init__(self, app: ASGIApp, *, fresh: Fresh) -> None:
        self.app, self._fresh = app, fresh

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and forget what was kept before an answer says that something was done."""
        if scope["type"] != "http" or scope["method"] in SAFE:
            await self.app(scope, receive, send)
            return

        async def forget_and_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._fresh.forget()
            await send(message)

        await self.app(scope, receive, forget_and_send)


async def _run(make: Callable[[], Awaitable[Value]]) -> Value:
    return await make()
