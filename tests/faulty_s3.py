"""A bucket of S3 in memory that fails as planned."""

import asyncio
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Receive, Scope, Send

from bot.testing.server import LocalServer
from core.object_storage import ObjectStorage

OPTIONS: Mapping[str, Any] = {"access_key_id": "test", "secret_access_key": "test", "region": "us-east-1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens to a request."""

    status: int = 200
    delay: float = 0.0
    """Seconds until the answer."""
    is_held: bool = False
    """Whether the answer waits for `FaultyBucket.released`."""
    share: float = 1.0
    """Of the body that is sent before the connection closes."""


NO_FAULT = Fault()


@dataclass(slots=True)
class FaultyBucket:
    """An ASGI application that answers PUT, GET and HEAD of objects, and POST of keys to delete, like S3."""

    faults: dict[str, list[Fault]] = field(default_factory=dict)
    """By method: what happens to the next requests."""
    requests: list[str] = field(default_factory=list)
    """Methods in order."""
    objects: dict[str, bytes] = field(default_factory=dict)
    locked: set[str] = field(default_factory=set)
    """Paths of objects that must not be deleted."""
    released: threading.Event = field(default_factory=threading.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        method, key = scope["method"], scope["path"]
        self.requests.append(method)
        planned = self.faults.get(method)
        fault = planned.pop(0) if planned else NO_FAULT
        body = await _read(receive)
        await asyncio.sleep(fault.delay)
        while fault.is_held and not self.released.is_set():  # noqa: ASYNC110  (set in another thread)
            await asyncio.sleep(0.05)
        data, status = b"", fault.status
        if status == 200:
            if method == "PUT":
                self.objects[key] = body
            elif method == "POST":
                data = self._delete(key, body.decode())
            elif key in self.objects:
                data = self.objects[key]
            else:
                status = 404
        headers = [(b"content-length", str(len(data)).encode()), (b"etag", b'"1"')]
        headers.append((b"last-modified", b"Sun, 29 Nov 2026 00:00:00 GMT"))
        start = 0
        for name, value in scope["headers"]:
            if name == b"range" and data:
                start = int(value.removeprefix(b"bytes=").partition(b"-")[0])
                headers[0] = (b"content-length", str(len(data) - start).encode())
                headers.append((b"content-range", b"bytes %d-%d/%d" % (start, len(data) - 1, len(data))))
                status = 206
        await send({"type": "http.response.start", "status": status, "headers": headers})
        end = start + round(fault.share * (len(data) - start))
        # uvicorn closes the connection if less than the announced length was sent.
        await send({"type": "http.response.body", "body": data[start:end], "more_body": end < len(data)})

    def _delete(self, bucket: str, request: str) -> bytes:
        results = []
        for key in re.findall("<Key>([^<]+)</Key>", request):
            path = f"{bucket.rstrip('/')}/{key}"
            if path in self.locked:
                results.append(f"<Error><Key>{key}</Key><Code>AccessDenied</Code><Message>locked</Message></Error>")
            else:
                self.objects.pop(path, None)
                results.append(f"<Deleted><Key>{key}</Key></Deleted>")
        return f"<DeleteResult>{''.join(results)}</DeleteResult>".encode()


class FaultyS3(LocalServer):
    """An S3 server with one bucket."""

    def __init__(self) -> None:
        self.bucket = FaultyBucket()
        super().__init__(self.bucket)

    def storage(self, *, timeout: str = "0.3s") -> ObjectStorage:
        """Pictures in the bucket, with that limit of one request and Eva's number of retries."""
        client = {"allow_http": True, "timeout": timeout}
        return ObjectStorage("s3://pictures", endpoint=self.url, client_options=client, **OPTIONS)


async def _read(receive: Receive) -> bytes:
    body, has_more = b"", True
    while has_more:
        message = await receive()
        body += message.get("body", b"")
        has_more = message.get("more_body", False)
    return body
