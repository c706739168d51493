"""Connections of clients that do not finish what they begin, on real sockets."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest
from starlette.types import Receive, Scope, Send

from webhooks.http_protocol import DEFAULT_LIMITS, ConnectionLimits
from webhooks.server import serve

MIB = 2**20
MAX_HEADER_BYTES, MAX_HEADERS = DEFAULT_LIMITS.max_header_bytes, DEFAULT_LIMITS.max_headers
seen_headers: list[list[tuple[bytes, bytes]]] = []
ended = asyncio.Event()
"""Set when `/endless` ends because its client is gone."""


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Respond to `/big` with 8 MiB, to `/endless` until the client is gone, to `/early` before the body, to others with
    the length of the body."""
    length = 0
    while scope["path"] != "/early":
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        length += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    seen_headers.append(scope["headers"])
    if scope["path"] == "/endless":
        await respond_until_disconnected(receive, send)
        return
    body = b"x" * (8 * MIB) if scope["path"] == "/big" else str(length).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for start in range(0, len(body), 65536):
        more = start + 65536 < len(body)
        await send({"type": "http.response.body", "body": body[start : start + 65536], "more_body": more})


async def respond_until_disconnected(receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    next_message = asyncio.ensure_future(receive())
    while not next_message.done():
        await send({"type": "http.response.body", "body": bytes(65536), "more_body": True})
        await asyncio.sleep(0)
    assert (await next_message)["type"] == "http.disconnect"
    ended.set()


@pytest.fixture
def limits() -> ConnectionLimits:
    return DEFAULT_LIMITS


@pytest.fixture
async def port(limits: ConnectionLimits) -> AsyncIterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.ensure_future(serve(app, listener, limits=limits)())
        yield listener.getsockname()[1]
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving


async def exchange(port: int, *parts: bytes, pause: float = 0.0, limit: float = 20.0) -> bytes:
    """Send parts and return everything that arrives until the connection is closed; raises TimeoutError."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    received = bytearray()

    async def read() -> None:
        with contextlib.suppress(ConnectionError):
            while chunk := await reader.read(65536):
                received.extend(chunk)

    reading = asyncio.create_task(read())
    try:
        async with asyncio.timeout(limit):
            with contextlib.suppress(ConnectionError):
                for part in parts:
                    if reading.done():
                        break
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(pause)
            await reading
    finally:
        reading.cancel()
        writer.close()
    return bytes(received)


async def test_a_normal_request_is_answered(port: int) -> None:
    body = b"a" * (3 * MIB)
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    reply = await exchange(port, head + body[:10], body[10:MIB], body[MIB:])
    assert reply.startswith(b"HTTP/1.1 200")
    assert reply.endswith(str(len(body)).encode())


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * MAX_HEADER_BYTES + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 70_000 + b"\r\n\r\n",
        b"GET /" + b"a" * MAX_HEADER_BYTES + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b%s\r\n" % (b"c" * 1000) * 66 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * (MAX_HEADER_BYTES + 40_000),
        b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * (MAX_HEADER_BYTES + 40_000) + b"\r\n\r\n",
        b"GET /" + b"a" * (MAX_HEADER_BYTES + 40_000),
        b"GET / HTTP/1.1\r\n" + b"a" * (MAX_HEADER_BYTES + 40_000),
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * (MAX_HEADERS + 1) + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 50_000,
    ],
)
async def test_a_header_that_is_too_long_is_refused(port: int, head: bytes) -> None:
    assert (await exchange(port, head)).startswith(b"HTTP/1.1 431 ")


async def test_a_header_below_the_limit_is_accepted(port: int) -> None:
    head = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-A: " + b"a" * (MAX_HEADER_BYTES - 100) + b"\r\n\r\n"
    assert (await exchange(port, head)).startswith(b"HTTP/1.1 200 ")


async def test_headers_after_a_body_are_dropped_and_limited(port: int) -> None:
    chunked = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"
    assert (await exchange(port, chunked, b"Cookie: visitor=x\r\n\r\n", pause=0.1)).endswith(b"3")
    assert b"cookie" not in dict(seen_headers[-1])
    assert b" 431 " in await exchange(port, chunked + b"X: ", b"a" * (2 * MIB))


async def test_many_chunks_are_no_long_header(port: int) -> None:
    chunked = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert (await exchange(port, chunked, b"1\r\na\r\n" * 40_000, b"0\r\n\r\n")).endswith(b"40000")


async def test_an_invalid_request_is_refused(port: int) -> None:
    assert (await exchange(port, b"\x16\x03\x01\r\n\r\n")).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("limits", [ConnectionLimits(header_seconds=1.0)])
@pytest.mark.parametrize(
    "parts",
    [
        [],
        [b"GET / HTTP/1.1\r\nHost: x\r\nX-A: "] + [b"a"] * 20,
        [b"\r\n"] * 20,
        [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"] + [b"\r\n"] * 20,
    ],
)
async def test_a_header_has_a_deadline(port: int, parts: list[bytes]) -> None:
    assert (await exchange(port, *parts, pause=0.2)).rpartition(b"HTTP/1.1 ")[2].startswith((b"408 ", b"200 "))


@pytest.mark.parametrize("limits", [ConnectionLimits(body_seconds=1.0)])
async def test_a_body_has_a_deadline(port: int) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
    assert (await exchange(port, head, *[b"a"] * 20, pause=0.2)).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("limits", [ConnectionLimits(linger_seconds=1.0)])
async def test_the_rest_of_a_body_after_the_response_has_a_deadline(port: int) -> None:
    head = b"POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
    assert (await exchange(port, head, *[b"a"] * 30, pause=0.2)).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("limits", [ConnectionLimits(stalled_write_seconds=1.0)])
async def test_a_client_that_does_not_read_is_disconnected(port: int) -> None:
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", port))
    with connection:
        connection.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n" * 2)
        await asyncio.sleep(4)
        connection.settimeout(5)
        received = 0
        with contextlib.suppress(ConnectionResetError):
            while chunk := await asyncio.to_thread(connection.recv, MIB):
                received += len(chunk)
    assert received < 8 * MIB


async def test_few_requests_wait_for_an_earlier_response(port: int) -> None:
    flood = b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n" + b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 2000
    received = await exchange(port, flood)
    assert received.count(b"HTTP/1.1 200") <= DEFAULT_LIMITS.max_pipelined_requests + 1


async def test_a_request_ends_with_its_connection_although_another_one_waits_behind_it(port: int) -> None:
    for paths in (["/endless", "/"], ["/", "/", "/endless", "/"]):
        ended.clear()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"".join(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for path in paths))
        await reader.readexactly(MIB)
        writer.transport.abort()
        async with asyncio.timeout(20):
            await ended.wait()


@pytest.mark.parametrize("limits", [ConnectionLimits(max_connections=5)])
async def test_the_oldest_unfinished_connection_is_closed_for_a_new_one(port: int) -> None:
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(5)]
    await asyncio.sleep(0.2)
    request = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    for _ in range(3):
        assert (await exchange(port, request)).startswith(b"HTTP/1.1 200 ")
    for connection in idle:
        connection.setblocking(False)
    assert idle[0].recv(1) == b""
    with pytest.raises(BlockingIOError):
        idle[-1].recv(1)
    for connection in idle:
        connection.close()
