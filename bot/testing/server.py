"""A server for ASGI applications on a free port of this machine, in a thread."""

import socket
import threading
import time
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp

START_TIMEOUT = 30.0
"""Seconds until a server that does not start is an error."""


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
        self._server = uvicorn.Server(
            uvicorn.Config(self._app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)
        )
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
        """Stop the server and wait for it."""
        self._server.should_exit = True
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
