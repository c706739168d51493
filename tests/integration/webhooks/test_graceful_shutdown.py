"""The end of a web process: what was begun is answered, and nothing that was connected is lost."""

import asyncio
import contextlib
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from core.runtime import GracefulShutdown
from tests.integration.webhooks.test_connection_limits import exchange
from webhooks.server import serve

DRAIN_SECONDS = 0.5
CLIENTS = 16


async def slow_app(scope: Scope, receive: Receive, send: Send) -> None:
    """Respond after a computation, in which the server accepts nothing."""
    time.sleep(0.005)  # noqa: ASYNC251
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


class DrainingServer:
    """A server that ends as after SIGTERM."""

    def __init__(self, listener: socket.socket, shutdown: GracefulShutdown) -> None:
        self.port: int = listener.getsockname()[1]
        self._shutdown = shutdown
        self._serving = asyncio.ensure_future(serve(slow_app, listener, shutdown)())

    async def stop(self) -> None:
        self._shutdown.begin(signal.SIGTERM)
        self._serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._serving


@pytest.fixture
async def server() -> AsyncIterator[DrainingServer]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = DrainingServer(listener, GracefulShutdown(DRAIN_SECONDS))
        await asyncio.sleep(0.05)
        yield server
        await server.stop()


def send_requests(port: int, stopped: threading.Event) -> Counter[str]:
    """Connect for each request, as nginx does, until the server refuses connections; returns how they ended."""
    ends = Counter[str]()
    while not stopped.is_set():
        try:
            connection = socket.create_connection(("127.0.0.1", port), timeout=60)
        except ConnectionRefusedError:
            return ends
        with connection:
            try:
                connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
                ends["answered" if connection.recv(4096).startswith(b"HTTP/1.1 200") else "lost"] += 1
            except ConnectionError:
                ends["lost"] += 1
    return ends


async def test_no_request_of_an_established_connection_is_lost(server: DrainingServer) -> None:
    stopped = threading.Event()
    with ThreadPoolExecutor(CLIENTS) as pool:
        loop = asyncio.get_running_loop()
        clients = [loop.run_in_executor(pool, send_requests, server.port, stopped) for _ in range(CLIENTS)]
        await asyncio.sleep(0.1)
        await server.stop()
        stopped.set()
        ends = sum(await asyncio.gather(*clients), Counter[str]())
    assert ends["answered"] > CLIENTS
    assert ends["lost"] == 0, ends


async def test_kept_connections_are_closed_after_their_next_response(
    server: DrainingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_noticed = asyncio.Event()
    monkeypatch.setattr(GracefulShutdown, "wait", lambda _: is_noticed.wait())
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", timeout=60) as client:
        assert "connection" not in (await client.get("/")).headers
        stopping = asyncio.create_task(server.stop())
        # The stop begins.
        await asyncio.sleep(0)
        assert (await client.get("/")).headers["connection"] == "close"
        is_noticed.set()
        await stopping


async def test_a_request_that_has_begun_is_answered(server: DrainingServer) -> None:
    head = b"GET / HTTP/1.1\r\nHost: x\r\n"
    replying = asyncio.create_task(exchange(server.port, head, b"\r\n", pause=DRAIN_SECONDS + 0.6))
    await asyncio.sleep(0.05)
    await server.stop()
    assert (await replying).startswith(b"HTTP/1.1 200")


async def test_interrupt_of_a_terminal_does_not_wait() -> None:
    shutdown = GracefulShutdown(60)
    shutdown.begin(signal.SIGINT)
    assert shutdown.seconds == 0
    await asyncio.wait_for(shutdown.wait(), 30)
