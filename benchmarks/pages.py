"""How fast the pages of the site are, and whether they stay so: at 10,000 and at 1,000,000 shared looks.

For each size a database is filled (`benchmarks/society.py`) and `eva serve` is started on it, one process, with the
embedded Postgres. Then 20 readers (`benchmarks/readers.py`, one more process) ask for pages over kept connections. All
share this machine's cores. The readers form a closed loop without pauses: each asks again as soon as it was answered,
which is far more than 20 people do; how it is with people, who pause for a second or so, is measured too.

    strangers   have no cookie, as most who come; what many of them ask for at once is made once a second
    visitors    have given hearts, so each page is made for them alone

The sizes take turns, page by page, so that whatever else the machine does meets both. Every statement behind a page is
explained, and the plans are kept with the figures.

Run: make bench-board
"""

import argparse
import asyncio
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import numpy as np
import psutil
import psycopg
from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from benchmarks.query_plans import QueryPlan, explain_queries
from benchmarks.seed_social import seed_database
from core.db import follows, leaderboard, moderation, people, reactions
from core.db.database import Database
from core.db.embedded_postgres import EmbeddedPostgres
from core.db.leaderboard import LeaderboardCursor, Period
from core.db.migrate import migrate_up
from core.db.schema import IdentityProvider
from core.signing import VisitorTokenSigner
from core.styles import STYLES, Style
from core.vision.backends import available_cpus
from leaderboard_web.pagination import RankCursor
from leaderboard_web.routes.leaderboard import PAGE_SIZE

RESULTS = Path(__file__).parent / "results" / "board.json"
ROOT = Path(__file__).parents[1]
SIZES = (10_000, 1_000_000)
READERS = 20
MAX_P99_MS = 25.0
MAX_GROWTH = 1.3
PAUSING_READERS = "all of these in turn, with pauses"
WARM = 0.4
"""Seconds of reading before anything is measured."""
PAUSE = 1.0
"""Seconds, the mean of exponential ones, between two pages of a person."""
SAMPLE = 4000
"""Looks and cursors that are asked for in turn: more than pages that are kept, so none of these is."""
FAST_LOAD = ("fsync=off", "full_page_writes=off", "max_wal_size=8GB", "wal_level=minimal", "max_wal_senders=0")
"""For filling alone; afterwards the server is started as Eva starts it."""

Requests = list[tuple[str, str]]
"""Paths with the cookies that go along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeededBoard:
    """A database of one size, and the Eva that serves it."""

    looks: int
    url: str
    """Of the database."""
    port: int
    process: int
    """Its id."""
    visitors: tuple[str, ...]
    """Cookies; the first one's owner follows 200 others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """How long a page took at one size."""

    p50: float
    """ms"""
    p99: float
    """ms"""
    pages_per_second: float
    processor_ms: float
    """That the process takes for a page; of all figures the one that other work on the machine changes least."""
    bytes: int
    """Of a page, as it travels."""
    reader_cores: float
    """What the readers themselves took of the cores."""
    other_statuses: int
    """Answers with another status than 200."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One kind of page at both sizes."""

    page: str
    small: Measurement
    large: Measurement

    @property
    def ratio(self) -> float:
        """Large over small, by the median: the 99th percentile of a second is one of a few samples."""
        return self.large.p50 / self.small.p50


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs=2, default=SIZES, metavar=("SMALL", "LARGE"))
    parser.add_argument("--seconds", type=float, default=4.0, help="for each kind of page and size; a tab has a third")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    console = Console()
    with ExitStack() as stack:
        towns = [stack.enter_context(seeded_board(looks, console)) for looks in options.sizes]
        names = [name for name in _requests(towns[0]) if name in _requests(towns[1])]
        rows = [measure(name, towns, options.seconds / 3 if ":" in name else options.seconds) for name in names]
        plans = asyncio.run(explain_pages(towns[1]))
    print_rows(rows, plans, options.sizes, console)
    options.out.write_text(json.dumps(as_json(rows, plans, options.sizes), indent=2) + "\n", "utf-8")


