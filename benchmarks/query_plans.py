"""How Postgres answers what pages ask: the plan of every statement, and whether it is one that does not grow.

A plan is a good one if it reads no large table from end to end and sorts no more rows than a page can need: so its work
depends on the page, and not on how many looks there are.
"""

import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db.database import Database

LARGE_TABLE_ROWS = {"looks", "people", "identities", "hearts", "bookmarks", "follows", "person_style_counts"}
MAX_SORTED_ROWS = 500
"""Rows: more than the 200 people whom somebody may follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryPlan:
    """The plan of one statement."""

    sql: str
    """By which part of a page."""
    nodes: tuple[str, ...]
    """What Postgres does, from the outside in, with the index or table that it reads."""
    rows_read: int
    """From tables and indexes, filtered ones included."""
    ms: float
    """That it took, planning included, read for the second time."""
    problems: tuple[str, ...]
    """Why it would grow; none in a good one."""


async def explain_queries(
    database: Database, pages: dict[str, Callable[[AsyncConnection], Awaitable[object]]]
) -> list[QueryPlan]:
    """The plans of the statements that these parts of pages execute."""
    plans = []
    for asked, page in pages.items():
        async with database.transaction() as connection:
            with _captured_queries(database) as statements:
                await page(connection)
            for statement, parameters in statements:
                explain = f"EXPLAIN (ANALYZE, SUMMARY, FORMAT JSON) {statement}"
                for _ in range(2):
                    found = (await connection.exec_driver_sql(explain, parameters)).scalar_one()
                plans.append(_to_plan(asked, found[0] if not isinstance(found, str) else json.loads(found)[0]))
    return plans


@contextmanager
def _captured_queries(database: Database) -> Iterator[list[tuple[str, Any]]]:
    heard: list[tuple[str, Any]] = []

    def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        heard.append((statement, parameters))

    event.listen(database.engine.sync_engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", hear)


def _to_plan(sql: str, explained: dict[str, Any]) -> QueryPlan:
    nodes, faults, read = [], [], 0
    waiting = [explained["Plan"]]
    while waiting:
        node = waiting.pop(0)
        waiting = node.get("Plans", []) + waiting
        rows = node["Actual Rows"] * node["Actual Loops"]
        where = node.get("Index Name") or node.get("Relation Name")
        nodes.append(f"{node['Node Type']} {where}" if where else node["Node Type"])
        if where:
            read += round(rows + node.get("Rows Removed by Filter", 0) * node["Actual Loops"])
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in LARGE_TABLE_ROWS:
            faults.append(f"reads all of {node['Relation Name']}")
        if "Sort" in node["Node Type"] and node["Plans"][0]["Actual Rows"] * node["Actual Loops"] > MAX_SORTED_ROWS:
            faults.append(f"sorts {node['Plans'][0]['Actual Rows']:.0f} rows")
    ms = round(explained["Planning Time"] + explained["Execution Time"], 3)
    return QueryPlan(sql=sql, nodes=tuple(nodes), rows_read=read, ms=ms, problems=tuple(faults))
