"""Readers of the site, in a process of their own.

Reads a plan as JSON from standard input and writes the result as JSON to standard output:

    {"port": 8000, "readers": 20, "seconds": 3, "warm": 1, "pause": 0, "encoding": "gzip",
     "requests": [["/", "visitor=..."], ...]}
    {"pages": 2718, "all_pages": 3600, "seconds": 3.0, "ms": [1.9, ...], "others": {"404": 2}, "bytes": 21000,
     "cores": 0.4}

Each reader keeps one connection and requests one page after another, from a start of its own. With `pause` 0 the next
request follows at once; else after an exponential time of this mean in seconds. Readers only write requests and count
bytes, so that they take little of the processors that they share with the server; `cores` says how much.
"""

import asyncio
import json
import random
import sys
import time
from collections import Counter
from typing import Any, cast

import uvloop


class ReaderProtocol(asyncio.Protocol):
    """A persistent connection that sends one request at a time."""

    def __init__(self) -> None:
        self.response: asyncio.Future[tuple[int, int]] | None = None
        self._header = b""
        self._missing: int | None = None
        """Bytes of the body that have not arrived; None before the end of the header."""
        self._chunked = b""
        self._is_chunked = False
        self._status, self._size = 0, 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast(asyncio.Transport, transport)

    def send_request(self, request: bytes) -> asyncio.Future[tuple[int, int]]:
        """Send a request; the future gets the status and the size of the body in bytes."""
        self.response = asyncio.get_running_loop().create_future()
        self._header, self._missing, self._chunked, self._is_chunked = b"", None, b"", False
        self.transport.write(request)
        return self.response

    def data_received(self, data: bytes) -> None:
        """Read to the end of the response."""
        if self._missing is None:
            self._header += data
            header, separator, data = self._header.partition(b"\r\n\r\n")
            if not separator:
                return
            self._read_header(header)
        if self._is_chunked:
            self._chunked += data
            is_complete = self._chunked.endswith(b"0\r\n\r\n")
            self._size = len(self._chunked)
        else:
            self._missing = (self._missing or 0) - len(data)
            is_complete = self._missing == 0
        if is_complete and self.response is not None and not self.response.done():
            self.response.set_result((self._status, self._size))

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the request that waits."""
        if self.response is not None and not self.response.done():
            self.response.set_exception(exc or ConnectionResetError())

    def _read_header(self, header: bytes) -> None:
        lines = header.lower().split(b"\r\n")
        self._status = int(lines[0].split()[1])
        self._is_chunked = b"transfer-encoding: chunked" in lines
        lengths = [int(line[15:]) for line in lines if line.startswith(b"content-length:")]
        self._missing = self._size = lengths[0] if lengths else 0


async def run_readers(plan: dict[str, Any]) -> dict[str, Any]:
    """Carry out a plan and return its result, both as in the docstring of the module.

    Raises:
        ConnectionError: the server closed a connection.
    """
    loop, port = asyncio.get_running_loop(), plan["port"]
    requests = [_encode_request(port, path, cookie, plan["encoding"]) for path, cookie in plan["requests"]]
    measured_from = time.perf_counter() + plan["warm"]
    end = measured_from + plan["seconds"]
    durations: list[float] = []
    sizes: list[int] = []
    other_statuses: Counter[int] = Counter()
    total = 0

    async def read(number: int) -> None:
        nonlocal total
        rng = random.Random(number)
        _, protocol = await loop.create_connection(ReaderProtocol, "127.0.0.1", port)
        turn = number * len(requests) // plan["readers"]
        if plan["pause"]:
            await asyncio.sleep(rng.uniform(0, plan["pause"]))
        while (sent := time.perf_counter()) < end:
            if protocol.transport.is_closing():
                # The server closes connections that were idle for 5 seconds; browsers open another one, too.
                _, protocol = await loop.create_connection(ReaderProtocol, "127.0.0.1", port)
            status, size = await protocol.send_request(requests[turn % len(requests)])
            received = time.perf_counter()
            turn += 1
            total += 1
            if sent >= measured_from:
                durations.append(1e3 * (received - sent))
                sizes.append(size)
                if status != 200:
                    other_statuses[status] += 1
            if plan["pause"]:
                await asyncio.sleep(rng.expovariate(1 / plan["pause"]))
        protocol.transport.close()

    used = time.process_time()
    await asyncio.gather(*map(read, range(plan["readers"])))
    return {
        "pages": len(durations),
        "all_pages": total,
        "seconds": plan["seconds"],
        "ms": [round(duration, 3) for duration in durations],
        "others": other_statuses,
        "bytes": round(sum(sizes) / max(1, len(sizes))),
        "cores": round((time.process_time() - used) / (plan["warm"] + plan["seconds"]), 3),
    }


def _encode_request(port: int, path: str, cookie: str, encoding: str) -> bytes:
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Accept: text/html",
        f"Accept-Encoding: {encoding}",
        "Accept-Language: ko-KR,ko;q=0.9,en;q=0.8",
        "Sec-Fetch-Site: same-origin",
        *([f"Cookie: {cookie}"] if cookie else []),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def main() -> None:
    """Carry out the plan on standard input."""
    json.dump(uvloop.run(run_readers(json.load(sys.stdin))), sys.stdout)


if __name__ == "__main__":
    main()
