"""Middleware for requests that change something; all others pass by it."""

from collections.abc import Sequence

from fastapi.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from leaderboard_web.middleware.csrf import SAFE_METHODS


class UnsafeMethodsOnly:
    """ASGI middleware that sends requests with unsafe methods through further middleware."""

    def __init__(self, app: ASGIApp, *, middleware: Sequence[Middleware]) -> None:
        """Wrap an application.

        Args:
            app: receives safe requests directly.
            middleware: for unsafe requests, the outermost first.
        """
        self.app = self._protected = app
        for layer in reversed(middleware):
            self._protected = layer.cls(self._protected, *layer.args, **layer.kwargs)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        is_safe = scope["type"] != "http" or scope["method"] in SAFE_METHODS
        await (self.app if is_safe else self._protected)(scope, receive, send)
