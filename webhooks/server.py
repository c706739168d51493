"""The web server, as one of the things that a process does."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

SHUTDOWN_TIMEOUT = 10
"""Seconds that open requests have to end."""


class _Server(uvicorn.Server):
    """uvicorn without its own handling of signals: the whole process has one."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave them to `core.runtime`."""
        yield


def serve(app: ASGIApp, listening_socket: socket.socket) -> Callable[[], Awaitable[None]]:
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
            timeout_graceful_shutdown=SHUTDOWN_TIMEOUT,
        )
    )

    async def serve() -> None:
        serving = asyncio.ensure_future(server.serve(sockets=[listening_socket]))
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            server.should_exit = True
            await serving
            raise

    return serve
