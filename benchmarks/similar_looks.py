"""Similar looks and filtered leaderboards at a million looks: recall against exact search, and latency.

    python -m benchmarks.similar_looks --looks 1000000 --folder FOLDER
    python -m benchmarks.similar_looks --looks 1000000 --folder FOLDER --boards-only

The index of the vectors takes most of the time; the second command leaves it out. A folder that holds the database
already is used again. Latency is that of one call after the other, from Python.
"""

import argparse
import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from benchmarks.board_contents import CLUSTERS, seed_database
from benchmarks.seeded_board import FAST_LOAD, migrate_database
from core.clothing import Color, Item
from core.db import leaderboard
from core.db.database import Database
from core.db.embedded_postgres import EmbeddedPostgres
from core.db.leaderboard import Period, TimeOrder
from core.db.similar_looks import find_similar
from core.styles import Style
from core.vision.attributes import Attribute

NEIGHBORS = 10
EXACT = text("""
SELECT look_id FROM look_vectors WHERE person_id <> (SELECT person_id FROM looks WHERE id = :look_id)
ORDER BY embedding <=> (SELECT to_vector_values(embedding)::halfvec(128) FROM looks WHERE id = :look_id) LIMIT :limit
""")
GIVE_HEART = text("UPDATE looks SET hearts = hearts + 1 WHERE id = :look_id")
HEARTS = 400
PICKED = text("SELECT id FROM looks WHERE is_public ORDER BY md5(id::text) LIMIT :count")

FILTERS: tuple[Attribute, ...] = (
    *(Color.BLACK, Color.RED, Color.PURPLE, Item.DRESS, Item.BOOTS, Item.TIE),
    *(Item.FUR, Item.DOTS, Item.ANIMAL, Item.LEATHER, Item.FLORAL, Item.KNIT),
)
"""Frequent, rare and very rare ones."""
PAIRS: tuple[tuple[Attribute, ...], ...] = tuple(
    (color, item) for color in (Color.RED, Color.PURPLE) for item in (Item.BOOTS, Item.TIE, Item.DOTS)
)

Query = Callable[[AsyncConnection], Awaitable[object]]


def percentiles(milliseconds: Sequence[float]) -> dict[str, float]:
    """The median, the 99th percentile and the largest."""
    values = np.array(milliseconds)
    return {
        "p50": round(float(np.percentile(values, 50)), 2),
        "p99": round(float(np.percentile(values, 99)), 2),
        "max": round(float(values.max()), 2),
    }


async def measure(database: Database, queries: Sequence[Query]) -> dict[str, Any]:
    """Run each query once on one connection, after a first pass that fills the caches.

    Returns:
        Milliseconds of the call, and of processor time in the server's process (Linux), which another program on the
        machine does not change.
    """
    waited: list[float] = []
    computed: list[float] = []
    async with database.connection() as connection:
        process = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()
        for is_measured in (False, True):
            for query in queries:
                before, started = _processor_ms(process), time.perf_counter()
                await query(connection)
                if is_measured:
                    waited.append(1000 * (time.perf_counter() - started))
                    computed.append(_processor_ms(process) - before)
    return {"calls": len(queries), "ms": percentiles(waited), "processor_ms": percentiles(computed)}


def _processor_ms(process: int) -> float:
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e6


def board_queries(*filters: tuple[Attribute, ...]) -> list[Query]:
    """First pages of all periods and of the newest looks, of all styles and of one, with each of the filters."""
    pages: list[Query] = []
    for things in filters:
        for style in (None, Style.RETRO):
            pages += [
                partial(leaderboard.get_page, limit=14, style=style, period=period, things=things) for period in Period
            ]
            pages.append(
                partial(leaderboard.get_page_by_time, order=TimeOrder.NEW, limit=13, style=style, things=things)
            )
    return pages


