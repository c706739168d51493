"""The HTTP server as one task of a process."""

import asyncio
import resource
import socket
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from webhooks.http_protocol import MAX_CONNECTIONS, LimitedHttpProtocol

TICKS_PER_SECOND = 10
"""How often uvicorn calls `on_tick`."""
OTHER_FILES = 256
"""Files that a process may open besides the connections of clients."""
SHUTDOWN_TIMEOUT = 10
"""Seconds for open requests to finish."""


class _Server(uvicorn.Server):
    """uvicorn with deadlines of connections, and without its signal handlers, which the process has already."""

    async def on_tick(self, counter: int) -> bool:
        """Once a second, close connections whose clients took too long."""
        if counter % TICKS_PER_SECOND == 0:
            now = time.monotonic()
            for connection in list(self.server_state.connections):
                if isinstance(connection, LimitedHttpProtocol):
                    connection.enforce_deadlines(now)
        return await super().on_tick(counter)

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals to `core.runtime`."""
        yield


def serve(app: ASGIApp, listening_socket: socket.socket) -> Callable[[], Awaitable[None]]:
    """A coroutine function that serves an app until it is cancelled, and then lets open requests finish.

    There is no access log, since it would hold IP addresses. Forwarded headers are left to the site, which believes
    those of EVA_TRUSTED_PROXIES.
    """
    _allow_open_files(MAX_CONNECTIONS + OTHER_FILES)
    server = _Server(
        uvicorn.Config(
            app,
            http=LimitedHttpProtocol,
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="off",
            timeout_graceful_shutdown=SHUTDOWN_TIMEOUT,
        )
    )

    async def run() -> None:
        task = asyncio.ensure_future(server.serve(sockets=[listening_socket]))
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            server.should_exit = True
            await task
            raise

    return run


def _allow_open_files(count: int) -> None:
    """Raise the soft limit on open files, as far as the hard limit allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
