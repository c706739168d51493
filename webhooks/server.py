"""The web server, as one of the things that a process does."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable, Generator

    from starlette.types import ASGIApp

__all__ = ["serve_app"]

GRACE = 10
"""Seconds that open requests have to end."""


class _Server(uvicorn.Server):
    """uvicorn without its own handling of signals: the whole process has one."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave them to `core.process`."""
        yield


def serve_app(app: ASGIApp, door: socket.socket) -> Callable[[], Awaitable[None]]:
    """What serves an app on an open socket until it is cancelled; open requests may then end.

    There is no access log: it would hold people's addresses. What a proxy says about the browser's own address and
    about https is believed if the proxy's address is among those in FORWARDED_ALLOW_IPS, uvicorn's own variable, which
    is 127.0.0.1 where nothing is set.
    """
    server = _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=GRACE,
        )
    )

    async def serve() -> None:
        serving = asyncio.ensure_future(server.serve(sockets=[door]))
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            server.should_exit = True
            await serving
            raise

    return serve
