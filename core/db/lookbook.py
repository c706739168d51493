"""The most hearted public looks of every style, in one statement."""

from collections.abc import Mapping, Sequence
from functools import cache

from sqlalchemy import select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.database import CompiledStatement
from core.db.leaderboard import LeaderboardEntry, select_entries, to_entry
from core.styles import STYLES, Style


async def get_top_looks(
    connection: AsyncConnection, *, per_style: int, viewer_key: str = ""
) -> Mapping[Style, Sequence[LeaderboardEntry]]:
    """At most `per_style` looks of each style, those with the most hearts first; of no style if it has none.

    Args:
        connection: to execute on.
        per_style: number of looks of a style, at most.
        viewer_key: see `core.db.leaderboard`.
    """
    top: dict[Style, list[LeaderboardEntry]] = {style: [] for style in STYLES}
    for row in await _select_top(per_style).fetch(connection, viewer_key=viewer_key):
        top[Style(row.style)].append(to_entry(row))
    return top


@cache
def _select_top(per_style: int) -> CompiledStatement:
    table = schema.looks
    # One part for each style, so that each reads its first rows from the index alone.
    parts = [
        select_entries()
        .where(table.c.style == style.value)
        .order_by(table.c.hearts.desc(), table.c.id.desc())
        .limit(per_style)
        .subquery()
        for style in STYLES
    ]
    looks = union_all(*(select(part) for part in parts)).subquery()
    return CompiledStatement(select(looks).order_by(looks.c.hearts.desc(), looks.c.id.desc()))