@contextmanager
def seeded_board(looks: int, console: Console) -> Iterator[SeededBoard]:
    """A database with so many looks, and an Eva on it."""
    with tempfile.TemporaryDirectory(prefix="eva-bench-") as folder, ExitStack() as stack:
        Path(folder).chmod(0o711)
        data, secret = Path(folder) / "eva", secrets.token_hex(32)
        visitors = VisitorTokenSigner(secret.encode())
        cookies = [visitors.issue() for _ in range(READERS)]
        began = time.perf_counter()
        with EmbeddedPostgres(data / "postgres", options=FAST_LOAD) as server:
            asyncio.run(_migrate(server.url))
            seed_database(server.url, looks, [visitors.verify(each) or "" for each in cookies])
        console.print(f"{looks:,} looks made in {time.perf_counter() - began:.0f} s")
        # Eva starts the server, as she always does; joining it here sees to it that it stops whatever becomes of her.
        port, process = stack.enter_context(_start_server(Path(folder), data, secret))
        server = stack.enter_context(EmbeddedPostgres(data / "postgres"))
        cookies = [f"visitor={each}" for each in cookies]
        yield SeededBoard(looks=looks, url=server.url, port=port, process=process, visitors=tuple(cookies))


async def _migrate(url: str) -> None:
    async with Database(url) as database:
        await migrate_up(database)


@contextmanager
def _start_server(folder: Path, data: Path, secret: str) -> Iterator[tuple[int, int]]:
    """`eva serve`; gives its port and the process's id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    others = {name: value for name, value in os.environ.items() if not name.startswith(("EVA_", "DATABASE_URL"))}
    environment = {**others, "PYTHONPATH": str(ROOT), "EVA_DATA_DIR": str(data), "EVA_SECRET_KEY": secret}
    command = [sys.executable, "-m", "eva", "serve", "--port", str(port)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        try:
            for _ in range(600):
                with suppress(httpx.TransportError):
                    if httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=10, trust_env=False).status_code == 200:
                        break
                time.sleep(0.1)
            else:
                raise TimeoutError((folder / "log").read_text("utf-8"))
            yield port, process.pid
        finally:
            process.terminate()
            process.wait(60)


def build_requests(board: SeededBoard) -> dict[str, Requests]:
    """What readers ask for, by the kind of page."""
    tabs = [(when, style) for when in Period for style in (None, *STYLES)]
    with psycopg.connect(board.url) as connection:
        connection.execute("SELECT setseed(0.1)")
        looks = connection.execute(
            "SELECT id, hearts, style FROM looks WHERE is_public ORDER BY random() LIMIT %s", (SAMPLE,)
        ).fetchall()
        names = connection.execute(
            "SELECT name FROM people WHERE EXISTS (SELECT FROM looks WHERE person_id = people.id AND is_public)"
            " ORDER BY random() LIMIT %s",
            (SAMPLE,),
        ).fetchall()
    further = [
        _board_path(
            Period.ALL,
            style if turn % 2 else None,
            RankCursor(offset=PAGE_SIZE + 1, hearts=hearts_, look_id=look_id),
        )
        for turn, (look_id, hearts_, style) in enumerate(looks)
    ]
    kinds = {
        "any board": [_board_path(when, style) for when, style in tabs],
        "any board, further down": further,
        "a look": [f"/looks/{look_id}" for look_id, _, _ in looks],
        "a person": [f"/people/{quote(name)}" for (name,) in names],
    }
    found: dict[str, Requests] = {
        f"board: {when}, {style or 'every style'}": [(_board_path(when, style), "")] for when, style in tabs
    }
    for kind, paths in kinds.items():
        found[f"{kind}, strangers"] = [(path, "") for path in paths]
        found[f"{kind}, visitors"] = [(path, board.visitors[turn % READERS]) for turn, path in enumerate(paths)]
    found["what 200 people shared whom one follows"] = [("/me/following", board.visitors[0])]
    mixed = [each for name, every in found.items() if name.startswith("a") for each in every[:200]]
    dice = np.random.default_rng(1)
    found[PAUSING_READERS] = [mixed[turn] for turn in dice.permutation(len(mixed))]
    return {name: requests for name, requests in found.items() if _exists(board, requests[0])}


def _tab(when: Period, style: Style | None) -> str:
    return f"board: {when}, {style or 'every style'}"


def _exists(place: SeededBoard, request: tuple[str, str]) -> bool:
    """Whether the site has such a page."""
    path, cookie = request
    headers = {"Cookie": cookie} if cookie else {}
    reply = httpx.get(f"http://127.0.0.1:{place.port}{path}", headers=headers, trust_env=False)
    return reply.status_code == 200


def measure(page: str, towns: Sequence[SeededBoard], seconds: float) -> Row:
    """Let the readers read one kind of page, at one size and the other in turn, twice."""
    found: dict[int, list[dict[str, Any]]] = {place.looks: [] for place in towns}
    for _ in range(2):
        for place in towns:
            found[place.looks].append(
                _read(place, _requests(place)[page], seconds / 2, PAUSE * (page == PAUSING_READERS))
            )
    small, large = (_figures(found[place.looks]) for place in towns)
    return Row(page=page, small=small, large=large)


@cache
def _requests(place: SeededBoard) -> dict[str, Requests]:
    return build_requests(place)


def _read(place: SeededBoard, requests: Requests, seconds: float, pause: float) -> dict[str, Any]:
    plan = {
        "port": place.port,
        "readers": READERS,
        "seconds": seconds,
        "warm": WARM,
        "think": pause,
        "requests": requests,
    }
    before = _processor_time(place)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.closed_loop_readers"],
        input=json.dumps(plan),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=seconds + 60,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    pages = max(1.0, found["pages"] * (WARM + seconds) / seconds)
    return {**found, "processor_ms": 1e3 * (_processor_time(place) - before) / pages}


def _processor_time(place: SeededBoard) -> float:
    """That Eva's process took so far, in seconds."""
    times = psutil.Process(place.process).cpu_times()
    return float(times.user + times.system)


