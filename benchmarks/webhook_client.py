"""Telegram as a webhook sees it, in a process of its own: sends updates over persistent connections.

Reads a plan as JSON from standard input and writes the result as JSON to standard output:

    {"port": 8000, "path": "/telegram/webhook", "secret": "...", "connections": 16, "pause": 0, "updates": [{}]}
    {"started": 1234.5, "ms": [12.1, 9.8, ...]}

`started` is when the first update was sent, on the clock that all processes share (CLOCK_MONOTONIC); `ms` are the
durations of the calls. A connection sends its next update when the last one was acknowledged, or `pause` seconds later.
"""

import asyncio
import json
import sys
import time
from typing import Any

import uvloop

from benchmarks.closed_loop_readers import ReaderProtocol


async def post_updates(plan: dict[str, Any]) -> dict[str, Any]:
    """Carry out a plan and return its result, both as in the docstring of the module.

    Raises:
        ValueError: an update was not acknowledged.
    """
    loop = asyncio.get_running_loop()
    header = f"POST {plan['path']} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    header += f"X-Telegram-Bot-Api-Secret-Token: {plan['secret']}\r\nContent-Length: "
    bodies = [json.dumps(update) for update in plan["updates"]]
    requests = iter([f"{header}{len(body)}\r\n\r\n{body}".encode() for body in bodies])
    durations: list[float] = []

    async def send(protocol: ReaderProtocol) -> None:
        for request in requests:
            sent = time.perf_counter()
            status, _ = await protocol.send_request(request)
            durations.append(1e3 * (time.perf_counter() - sent))
            if status != 200:
                raise ValueError(f"status {status}")
            await asyncio.sleep(plan["pause"])
        protocol.transport.close()

    connections = [
        await loop.create_connection(ReaderProtocol, "127.0.0.1", plan["port"]) for _ in range(plan["connections"])
    ]
    started = time.perf_counter()
    await asyncio.gather(*(send(protocol) for _, protocol in connections))
    return {"started": started, "ms": durations}


def main() -> None:
    """Carry out the plan on standard input."""
    json.dump(uvloop.run(post_updates(json.load(sys.stdin))), sys.stdout)


if __name__ == "__main__":
    main()
