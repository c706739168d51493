"""What the pages of the site cost, at 10,000 and at 1,000,000 shared looks.

For each size a database is seeded and `eva serve` is started on it, one process with the embedded PostgreSQL. Readers
are one more process. All share the processors of this machine; sizes and sites take turns, so that other load is fair.

    rendered    processor time of one page over that of a bare FastAPI + Jinja2 + asyncpg app that makes the same HTML
                from one query (`benchmarks.reference_site`). One reader, no page cache, no compression in either
    readers     response times of 20 readers who pause one second between pages, without a page cache, compressed; the
                median of several rounds, so that a disturbed round does not decide
    cached      the page cache for visitors without a cookie; never counted as rendered

Every query behind the pages is explained; the plans are stored with the figures. Run: make bench-pages
"""

import argparse
import asyncio
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin

import httpx
import numpy as np
import psycopg
from lxml import html
from rich.console import Console

from benchmarks.figures import RESULTS, Figure, print_figures, write_figures
from benchmarks.processes import ROOT, processor_seconds, running
from benchmarks.query_plans import QueryPlan, explain_pages
from benchmarks.reference_site import write_templates
from benchmarks.seeded_board import READERS, SeededBoard, seeded_board
from core.db.leaderboard import Period
from core.styles import STYLES
from tests.processes import free_port

SIZES = (10_000, 1_000_000)
MAX_RENDER_RATIO = 1.5
MAX_P99_MS = 25.0
MAX_GROWTH = 1.3
WARM_SECONDS = 0.5
ROUNDS = 9
"""How often Eva and the reference site take turns for each kind of page."""
READER_ROUNDS = 5
"""How often the sizes take turns for readers who pause."""
PAUSE_SECONDS = 1.0
SAMPLE = 200
"""Looks and people whose pages are read."""
DEPTH = 6
"""Pages that are read below each leaderboard."""

Requests = list[tuple[str, str]]
"""Paths with cookies."""