def _figures(slices: list[dict[str, Any]]) -> Measurement:
    ms = [each for one in slices for each in one["ms"]]
    return Measurement(
        p50=round(float(np.percentile(ms, 50)), 2),
        p99=round(float(np.percentile(ms, 99)), 2),
        pages_per_second=round(len(ms) / sum(one["seconds"] for one in slices), 1),
        processor_ms=round(float(np.mean([one["processor_ms"] for one in slices])), 2),
        bytes=slices[0]["bytes"],
        reader_cores=round(float(np.mean([one["cpu"] for one in slices])), 2),
        other_statuses=sum(sum(one["others"].values()) for one in slices),
    )


async def explain_pages(place: SeededBoard) -> list[QueryPlan]:
    """The plans of everything that the pages ask."""
    async with Database(place.url) as database:
        async with database.transaction() as connection:
            some = await leaderboard.get_page(connection, limit=PAGE_SIZE + 2)
            crowded = (await people.get_identity(connection, IdentityProvider.WEB, _key_of(place))) or None
            middle = (
                await connection.exec_driver_sql(
                    "SELECT hearts, id FROM looks WHERE is_public ORDER BY hearts DESC, id DESC"
                    f" OFFSET {place.looks // 10} LIMIT 1"
                )
            ).one()
        assert crowded is not None
        reader, look = crowded.person_id, some[0].look
        after = LeaderboardCursor(hearts=middle.hearts, look_id=middle.id)
        asked: dict[str, Callable[[AsyncConnection], Awaitable[object]]] = {
            "who a visitor is": partial(people.get_by_identity, provider=IdentityProvider.WEB, subject=_key_of(place)),
            "a look and its visitor": partial(
                leaderboard.get_look_for_viewer, look_id=look.id, viewer_key=_key_of(place)
            ),
            "somebody and their visitor": partial(
                leaderboard.get_person_for_viewer, name=some[0].owner_name or "", viewer_key=_key_of(place)
            ),
            "which of the looks have the browser's heart": partial(
                reactions.list_hearted_look_ids,
                provider=IdentityProvider.WEB,
                subject=_key_of(place),
                look_ids=[each.look.id for each in some],
            ),
            "how many were judged today": leaderboard.count_judged_today,
            "somebody's looks": partial(
                leaderboard.list_for_person, person_id=look.person_id, limit=PAGE_SIZE + 1, viewer_key=_key_of(place)
            ),
            "somebody's styles": partial(leaderboard.count_styles, person_id=look.person_id),
            "what 200 people shared whom one follows": partial(
                follows.get_feed_page, follower_id=reader, limit=PAGE_SIZE + 1, viewer_key=_key_of(place)
            ),
            "what moderators have to see": partial(moderation.list_reported, limit=21),
        }
        for when in Period:
            for style in (None, *STYLES):
                board = partial(
                    leaderboard.get_page, limit=PAGE_SIZE + 2, style=style, period=when, viewer_key=_key_of(place)
                )
                asked[_tab(when, style)] = board
                asked[f"{_tab(when, style)}, further down"] = partial(board, after=after)
        return await explain_queries(database, asked)


