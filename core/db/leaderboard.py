"""The leaderboard: public looks by hearts, never by the confidence of the model; by time; and the best of each style.

By time they are the newest, or those that get hearts now. A heart weighs half as much every six hours: a trigger keeps
`looks.rising_at`, the time at which one single heart would weigh as much as all of the look; so the order is right at
every moment, and an index has it (ADR 0027).

For `viewer_key` see `core.db.public_looks`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache, lru_cache
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, func, literal_column, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.database import CompiledStatement, cursor_values, paginate
from core.db.look_summaries import SUMMARY_COLUMNS, LeaderboardEntry, to_entry
from core.db.public_looks import select_entries, select_public
from core.styles import STYLES, Style
from core.vision.attributes import Attribute, pair_codes

MAX_STATEMENTS = 1000
"""Compiled statements of pages that are kept; there is one for each combination of filters."""


class Period(StrEnum):
    """When the looks of a leaderboard were shared. Days and weeks start at midnight in Seoul."""

    TODAY = "today"
    WEEK = "week"
    ALL = "all"


class TimeOrder(StrEnum):
    """An order of public looks by time."""

    NEW = "new"
    """The latest shared first."""
    RISING = "rising"
    """Most hearts lately first; without looks that have none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaderboardCursor:
    """The place of a look on a leaderboard."""

    hearts: int
    look_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeOrderEntry:
    """A public look and its place in the order."""

    entry: LeaderboardEntry
    at: datetime


async def get_page(
    connection: AsyncConnection,
    *,
    limit: int,
    style: Style | None = None,
    period: Period = Period.ALL,
    things: tuple[Attribute, ...] = (),
    after: LeaderboardCursor | None = None,
    viewer_key: str = "",
    viewer_id: UUID | None = None,
) -> list[LeaderboardEntry]:
    """A page of the leaderboard: most hearts first, then the newest.

    Args:
        connection: to execute on.
        limit: number of looks, at most.
        style: only looks with this verdict.
        period: only looks shared in it.
        things: only looks in which all of these items and colors were seen.
        after: the last look of the page before.
        viewer_key: key of the viewer's browser session; empty for none.
        viewer_id: the viewer in a chat, instead of a key.
    """
    cursor = None if after is None else (after.hearts, after.look_id)
    statement = _select_page(by_style=style is not None, period=period, things=things, has_cursor=after is not None)
    rows = await statement.fetch(
        connection,
        limit=limit,
        viewer_key=viewer_key,
        viewer_id=viewer_id,
        **({} if style is None else {"style": style}),
        **cursor_values(cursor),
    )
    return [to_entry(row) for row in rows]


async def get_page_by_time(
    connection: AsyncConnection,
    order: TimeOrder,
    *,
    limit: int,
    style: Style | None = None,
    things: tuple[Attribute, ...] = (),
    after: tuple[datetime, UUID] | None = None,
    viewer_key: str = "",
) -> list[TimeOrderEntry]:
    """A page of public looks by time.

    Args:
        connection: to execute on.
        order: of the looks.
        limit: number of looks, at most.
        style: only looks with this verdict.
        things: only looks in which all of these items and colors were seen.
        after: (`at`, `id`) of the last look of the page before.
        viewer_key: key of the viewer's browser session; empty for none.
    """
    statement = _select_page_by_time(
        order=order, by_style=style is not None, things=things, has_cursor=after is not None
    )
    filters = {} if style is None else {"style": style}
    rows = await statement.fetch(connection, limit=limit, viewer_key=viewer_key, **filters, **cursor_values(after))
    return [TimeOrderEntry(entry=to_entry(row), at=row.at) for row in rows]


async def get_top_looks(
    connection: AsyncConnection, *, per_style: int, viewer_key: str = ""
) -> Mapping[Style, Sequence[LeaderboardEntry]]:
    """At most `per_style` looks of each style, those with the most hearts first; of no style if it has none.

    Args:
        connection: to execute on.
        per_style: number of looks of a style, at most.
        viewer_key: key of the viewer's browser session; empty for none.
    """
    top: dict[Style, list[LeaderboardEntry]] = {style: [] for style in STYLES}
    for row in await _select_top(per_style).fetch(connection, viewer_key=viewer_key):
        top[Style(row.style)].append(to_entry(row))
    return top


async def count_judged_today(connection: AsyncConnection) -> int:
    """Number of outfits judged since midnight in Seoul, looks deleted since included."""
    (row,) = await SELECT_JUDGED_TODAY.fetch(connection)
    return int(row.photos_judged)


def _filters(by_style: bool, period: Period) -> list[ColumnElement[bool]]:
    table = schema.looks
    filters = [table.c.style == bindparam("style")] if by_style else []
    match period:
        case Period.TODAY:
            filters.append(table.c.shared_day == schema.TODAY_IN_SEOUL)
        case Period.WEEK:
            filters.append(table.c.shared_week == schema.WEEK_IN_SEOUL)
        case Period.ALL:
            pass
    return filters


@lru_cache(MAX_STATEMENTS)
def _select_page(
    *, by_style: bool, period: Period, things: tuple[Attribute, ...], has_cursor: bool
) -> CompiledStatement:
    table = schema.looks
    statement = select_entries().where(*_filters(by_style, period), *_build_thing_conditions(things))
    return CompiledStatement(paginate(statement, table.c.hearts, table.c.id, has_cursor=has_cursor))


@lru_cache(MAX_STATEMENTS)
def _select_page_by_time(
    *, order: TimeOrder, by_style: bool, things: tuple[Attribute, ...], has_cursor: bool
) -> CompiledStatement:
    table = schema.looks
    column = table.c.shared_at if order is TimeOrder.NEW else table.c.rising_at
    statement = select_public(*SUMMARY_COLUMNS, column.label("at")).where(*_build_thing_conditions(things))
    if order is TimeOrder.RISING:
        statement = statement.where(column.is_not(None))
    if by_style:
        statement = statement.where(table.c.style == bindparam("style"))
    return CompiledStatement(paginate(statement, column, table.c.id, has_cursor=has_cursor))


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


def _build_thing_conditions(things: tuple[Attribute, ...]) -> list[ColumnElement[bool]]:
    """Conditions for looks in which all of these were seen.

    A pair of things has a code of its own, since an index finds looks that have two frequent things only by reading all
    looks that have either.

    The codes stand in the statement itself: whether the order or the things have the better index depends on how
    frequent they are, which a plan for any values would not know.
    """
    if not things:
        return []
    codes = ", ".join(f"'{code}'" for code in pair_codes(things) or [thing.value for thing in things])
    return [schema.looks.c.filters.contains(literal_column(f"ARRAY[{codes}]::text[]"))]


SELECT_JUDGED_TODAY = CompiledStatement(
    select(func.coalesce(func.sum(schema.daily_counts.c.photos_judged), 0).label("photos_judged")).where(
        schema.daily_counts.c.day == schema.TODAY_IN_SEOUL
    )
)
