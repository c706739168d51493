"""Query plans of the site's pages, and whether their cost grows with the size of a table.

A plan is good if it reads no large table as a whole and sorts no more rows than a page needs.
"""

import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection

from benchmarks.seeded_board import SeededBoard
from core.db import leaderboard, moderation, news, people, public_looks, reactions
from core.db.database import Database
from core.db.identities import get_identity
from core.db.leaderboard import LeaderboardCursor, Period, TimeOrder
from core.db.relations import Relation, list_people
from core.db.schema import IdentityProvider
from core.styles import STYLES

PAGE_SIZE = 12
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


async def explain_pages(board: SeededBoard) -> list[QueryPlan]:
    """Explain every query that the pages run, as the first visitor of the board."""
    viewer_key = board.visitors[0].removeprefix("visitor=").partition(".")[0]
    async with Database(board.database_url) as database:
        async with database.transaction() as connection:
            first_page = await leaderboard.get_page(connection, limit=PAGE_SIZE)
            viewer = await get_identity(connection, IdentityProvider.WEB, viewer_key)
            middle = (
                await connection.exec_driver_sql(
                    "SELECT hearts, id FROM looks WHERE is_public ORDER BY hearts DESC, id DESC"
                    f" OFFSET {board.looks // 10} LIMIT 1"
                )
            ).one()
        assert viewer is not None
        look = first_page[0].look
        after = LeaderboardCursor(hearts=middle.hearts, look_id=middle.id)
        queries: dict[str, Callable[[AsyncConnection], Awaitable[object]]] = {
            "viewer": partial(people.get_by_identity, provider=IdentityProvider.WEB, subject=viewer_key),
            "look": partial(public_looks.get_look_for_viewer, look_id=look.id, viewer_key=viewer_key),
            "person": partial(
                public_looks.get_person_for_viewer, name=first_page[0].owner_name or "", viewer_key=viewer_key
            ),
            "judged today": leaderboard.count_judged_today,
            "looks of a person": partial(
                public_looks.list_for_person, person_id=look.person_id, limit=PAGE_SIZE + 1, viewer_key=viewer_key
            ),
            "styles of a person": partial(public_looks.count_styles, person_id=look.person_id),
            "feed of 200 people": partial(
                public_looks.get_feed_page, follower_id=viewer.person_id, limit=PAGE_SIZE + 1, viewer_key=viewer_key
            ),
            "dot of the news": partial(news.has_unseen, viewer_key=viewer_key),
            "news": partial(news.get_news, person_id=look.person_id, since=datetime.now(UTC) - timedelta(days=1)),
            "followers": partial(list_people, relation=Relation.FOLLOWER, person_id=look.person_id, limit=51),
            "next look to guess": partial(reactions.find_look_to_guess, viewer_key=viewer_key),
            "reported looks": partial(moderation.list_reported, limit=21),
        }
        for period in Period:
            for style in (None, *STYLES):
                page = partial(
                    leaderboard.get_page, limit=PAGE_SIZE + 2, style=style, period=period, viewer_key=viewer_key
                )
                name = f"leaderboard: {period}, {style or 'all styles'}"
                queries[name] = page
                queries[f"{name}, further down"] = partial(page, after=after)
        for order in TimeOrder:
            for style in (None, *STYLES):
                name = f"{order}, {style or 'all styles'}"
                queries[name] = partial(
                    leaderboard.get_page_by_time, order=order, limit=PAGE_SIZE + 1, style=style, viewer_key=viewer_key
                )
        return await explain_queries(database, queries)


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