def main() -> None:
    """Measure, print, store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs=2, default=SIZES, metavar=("SMALL", "LARGE"))
    parser.add_argument("--seconds", type=float, default=9.0, help="for each kind of page")
    parser.add_argument("--pausing-seconds", type=float, default=150.0, help="of pausing readers at each size")
    parser.add_argument("--out", type=Path, default=RESULTS / "pages.json")
    options = parser.parse_args()
    console = Console()
    with ExitStack() as stack:
        small, large = (stack.enter_context(seeded_board(looks, console)) for looks in options.sizes)
        kinds = {board.looks: collect_pages(board) for board in (small, large)}
        figures = measure_rendering(large, kinds[large.looks], options.seconds)
        figures += measure_readers((small, large), kinds, options.pausing_seconds)
        figures += measure_cache(large, kinds[large.looks], options.seconds)
        plans = asyncio.run(explain_pages(large))
    print_figures("Pages of the site", figures)
    for plan in plans:
        if plan.problems:
            console.print(f"{plan.name}: {', '.join(plan.problems)}")
    figures.append(_growing_queries(plans))
    write_figures(options.out, figures, sizes=options.sizes, plans=[asdict(plan) for plan in plans])


def collect_pages(board: SeededBoard) -> dict[str, list[str]]:
    """Paths by kind of page: leaderboards and pages below them, looks, people."""
    with psycopg.connect(board.database_url) as connection:
        connection.execute("SELECT setseed(0.1)")
        looks = connection.execute(
            "SELECT id FROM looks WHERE is_public ORDER BY random() LIMIT %s", (SAMPLE,)
        ).fetchall()
        names = connection.execute(
            "SELECT name FROM people WHERE EXISTS (SELECT FROM looks WHERE person_id = people.id AND is_public)"
            " ORDER BY random() LIMIT %s",
            (SAMPLE,),
        ).fetchall()
    tops = [f"/?{query}" for period in Period for query in (f"when={period}", *_style_queries(period))]
    return {
        "leaderboard": [page for top in tops for page in _walk(board, top)],
        "look": [f"/looks/{look_id}" for (look_id,) in looks],
        "person": [f"/people/{quote(name)}" for (name,) in names],
    }


def measure_rendering(board: SeededBoard, kinds: Mapping[str, list[str]], seconds: float) -> list[Figure]:
    """Processor time of a rendered page, for Eva and for the reference site with the same HTML.

    Raises:
        ValueError: the reference site does not return the same HTML.
    """
    figures = []
    for kind, paths in kinds.items():
        pages = {path: _get(board.port, path) for path in paths}
        with tempfile.TemporaryDirectory(prefix="eva-reference-") as name:
            templates = Path(name)
            _store_rows(board, write_templates(pages, templates))
            port = free_port()
            command = [sys.executable, "-m", "benchmarks.reference_site", str(port), board.database_url, name]
            ready_url = f"http://127.0.0.1:{port}{paths[0]}"
            with running(command, board.folder, {}, ready_url=ready_url) as process:
                equal = [path for path in paths if _get(port, path) == pages[path]]
                if len(equal) < 0.9 * len(paths):
                    raise ValueError(f"{kind}: the reference site equals only {len(equal)} of {len(paths)} pages")
                requests = [(path, "") for path in equal]
                sites = ((board.port, board.process), (port, process))
                # Both sites read the same pages first: the slower one does not come to the end of them.
                orders = [random.Random(number).sample(requests, len(requests)) for number in range(ROUNDS)]
                costs = np.array(
                    [[read_pages(*site, order, seconds / ROUNDS)["processor_ms"] for site in sites] for order in orders]
                )
        eva, reference = np.median(costs, axis=0).tolist()
        figures += [
            Figure(name=f"{kind}, rendered, processor time", value=eva, unit="ms"),
            Figure(name=f"{kind}, bare app, processor time", value=reference, unit="ms"),
            Figure(
                name=f"{kind}, rendered over bare app",
                # Of each round by itself: a machine that is slower for a while is slower for both.
                value=float(np.median(costs[:, 0] / costs[:, 1])),
                unit="x",
                target=MAX_RENDER_RATIO,
                headline=kind != "person",
            ),
        ]
    return figures


def measure_readers(
    boards: Sequence[SeededBoard], kinds: Mapping[int, Mapping[str, list[str]]], seconds: float
) -> list[Figure]:
    """Response times of readers who pause, at each size in turn; the size that begins alternates.

    Raises:
        ValueError: a response has a status other than 200.
    """
    p99: dict[int, list[float]] = {board.looks: [] for board in boards}
    for number in range(READER_ROUNDS):
        for board in boards if number % 2 == 0 else reversed(boards):
            requests = _mixed_requests(board, kinds[board.looks])
            duration = seconds / READER_ROUNDS
            result = read_pages(
                board.port, board.process, requests, duration, readers=READERS, pause=PAUSE_SECONDS, encoding="gzip"
            )
            if result["others"]:
                raise ValueError(f"answers other than 200: {result['others']}")
            p99[board.looks].append(float(np.percentile(result["ms"], 99)))
    return reader_figures(p99)


def reader_figures(p99: Mapping[int, Sequence[float]]) -> list[Figure]:
    """The median of the 99th percentiles of all rounds, for the small and the large size, and of their ratios.

    Args:
        p99: milliseconds of each round, by the number of looks, the small size first.
    """
    small, large = p99
    figures = [
        Figure(
            name=f"20 pausing readers, p99 at {looks:,} looks",
            value=float(np.median(rounds)),
            unit="ms",
            target=MAX_P99_MS,
            headline=looks == large,
            note=f"{len(rounds)} rounds: {min(rounds):.1f} to {max(rounds):.1f}",
        )
        for looks, rounds in p99.items()
    ]
    ratios = np.divide(p99[large], p99[small])
    return [*figures, Figure(name="p99, large over small", value=float(np.median(ratios)), unit="x", target=MAX_GROWTH)]


def measure_cache(board: SeededBoard, kinds: Mapping[str, list[str]], seconds: float) -> list[Figure]:
    """Pages a second with the page cache, for visitors without a cookie."""
    requests = [(kinds["leaderboard"][0], "")]
    result = read_pages(
        board.cached_port, board.cached_process, requests, seconds, readers=READERS, pause=0.0, encoding="gzip"
    )
    return [
        Figure(name="cached leaderboard, pages a second", value=result["pages"] / result["seconds"], unit="/s"),
        Figure(name="cached leaderboard, p99", value=float(np.percentile(result["ms"], 99)), unit="ms"),
    ]


def _style_queries(period: Period) -> list[str]:
    return [f"style={style}&when={period}" for style in STYLES]


def _walk(board: SeededBoard, path: str) -> list[str]:
    """A leaderboard and the pages that its links to the next page lead to; empty if it is not there."""
    paths: list[str] = []
    while path and len(paths) < DEPTH:
        response = httpx.get(f"http://127.0.0.1:{board.port}{path}", trust_env=False)
        if response.status_code != 200:
            break
        paths.append(path)
        links = html.fromstring(response.text).xpath("//a[@rel='next']/@href | //p[@class='more']/a/@href")
        path = urljoin(path, str(links[0])) if links else ""
    return paths


def _get(port: int, path: str) -> str:
    """The HTML of a page; empty if it is not there."""
    headers = {"Accept-Encoding": "identity", "Accept-Language": "ko-KR,ko;q=0.9,en;q=0.8"}
    response = httpx.get(f"http://127.0.0.1:{port}{path}", headers=headers, trust_env=False)
    return response.text if response.status_code == 200 else ""


def _store_rows(board: SeededBoard, rows: Mapping[str, list[tuple[str, ...]]]) -> None:
    """Put the rows of the reference site into the database."""
    with psycopg.connect(board.database_url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS reference_rows")
        connection.execute("CREATE TABLE reference_rows (path text, position integer, fields text[])")
        with connection.cursor() as cursor, cursor.copy("COPY reference_rows FROM STDIN") as copy:
            for path, fields in rows.items():
                for position, values in enumerate(fields):
                    copy.write_row((path, position, list(values)))
        connection.execute("CREATE UNIQUE INDEX ON reference_rows (path, position)")
        connection.execute("ANALYZE reference_rows")


def _mixed_requests(board: SeededBoard, kinds: Mapping[str, list[str]]) -> Requests:
    """All kinds of pages in random order, half of them with a visitor's cookie."""
    rng = np.random.default_rng(1)
    paths = [path for group in kinds.values() for path in group] + ["/me/following"]
    chosen = [paths[number] for number in rng.integers(0, len(paths), 4 * len(paths))]
    return [
        (path, board.visitors[number % READERS] if number % 2 or path.startswith("/me") else "")
        for number, path in enumerate(chosen)
    ]


