"""Readers of the site, in a process of their own: they ask for pages over kept connections and note how long each took.

Reads a plan as JSON from its standard input, writes what it saw as JSON to its standard output:

    {"port": 8000, "readers": 20, "seconds": 3, "warm": 1, "think": 0, "requests": [["/", "visitor=..."], ...]}
    {"pages": 2718, "seconds": 3.0, "ms": [1.9, ...], "others": {"404": 2}, "bytes": 21000, "cpu": 0.4}

Each reader asks for the requests one after the other, from a place of its own. `think` is 0, the next request leaves as
soon as the last answer has come, or the mean of exponential pauses in seconds. Writing to sockets and counting bytes
until the body is complete is all that is done, so that the readers take little of the cores that they share with what
they read; how much is said under `cpu`, in cores.
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
    """One kept connection."""

    def __init__(self) -> None:
        self.answered: asyncio.Future[tuple[int, int]] | None = None
        self.head, self.missing, self.status, self.size = b"", -1, 0, 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way out."""
        self.transport = cast(asyncio.Transport, transport)

    def send_request(self, request: bytes) -> asyncio.Future[tuple[int, int]]:
        """Send a request; the answer's status and length in bytes will come."""
        self.answered = asyncio.get_running_loop().create_future()
        self.head, self.missing = b"", -1
        self.transport.write(request)
        return self.answered

    def data_received(self, data: bytes) -> None:
        """Read up to the end of the answer."""
        if self.missing < 0:
            self.head += data
            head, found, body = self.head.partition(b"\r\n\r\n")
            if not found:
                return
            lines = head.lower().split(b"\r\n")
            self.status = int(lines[0].split()[1])
            self.size = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
            self.missing, data = self.size, body
        self.missing -= len(data)
        if self.missing == 0 and self.answered is not None and not self.answered.done():
            self.answered.set_result((self.status, self.size))

    def connection_lost(self, exc: Exception | None) -> None:
        """Let who waits know."""
        if self.answered is not None and not self.answered.done():
            self.answered.set_exception(exc or ConnectionResetError())


async def run_readers(plan: dict[str, Any]) -> dict[str, Any]:
    """Carry the plan out."""
    loop, port = asyncio.get_running_loop(), plan["port"]
    requests = [_encode_request(port, path, cookie) for path, cookie in plan["requests"]]
    began = time.perf_counter() + plan["warm"]
    ends = began + plan["seconds"]
    took: list[float] = []
    others: Counter[int] = Counter()
    sizes: list[int] = []

    async def one(place: int) -> None:
        dice = random.Random(place)
        _, reader = await loop.create_connection(ReaderProtocol, "127.0.0.1", port)
        turn = place * len(requests) // plan["readers"]
        while (left := time.perf_counter()) < ends:
            status, size = await reader.send_request(requests[turn % len(requests)])
            now = time.perf_counter()
            turn += 1
            if left >= began:
                took.append(1e3 * (now - left))
                sizes.append(size)
                if status != 200:
                    others[status] += 1
            if plan["think"]:
                await asyncio.sleep(dice.expovariate(1 / plan["think"]))
        reader.transport.close()

    used = time.process_time()
    await asyncio.gather(*map(one, range(plan["readers"])))
    return {
        "pages": len(took),
        "seconds": plan["seconds"],
        "ms": [round(each, 3) for each in took],
        "others": others,
        "bytes": round(sum(sizes) / max(1, len(sizes))),
        "cpu": round((time.process_time() - used) / (plan["warm"] + plan["seconds"]), 3),
    }


def _encode_request(port: int, path: str, cookie: str) -> bytes:
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Accept: text/html",
        "Accept-Encoding: gzip, deflate, br",
        "Accept-Language: ko-KR,ko;q=0.9,en;q=0.8",
        "Sec-Fetch-Site: same-origin",
        *([f"Cookie: {cookie}"] if cookie else []),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def main() -> None:
    """Do as standard input says."""
    json.dump(uvloop.run(run_readers(json.load(sys.stdin))), sys.stdout)


if __name__ == "__main__":
    main()
