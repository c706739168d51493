"""The HTTP server as one task of a process.

See ADR 0021.
"""

import asyncio
import ctypes
import resource
import socket
import struct
import sys
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from functools import partial
from typing import cast

import uvicorn
from starlette.types import ASGIApp

from core.runtime import GracefulShutdown
from webhooks.http_protocol import DEFAULT_LIMITS, ConnectionLimits, LimitedHttpProtocol

TICKS_PER_SECOND = 10
"""How often uvicorn calls `on_tick`."""
OTHER_FILES = 256
"""Files that a process may open besides the connections of clients."""
SHUTDOWN_TIMEOUT = 5
"""Seconds for open requests to finish, after EVA_DRAIN_SECONDS."""


ACCEPT_SECONDS = 0.2
"""Seconds for connections to be accepted that the kernel has established when the process stops listening."""
SO_ATTACH_FILTER = 26
"""Option of sockets in Linux; Python's `socket` does not name it."""
REFUSE_SYN = struct.pack(
    "HBBI" * 4,
    *(0x30, 0, 0, 13),  # load the byte of the TCP header that holds the flags
    *(0x45, 0, 1, 0x02),  # without SYN, skip the next instruction
    *(0x06, 0, 0, 0),  # drop the packet
    *(0x06, 0, 0, 0xFFFFFFFF),  # keep it
)
"""A packet filter (classic BPF) that drops the first packet of every new connection."""


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

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept what clients have connected already, then close."""
        for listener in sockets or []:
            _refuse_new_connections(listener)
        await asyncio.sleep(ACCEPT_SECONDS)
        await super().shutdown(sockets)

    def announce_end(self) -> None:
        """Close each connection after its next response, so that clients do not send another request on it."""
        self.config.encoded_headers.append((b"connection", b"close"))
        self.server_state.default_headers.append((b"connection", b"close"))

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals to `core.runtime`."""
        yield


def serve(
    app: ASGIApp,
    listening_socket: socket.socket,
    shutdown: GracefulShutdown | None = None,
    *,
    limits: ConnectionLimits = DEFAULT_LIMITS,
) -> Callable[[], Awaitable[None]]:
    """A coroutine function that serves an app until it is canceled and drained, and then lets open requests finish.

    There is no access log, since it would hold IP addresses. Forwarded headers are left to the site, which believes
    those of EVA_TRUSTED_PROXIES.

    Args:
        app: the application.
        listening_socket: bound; it is closed at the end.
        shutdown: waited for before the server ends.
        limits: of all connections.
    """
    _allow_open_files(limits.max_connections + OTHER_FILES)
    server = _Server(
        uvicorn.Config(
            app,
            # uvicorn only calls it, once for each connection.
            http=cast("type[asyncio.Protocol]", partial(LimitedHttpProtocol, limits=limits)),
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
            server.announce_end()
            if shutdown is not None:
                await shutdown.wait()
            server.should_exit = True
            await task
            raise

    return run


def _refuse_new_connections(listener: socket.socket) -> None:
    """Let the kernel ignore new connections; a client tries again a second later and is then refused.

    Without it, closing the socket resets connections that are established and not accepted yet, and the request that
    was sent on one of them is lost.
    """
    if sys.platform != "linux":
        return
    program = ctypes.create_string_buffer(REFUSE_SYN, len(REFUSE_SYN))
    listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", 4, ctypes.addressof(program)))


def _allow_open_files(count: int) -> None:
    """Raise the soft limit on open files, as far as the hard limit allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