def read_pages(
    port: int,
    process: int,
    requests: Requests,
    seconds: float,
    *,
    readers: int = 1,
    pause: float = 0.0,
    encoding: str = "identity",
) -> dict[str, Any]:
    """Let readers ask for pages.

    Args:
        port: the site's.
        process: the site's process, whose processor time is measured.
        requests: paths with cookies.
        seconds: time to read.
        readers: how many.
        pause: mean of the exponential pauses in seconds; 0 for none.
        encoding: value of Accept-Encoding.

    Returns:
        What `benchmarks.closed_loop_readers` prints, and `processor_ms` for a page.
    """
    plan = {
        "port": port,
        "readers": readers,
        "seconds": seconds,
        "warm": WARM_SECONDS,
        "pause": pause,
        "encoding": encoding,
        "requests": requests,
    }
    before = processor_seconds(process)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.closed_loop_readers"],
        input=json.dumps(plan),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=seconds + 120,
    )
    result: dict[str, Any] = json.loads(done.stdout)
    pages = max(1, result["all_pages"])
    return {**result, "processor_ms": 1e3 * (processor_seconds(process) - before) / pages}


def _growing_queries(plans: Sequence[QueryPlan]) -> Figure:
    """How many queries read a large table as a whole or sort many rows."""
    growing = [plan for plan in plans if plan.problems]
    return Figure(name="queries whose cost grows with the table", value=len(growing), unit="", target=0)


if __name__ == "__main__":
    main()