def _key_of(place: SeededBoard) -> str:
    """The key in the first visitor's cookie."""
    return place.visitors[0].removeprefix("visitor=").partition(".")[0]


def explain_miss(row: Row) -> str:
    """Why a row misses the targets; empty if it does not."""
    if row.small.other_statuses or row.large.other_statuses:
        return f"{row.small.other_statuses + row.large.other_statuses} answers were no pages"
    # With pauses the process is idle most of the time, and this is no page's time.
    service = 0.0 if row.page == PAUSING_READERS else 1e3 / row.large.pages_per_second
    if row.large.p99 >= MAX_P99_MS > READERS * service:
        return f"half of the pages came in {row.large.p50:.1f} ms; the slowest waited for a core"
    if row.large.p99 >= MAX_P99_MS:
        return (
            f"one page takes {service:.2f} ms of the process, and {READERS} readers without pauses always wait for"
            f" each other: {READERS} x {service:.2f} = {READERS * service:.1f} ms"
        )
    return "" if row.ratio <= MAX_GROWTH else f"{row.small.p50:.2f} ms became {row.large.p50:.2f} ms"


def print_rows(rows: Sequence[Row], plans: Sequence[QueryPlan], sizes: Sequence[int], console: Console) -> None:
    """The figures, for people."""
    table = Table(
        "", *(f"{each} {size:,}" for size in sizes for each in ("p50", "p99")), "ratio", "", title="The board"
    )
    for row in rows:
        numbers = [f"{each:.1f}" for one in (row.small, row.large) for each in (one.p50, one.p99)]
        table.add_row(row.page, *numbers, f"{row.ratio:.2f}", "missed" if explain_miss(row) else "met")
    console.print(table)
    for row in rows:
        if cause := explain_miss(row):
            console.print(f"{row.page}: {cause}")
    grow = [each for each in plans if each.problems]
    console.print(f"{len(plans)} statements explained, {len(grow)} of them would grow")
    for plan in grow:
        console.print(f"{plan.sql}: {', '.join(plan.problems)}")


def as_json(rows: Sequence[Row], plans: Sequence[QueryPlan], sizes: Sequence[int]) -> dict[str, Any]:
    """The figures, to be kept."""
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": available_cpus(),
        "looks": {"small": sizes[0], "large": sizes[1]},
        "readers": f"{READERS}, a closed loop without pauses but for the row that says so, in one process",
        "targets": {"large p99 ms": MAX_P99_MS, "large p50 over small p50": MAX_GROWTH},
        "pages": [
            {
                **asdict(row),
                "ratio p50": round(row.ratio, 3),
                "ratio p99": round(row.large.p99 / row.small.p99, 3),
                "missed": explain_miss(row),
            }
            for row in rows
        ],
        "plans": [asdict(plan) for plan in plans],
    }


if __name__ == "__main__":
    main()


def _board_path(period: Period, style: Style | None, cursor: RankCursor | None = None) -> str:
    query = {"when": period, "style": style, "after": cursor and cursor.encode()}
    return f"/?{urlencode({name: value for name, value in query.items() if value is not None})}"
