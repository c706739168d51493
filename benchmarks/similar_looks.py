"""Similar looks and filtered leaderboards at a million looks: recall against exact search, and latency.

    python -m benchmarks.similar_looks --looks 1000000 --folder FOLDER

A folder that holds the database already is used again. Latency is that of one call after the other, from Python.
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

from benchmarks.clustered_embeddings import CLUSTERS
from benchmarks.seed_social import seed_database
from benchmarks.seeded_board import FAST_LOAD
from core.db.database import Database
from core.db.embedded_postgres import EmbeddedPostgres
from core.db.migrate import migrate_up
from core.db.similar_looks import find_similar

NEIGHBOURS = 10
EXACT = text("""
SELECT look_id FROM look_vectors WHERE person_id <> (SELECT person_id FROM looks WHERE id = :look_id)
ORDER BY embedding <=> (SELECT to_vector_values(embedding)::halfvec(128) FROM looks WHERE id = :look_id) LIMIT :limit
""")
PICKED = text("SELECT id FROM looks WHERE is_public ORDER BY md5(id::text) LIMIT :count")

Query = Callable[[AsyncConnection], Awaitable[object]]


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Milliseconds at the median and at the 99th percentile, and the longest."""
    values = 1000 * np.array(seconds)
    return {
        "p50_ms": round(float(np.percentile(values, 50)), 2),
        "p99_ms": round(float(np.percentile(values, 99)), 2),
        "max_ms": round(float(values.max()), 2),
        "calls": len(values),
    }


async def measure(database: Database, queries: Sequence[Query]) -> dict[str, float]:
    """Run each query once on one connection, after a first pass that fills the caches."""
    taken = []
    async with database.connection() as connection:
        for is_measured in (False, True):
            for query in queries:
                started = time.perf_counter()
                await query(connection)
                if is_measured:
                    taken.append(time.perf_counter() - started)
    return percentiles(taken)


async def measure_recall(database: Database, look_ids: Sequence[UUID]) -> dict[str, float]:
    """The share of the exact ten nearest that the index finds as well."""
    shares = []
    async with database.transaction() as connection:
        await connection.execute(text("SET LOCAL enable_indexscan = off"))
        exact = {
            look_id: {row.look_id for row in await connection.execute(EXACT, {"look_id": look_id, "limit": NEIGHBOURS})}
            for look_id in look_ids
        }
    found = text("SELECT look_id FROM find_similar_looks(:look_id, ARRAY[(SELECT person_id FROM looks "
                 "WHERE id = :look_id)], :limit)")  # fmt: skip
    async with database.connection() as connection:
        for look_id, nearest in exact.items():
            rows = await connection.execute(found, {"look_id": look_id, "limit": NEIGHBOURS})
            shares.append(len(nearest & {row.look_id for row in rows}) / NEIGHBOURS)
    return {"recall_at_10": round(float(np.mean(shares)), 4), "worst": min(shares), "exact_queries": len(shares)}


async def run(url: str, queries: int, exact: int) -> dict[str, Any]:
    """All measurements."""
    async with Database(url) as database:
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
            **await measure_recall(database, look_ids[:exact]),
        }


async def _migrate(url: str) -> None:
    async with Database(url) as database:
        await migrate_up(database)


def main() -> None:
    """Seed if needed, measure, print JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--looks", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--exact", type=int, default=200)
    arguments = parser.parse_args()
    marker = arguments.folder / "seeded"
    if not marker.exists():
        started = time.perf_counter()
        with EmbeddedPostgres(arguments.folder / "postgres", options=FAST_LOAD) as server:
            asyncio.run(_migrate(server.url))
            seed_database(server.admin_url("eva"), arguments.looks, [], with_vectors=True)
        marker.write_text(f"{time.perf_counter() - started:.0f} s\n")
    with EmbeddedPostgres(arguments.folder / "postgres") as server:
        print(json.dumps(asyncio.run(run(server.url, arguments.queries, arguments.exact)), indent=2))


if __name__ == "__main__":
    main()
