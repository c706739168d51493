"""What open pages cost that receive changes of the leaderboard.

`eva serve` runs on a board of 1,000 looks, without a page cache, and one reader requests the leaderboard again and
again. In each round it does so without streams, with streams that are told nothing, and with streams while a look gains
ten hearts a second.

    memory      growth of the process's own memory (USS) from before the streams are opened
    latency     response times of the leaderboard with streams over those without in the same round; the median of the
                rounds

Run: python -m benchmarks.live_board
"""

import argparse
import asyncio
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import numpy as np
import psutil
from rich.console import Console

from benchmarks.figures import RESULTS, Figure, print_figures, write_figures
from benchmarks.pages import read_pages
from benchmarks.seeded_board import SeededBoard, seeded_board
from core.db.database_url import DatabaseUrl

LOOKS = 1000
MAX_MEGABYTES = 50.0
MAX_LATENCY_RATIO = 1.1
HEARTS_PER_SECOND = 10
GIVE_HEART = """
UPDATE looks SET hearts = hearts + 1 WHERE id = (SELECT id FROM looks WHERE is_public ORDER BY id LIMIT 1)
"""
REQUEST = b"GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n"


class StreamReader(asyncio.Protocol):
    """One open page, which counts messages."""

    def __init__(self) -> None:
        self.messages = 0

    def data_received(self, data: bytes) -> None:
        """Count changes."""
        self.messages += data.count(b"data: ")


def main() -> None:
    """Measure, print, store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=1000, help="open streams")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=5.0, help="of a round")
    arguments = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with seeded_board(LOOKS, Console()) as board:
        figures = asyncio.run(measure(board, arguments.pages, arguments.rounds, arguments.seconds))
    print_figures("live board", figures)
    write_figures(RESULTS / "live_board.json", figures, pages=arguments.pages, rounds=arguments.rounds)


async def measure(board: SeededBoard, pages: int, rounds: int, seconds: float) -> list[Figure]:
    """All figures.

    Args:
        board: the server and its database.
        pages: number of open streams.
        rounds: how often each situation is measured.
        seconds: for how long pages are read in each situation of a round.

    Raises:
        ValueError: a stream got no message.
    """
    process = psutil.Process(board.process)

    async def read() -> list[float]:
        result = await asyncio.to_thread(read_pages, board.port, board.process, [("/?when=all", "")], seconds)
        times: list[float] = result["ms"]
        return times

    await read()  # warms up
    growth, messages = [], []
    ratios: dict[str, list[float]] = {}
    for _ in range(rounds):
        alone = await read()
        before = process.memory_full_info().uss
        async with open_streams(board.port, pages) as streams:
            idle = await read()
            async with asyncio.TaskGroup() as group:
                hearts = group.create_task(give_hearts(board.database_url))
                events = await read()
                growth.append((process.memory_full_info().uss - before) / 1e6)
                hearts.cancel()
        messages.append(min(stream.messages for stream in streams))
        for name, percent in (("median", 50), ("p99", 99)):
            without = float(np.percentile(alone, percent))
            for kind, times in (("idle streams", idle), ("streams with hearts", events)):
                ratio = float(np.percentile(times, percent)) / without
                ratios.setdefault(f"{name} of a page, {pages} {kind} over none", []).append(ratio)
    if min(messages) == 0:
        raise ValueError("a stream got no message")
    return [
        Figure(name=f"memory of {pages} streams", value=max(growth), unit="MB", target=MAX_MEGABYTES),
        *(
            Figure(
                name=name,
                value=float(np.median(values)),
                unit="x",
                target=MAX_LATENCY_RATIO if name.startswith("median") else None,
            )
            for name, values in ratios.items()
        ),
    ]


async def give_hearts(database_url: str) -> None:
    """Let one look gain hearts until canceled."""
    connection = await asyncpg.connect(**DatabaseUrl.parse(database_url).asyncpg("benchmark"))
    try:
        while True:
            await connection.execute(GIVE_HEART)
            await asyncio.sleep(1 / HEARTS_PER_SECOND)
    finally:
        connection.terminate()


@asynccontextmanager
async def open_streams(port: int, count: int) -> AsyncIterator[list[StreamReader]]:
    """Open streams; yields their readers."""
    loop = asyncio.get_running_loop()
    opened = []
    for _ in range(count):
        transport, reader = await loop.create_connection(StreamReader, "127.0.0.1", port)
        transport.write(REQUEST)
        opened.append((transport, reader))
    # All have got the first message by then.
    await asyncio.sleep(2)
    try:
        yield [reader for _, reader in opened]
    finally:
        for transport, _ in opened:
            transport.close()
        await asyncio.sleep(1)


if __name__ == "__main__":
    main()
