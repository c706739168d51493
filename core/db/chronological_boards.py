"""Public looks by time: the newest, and those that get hearts now.

A heart weighs half as much every six hours. A trigger keeps `looks.rising_at`, the time at which one single heart would
weigh as much as all of the look; so the order is right at every moment, and an index has it.

See ADR 0027.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from uuid import UUID

from sqlalchemy import bindparam
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.database import CompiledStatement
from core.db.keyset import cursor_values, paginate
from core.db.leaderboard import MAX_STATEMENTS, LeaderboardEntry, select_public, to_entry
from core.db.look_conditions import build_thing_conditions
from core.db.look_summaries import SUMMARY_COLUMNS
from core.styles import Style
from core.vision.attributes import Attribute


class TimeOrder(StrEnum):
    """An order of public looks by time."""

    NEW = "new"
    """The latest shared first."""
    RISING = "rising"
    """Most hearts lately first; without looks that have none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeOrderEntry:
    """A public look and its place in the order."""

    entry: LeaderboardEntry
    at: datetime


async def get_page(
    connection: AsyncConnection,
    order: TimeOrder,
    *,
    limit: int,
    style: Style | None = None,
    things: tuple[Attribute, ...] = (),
    after: tuple[datetime, UUID] | None = None,
    viewer_key: str = "",
) -> list[TimeOrderEntry]:
    """A page of public looks.

    Args:
        connection: to execute on.
        order: of the looks.
        limit: number of looks, at most.
        style: only looks with this verdict.
        things: only looks in which all of these items and colors were seen.
        after: (`at`, `id`) of the last look of the page before.
        viewer_key: key of the viewer's browser session; empty for none.
    """
    statement = _select_page(order=order, by_style=style is not None, things=things, has_cursor=after is not None)
    filters = {} if style is None else {"style": style}
    rows = await statement.fetch(connection, limit=limit, viewer_key=viewer_key, **filters, **cursor_values(after))
    return [TimeOrderEntry(entry=to_entry(row), at=row.at) for row in rows]


@lru_cache(MAX_STATEMENTS)
def _select_page(
    *, order: TimeOrder, by_style: bool, things: tuple[Attribute, ...], has_cursor: bool
) -> CompiledStatement:
    table = schema.looks
    column = table.c.shared_at if order is TimeOrder.NEW else table.c.rising_at
    statement = select_public(*SUMMARY_COLUMNS, column.label("at")).where(*build_thing_conditions(things))
    if order is TimeOrder.RISING:
        statement = statement.where(column.is_not(None))
    if by_style:
        statement = statement.where(table.c.style == bindparam("style"))
    return CompiledStatement(paginate(statement, column, table.c.id, has_cursor=has_cursor))
