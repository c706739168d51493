"""A server for ASGI applications on a free port of this machine, in a thread."""

import asyncio
import socket
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.types import ASGIApp

START_TIMEOUT = 30.0
"""Seconds until a server that does not start is an error."""
STOP_TIMEOUT = 1.0
"""Seconds for open requests to finish."""


class PromptServer(uvicorn.Server):
    """uvicorn that stops at once: its own loop looks ten times a second whether it should, and then waits as long."""

    def __init__(self, app: ASGIApp, **config: Any) -> None:
        super().__init__(
            uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", proxy_headers=False, **config)
        )
        self._stopped = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start in this event loop, where `stop` finds it."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)

    async def main_loop(self) -> None:
        """Wait for `stop`."""
        await self.on_tick(0)
        await self._stopped.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close all connections, those with open requests after their responses."""
        for server in self.servers:
            server.close()
        state = self.server_state
        for connection in list(state.connections):
            connection.shutdown()
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_TIMEOUT):
                while state.connections or state.tasks:  # noqa: ASYNC110  (uvicorn has no event for it)
                    await asyncio.sleep(0.005)
        for task in state.tasks:
            task.cancel()

    def stop(self) -> None:
        """Let it stop, from any thread."""
        self._loop.call_soon_threadsafe(self._stopped.set)


class LocalServer:
    """Serves an application inside of a `with` block, to any thread, process or event loop."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)

    def __enter__(self) -> Self:
        """Start the server.

        Raises:
            TimeoutError: the server did not start.
        """
        self._socket.bind(("127.0.0.1", 0))
        self._server = PromptServer(self._app)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="fake", daemon=True
        )
        self._thread.start()
        deadline = time.monotonic() + START_TIMEOUT
        while not self._server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise TimeoutError("the fake did not start")
            time.sleep(0.005)
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop the server, unless it was stopped before, and wait for it."""
        if self._thread.is_alive():
            self._server.stop()
        self._thread.join(START_TIMEOUT)
        self._socket.close()

    @property
    def host(self) -> str:
        """The loopback address."""
        return "127.0.0.1"

    @property
    def port(self) -> int:
        """The port; known inside of the `with` block."""
        port: int = self._socket.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """The base URL without a slash at the end."""
        return f"http://{self.host}:{self.port}"
