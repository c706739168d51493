"""A proxy that closes connections in the middle of a request or of its answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(slots=True)
class CuttingProxy:
    """Forwards bytes to a server, and closes the connection where it is told to."""

    url: str
    """Its own address."""
    requests: list[bytes] = field(default_factory=list)
    """Bytes in the head of a request; the next one with each of them is cut off."""
    answers: list[bytes] = field(default_factory=list)
    """The same for requests whose answers are cut off."""


@asynccontextmanager
async def cutting_proxy(target: str, *, after: int = 3000) -> AsyncIterator[CuttingProxy]:
    """Run a proxy.

    Args:
        target: base URL of a server on this machine.
        after: bytes that pass, the head included, before the connection closes.
    """
    host, port = urlsplit(target).hostname, urlsplit(target).port

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(host, port)
        answer_left: int | None = None

        async def send_requests() -> None:
            nonlocal answer_left
            left: int | None = None
            while data := await reader.read(1000):
                if data.startswith((b"POST ", b"GET ")):
                    left = after if _takes(proxy.requests, data) else None
                    answer_left = after if _takes(proxy.answers, data) else None
                if left is not None:
                    data, left = data[:left], left - len(data[:left])
                far_writer.write(data)
                if left == 0:
                    return

        async def send_answers() -> None:
            nonlocal answer_left
            while data := await far_reader.read(1000):
                if answer_left is not None:
                    data = data[:answer_left]
                    answer_left -= len(data)
                writer.write(data)
                await writer.drain()
                if answer_left == 0:
                    return

        both = [asyncio.create_task(send_requests()), asyncio.create_task(send_answers())]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            for end in (writer, far_writer):
                with suppress(ConnectionError):
                    end.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    proxy = CuttingProxy(url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    try:
        yield proxy
    finally:
        server.close()


def _takes(planned: list[bytes], head: bytes) -> bool:
    """Whether something is planned for the request; then it is no longer."""
    found = next((text for text in planned if text in head), None)
    if found is not None:
        planned.remove(found)
    return found is not None
