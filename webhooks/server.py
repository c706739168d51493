"""The HTTP server as one task of a process."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

SHUTDOWN_TIMEOUT = 10
"""Seconds for open requests to finish."""


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers, which the process has already."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals to `core.runtime`."""
        yield


def serve(app: ASGIApp, listening_socket: socket.socket) -> Callable[[], Awaitable[None]]:
    """A coroutine function that serves an app until it is cancelled, and then lets open requests finish.

    There is no access log, since it would hold IP addresses. `X-Forwarded-For` and `X-Forwarded-Proto` are trusted from
    the proxies in FORWARDED_ALLOW_IPS, a variable of uvicorn's with the default 127.0.0.1.
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

    async def run() -> None:
        task = asyncio.ensure_future(server.serve(sockets=[listening_socket]))
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            server.should_exit = True
            await task
            raise

    return run
