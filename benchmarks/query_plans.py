"""Query plans of PostgreSQL, and whether their cost grows with the size of a table.

A plan is good if it reads no large table as a whole and sorts no more rows than a page needs.
"""

import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db.database import Database

LARGE_TABLES = {"looks", "people", "identities", "hearts", "bookmarks", "follows", "person_style_counts"}
MAX_SORTED_ROWS = 500
"""More than the 200 people that a person follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryPlan:
    """The plan of one statement."""

    name: str
    """The part of a page that runs it."""
    nodes: tuple[str, ...]
    """Plan nodes from the outside in, with the index or table that they read."""
    rows_read: int
    """Rows read from tables and indexes, filtered ones included."""
    ms: float
    """Planning and execution time, when run for the second time."""
    problems: tuple[str, ...]
    """Why its cost grows; empty for a good plan."""


async def explain_queries(
    database: Database, queries: dict[str, Callable[[AsyncConnection], Awaitable[object]]]
) -> list[QueryPlan]:
    """Run queries and explain the statements that they execute."""
    plans = []
    for name, query in queries.items():
        async with database.transaction() as connection:
            with _captured_statements(database) as statements:
                await query(connection)
            for statement, parameters in statements:
                explain = f"EXPLAIN (ANALYZE, SUMMARY, FORMAT JSON) {statement}"
                for _ in range(2):
                    result = (await connection.exec_driver_sql(explain, parameters)).scalar_one()
                (explained,) = json.loads(result) if isinstance(result, str) else result
                plans.append(_to_plan(name, explained))
    return plans


@contextmanager
def _captured_statements(database: Database) -> Iterator[list[tuple[str, Any]]]:
    statements: list[tuple[str, Any]] = []

    def capture(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        statements.append((statement, parameters))

    event.listen(database.engine.sync_engine, "before_cursor_execute", capture)
    try:
        yield statements
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", capture)


def _to_plan(name: str, explained: dict[str, Any]) -> QueryPlan:
    nodes, problems, rows_read = [], [], 0
    remaining = [explained["Plan"]]
    while remaining:
        node = remaining.pop(0)
        remaining = node.get("Plans", []) + remaining
        rows = node["Actual Rows"] * node["Actual Loops"]
        relation = node.get("Index Name") or node.get("Relation Name")
        nodes.append(f"{node['Node Type']} {relation}" if relation else node["Node Type"])
        if relation:
            rows_read += round(rows + node.get("Rows Removed by Filter", 0) * node["Actual Loops"])
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in LARGE_TABLES:
            problems.append(f"reads all of {node['Relation Name']}")
        if "Sort" in node["Node Type"] and node["Plans"][0]["Actual Rows"] * node["Actual Loops"] > MAX_SORTED_ROWS:
            problems.append(f"sorts {node['Plans'][0]['Actual Rows']:.0f} rows")
    ms = round(explained["Planning Time"] + explained["Execution Time"], 3)
    return QueryPlan(name=name, nodes=tuple(nodes), rows_read=rows_read, ms=ms, problems=tuple(problems))
