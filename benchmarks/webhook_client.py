"""Telegram's servers as a webhook meets them, in a process of their own: they bring updates over kept connections.

Reads a plan as JSON from its standard input, writes to its standard output when the first update left, by the
clock that all processes share (CLOCK_MONOTONIC), and the milliseconds of each call:

    {"port": 8000, "path": "/telegram/webhook", "secret": "...", "connections": 16, "pause": 0, "updates": [{}]}
    {"began": 1234.5, "ms": [12.1, 9.8, ...]}

A connection brings its next update as soon as the last one was taken, or after a pause of some seconds. All connections
are made before the first update leaves. What is measured is a webhook, not this process, so it does as little as it can
(`benchmarks.closed_loop_readers`).
"""

import asyncio
import json
import sys
import time
from typing import Any

import uvloop

from benchmarks.closed_loop_readers import ReaderProtocol


async def post_updates(plan: dict[str, Any]) -> dict[str, Any]:
    """Carry the plan out.

    Raises:
        ValueError: an update was not taken.
    """
    loop = asyncio.get_running_loop()
    head = f"POST {plan['path']} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    head += f"X-Telegram-Bot-Api-Secret-Token: {plan['secret']}\r\nContent-Length: "
    bodies = [json.dumps(update) for update in plan["updates"]]
    requests = iter([f"{head}{len(body)}\r\n\r\n{body}".encode() for body in bodies])
    took: list[float] = []

    async def one(reader: ReaderProtocol) -> None:
        for request in requests:
            left = time.perf_counter()
            status, _ = await reader.send_request(request)
            took.append(1e3 * (time.perf_counter() - left))
            if status != 200:
                raise ValueError(f"answered {status}")
            await asyncio.sleep(plan["pause"])
        reader.transport.close()

    opened = [
        await loop.create_connection(ReaderProtocol, "127.0.0.1", plan["port"]) for _ in range(plan["connections"])
    ]
    began = time.perf_counter()
    await asyncio.gather(*(one(reader) for _, reader in opened))
    return {"began": began, "ms": took}


def main() -> None:
    """Do as standard input says."""
    json.dump(uvloop.run(post_updates(json.load(sys.stdin))), sys.stdout)


if __name__ == "__main__":
    main()