async def measure_recall(database: Database, look_ids: Sequence[UUID]) -> dict[str, float]:
    """The share of the exact ten nearest that the index finds as well."""
    shares = []
    async with database.transaction() as connection:
        await connection.execute(text("SET LOCAL enable_indexscan = off"))
        exact = {
            look_id: {row.look_id for row in await connection.execute(EXACT, {"look_id": look_id, "limit": NEIGHBORS})}
            for look_id in look_ids
        }
    found = text("SELECT look_id FROM find_similar_looks(:look_id, ARRAY[(SELECT person_id FROM looks "
                 "WHERE id = :look_id)], :limit)")  # fmt: skip
    async with database.connection() as connection:
        for look_id, nearest in exact.items():
            rows = await connection.execute(found, {"look_id": look_id, "limit": NEIGHBORS})
            shares.append(len(nearest & {row.look_id for row in rows}) / NEIGHBORS)
    return {"recall_at_10": round(float(np.mean(shares)), 4), "worst": min(shares), "exact_queries": len(shares)}


async def run_boards(database: Database) -> dict[str, Any]:
    """The latency of leaderboards without a filter, and with one and two things, and of a heart."""
    async with database.connection() as connection:
        look_ids = list((await connection.execute(PICKED, {"count": HEARTS})).scalars())
    return {
        "boards": await measure(database, board_queries(())),
        "boards_of_one_thing": await measure(database, board_queries(*((thing,) for thing in FILTERS))),
        "boards_of_two_things": await measure(database, board_queries(*PAIRS)),
        "hearts": await measure(database, [partial(_give_heart, look_id=look_id) for look_id in look_ids]),
    }


async def _give_heart(connection: AsyncConnection, *, look_id: UUID) -> None:
    await connection.execute(GIVE_HEART, {"look_id": look_id})


async def run(url: str, queries: int, exact: int, *, has_vectors: bool) -> dict[str, Any]:
    """All measurements, those of similar looks only where there are vectors.

    Args:
        url: of the database.
        queries: number of looks for which similar ones are searched.
        exact: of how many of these the search is compared with an exact one.
        has_vectors: whether the database can search vectors.
    """
    async with Database(url) as database:
        if not has_vectors:
            return {"processors": os.cpu_count(), **await run_boards(database)}
        async with database.connection() as connection:
            look_ids = list((await connection.execute(PICKED, {"count": queries})).scalars())
            looks = (await connection.execute(text("SELECT count(*) FROM look_vectors"))).scalar_one()
            size = (await connection.execute(text("SELECT pg_relation_size('ix_look_vectors_embedding')"))).scalar_one()
        similar = [partial(find_similar, look_id=look_id, limit=12) for look_id in look_ids]
        return {
            "looks": looks,
            "clusters": CLUSTERS,
            "processors": os.cpu_count(),
            "index_mb": round(size / 2**20),
            "similar": await measure(database, similar),
            **await run_boards(database),
            **await measure_recall(database, look_ids[:exact]),
        }


def main() -> None:
    """Seed if needed, measure, print JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--looks", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--exact", type=int, default=200)
    parser.add_argument("--boards-only", action="store_true", help="without similar looks")
    arguments = parser.parse_args()
    has_vectors = not arguments.boards_only
    measured = partial(run, queries=arguments.queries, exact=arguments.exact, has_vectors=has_vectors)
    marker = arguments.folder / "seeded"
    if not marker.exists():
        started = time.perf_counter()
        with EmbeddedPostgres(arguments.folder / "postgres", options=FAST_LOAD) as server:
            asyncio.run(migrate_database(server.url))
            seed_database(server.admin_url("eva"), arguments.looks, [], with_vectors=has_vectors)
        marker.write_text(f"{time.perf_counter() - started:.0f} s\n")
    with EmbeddedPostgres(arguments.folder / "postgres") as server:
        print(json.dumps(asyncio.run(measured(server.url)), indent=2))


if __name__ == "__main__":
    main()
