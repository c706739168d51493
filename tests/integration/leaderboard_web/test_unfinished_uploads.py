"""Uploads that do not end, while others send photos."""

import asyncio
import contextlib
import socket
from pathlib import Path

import httpx

from core.resources import Resources
from tests.factories import make_photo
from tests.harness import serve_on_free_port
from tests.integration.leaderboard_web.test_rate_limit import JSON, create_site

MIB = 2**20
HEAD = (
    b"POST /api/judge HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n"
    b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    b'--b\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'
)


async def start_upload(port: int, sent: int) -> socket.socket:
    """Send a part of an upload and leave the connection open."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.settimeout(10)
    with contextlib.suppress(OSError):
        await asyncio.to_thread(connection.sendall, HEAD % (20 * MIB) + b"\0" * sent)
    return connection


async def test_photos_are_judged_while_uploads_do_not_end(resources: Resources, samples: Path) -> None:
    async with (
        serve_on_free_port(create_site(resources, samples)) as address,
        httpx.AsyncClient(base_url=address, headers=JSON, timeout=30) as client,
    ):
        port = httpx.URL(address).port or 0
        connections = [await start_upload(port, 18 * MIB) for _ in range(6)]
        try:
            judged = await client.post("/api/judge", files={"photo": make_photo(1)})
            assert judged.status_code == 200
            first = connections[0].recv(1000)
            assert first.startswith(b"HTTP/1.1 503 ")
            assert b"retry-after: " in first.lower()
            connections[-1].setblocking(False)
            with contextlib.suppress(BlockingIOError):
                assert not connections[-1].recv(1), "the latest ones still fit"
        finally:
            for connection in connections:
                connection.close()


async def test_one_address_has_many_unfinished_uploads_ended(resources: Resources, samples: Path) -> None:
    async with (
        serve_on_free_port(create_site(resources, samples)) as address,
        httpx.AsyncClient(base_url=address, headers=JSON, timeout=30) as client,
    ):
        port = httpx.URL(address).port or 0
        connections = [await start_upload(port, 10) for _ in range(280)]
        try:
            assert (await client.post("/api/judge", files={"photo": make_photo(1)})).status_code == 200
            assert connections[0].recv(1000).startswith(b"HTTP/1.1 503 ")
        finally:
            for connection in connections:
                connection.close()
