"""The leaderboard: public looks, ordered by hearts and never by the confidence of the model.

Queries that a page shows to a visitor take the `viewer_key`, the key of the visitor's browser session, and tell in the
same statement what that visitor did; an empty key stands for a visitor without a session. They leave out the looks of
people whom the viewer does not see, see `core.db.look_conditions`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, Table, bindparam, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.confusables import confusable_key
from core.db import schema
from core.db.database import CompiledStatement
from core.db.keyset import cursor_values, paginate
from core.db.look_conditions import build_thing_conditions, is_visible_to_viewer, select_viewer_id
from core.db.look_guesses import select_viewer_guess
from core.db.look_summaries import LOOK_COLUMNS, SUMMARY_COLUMNS, LookSummary, to_summary
from core.db.looks import Look, to_look
from core.db.people import Person, to_person
from core.db.person_lists import select_top_style
from core.styles import Style
from core.vision.attributes import Attribute

MAX_STATEMENTS = 1000
"""Compiled statements of pages that are kept; there is one for each combination of filters."""


class Period(StrEnum):
    """When the looks of a leaderboard were shared. Days and weeks start at midnight in Seoul."""

    TODAY = "today"
    WEEK = "week"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaderboardEntry:
    """A public look with the name of its owner."""

    look: LookSummary
    owner_name: str | None
    """The display name; None if the owner chose none."""
    is_hearted: bool = False
    """Whether the viewer gave it a heart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaderboardLook(LeaderboardEntry):
    """The same with all columns of the look."""

    look: Look
    owner_style: Style | None
    """The most frequent style of the owner's public looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaderboardCursor:
    """The place of a look on a leaderboard."""

    hearts: int
    look_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewerState:
    """Who views the page of a look or a person, and what they did there."""

    person_id: UUID | None
    """None for a visitor without a session."""
    has_bookmarked: bool = False
    """Whether they bookmarked the look of the page."""
    is_following: bool
    """Whether they follow the person of the page, or the owner of the look."""
    guess: Style | None = None
    """The style that they guessed for the look."""


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
        viewer_key: see the module.
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


async def list_for_person(
    connection: AsyncConnection,
    person_id: UUID,
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
    viewer_key: str = "",
) -> list[LeaderboardEntry]:
    """A person's public looks, the latest shared first.

    Args:
        connection: to execute on.
        person_id: the owner.
        limit: number of looks, at most.
        after: (`shared_at`, `id`) of the last look of the page before.
        viewer_key: see the module.
    """
    rows = await _select_for_person(has_cursor=after is not None).fetch(
        connection, person_id=person_id, limit=limit, viewer_key=viewer_key, **cursor_values(after)
    )
    return [to_entry(row) for row in rows]


async def get_look(
    connection: AsyncConnection, look_id: UUID, *, viewer_id: UUID | None = None
) -> LeaderboardLook | None:
    """A public look, or None; also None if the viewer and the owner do not see each other."""
    rows = await SELECT_LOOK.fetch(connection, look_id=look_id, viewer_id=viewer_id)
    if not rows:
        return None
    row = rows[0]
    return LeaderboardLook(
        look=to_look(row),
        owner_name=row.owner_name,
        is_hearted=row.is_hearted,
        owner_style=row.owner_style and Style(row.owner_style),
    )


async def get_look_for_viewer(
    connection: AsyncConnection, look_id: UUID, viewer_key: str
) -> tuple[LeaderboardLook, ViewerState] | None:
    """A public look and what the viewer did there, or None; for `viewer_key` see the module."""
    rows = await SELECT_LOOK_FOR_VIEWER.fetch(connection, look_id=look_id, viewer_key=viewer_key)
    if not rows:
        return None
    row = rows[0]
    state = ViewerState(
        person_id=row.viewer_id,
        has_bookmarked=row.has_bookmarked,
        is_following=row.is_following,
        guess=row.guess and Style(row.guess),
    )
    return LeaderboardLook(
        look=to_look(row),
        owner_name=row.owner_name,
        is_hearted=row.is_hearted,
        owner_style=row.owner_style and Style(row.owner_style),
    ), state


async def get_person_for_viewer(
    connection: AsyncConnection, name: str, viewer_key: str
) -> tuple[Person, ViewerState] | None:
    """The person with this display name, or one that looks the same, and what the viewer did there; or None."""
    key = confusable_key(name)
    rows = await SELECT_PERSON_FOR_VIEWER.fetch(connection, key=key, viewer_key=viewer_key)
    if not rows:
        return None
    row = rows[0]
    return to_person(row), ViewerState(person_id=row.viewer_id, is_following=row.is_following)


async def is_public(connection: AsyncConnection, look_id: UUID, *, viewer_id: UUID | None = None) -> bool:
    """Whether a look is on the leaderboard, for a viewer if one is given."""
    return bool(await SELECT_IS_PUBLIC.fetch(connection, look_id=look_id, viewer_id=viewer_id))


async def count_judged_today(connection: AsyncConnection) -> int:
    """Number of outfits judged since midnight in Seoul, looks deleted since included."""
    (row,) = await SELECT_JUDGED_TODAY.fetch(connection)
    return int(row.photos_judged)


async def count_styles(connection: AsyncConnection, person_id: UUID) -> dict[Style, int]:
    """Number of a person's public looks by style, the most frequent first; without styles that have none."""
    rows = await SELECT_STYLE_COUNTS.fetch(connection, person_id=person_id)
    return {Style(row.style): row.look_count for row in rows}


def select_public(*columns: Table | ColumnElement[Any]) -> Select[tuple[Any, ...]]:
    """Select these columns of all public looks that the viewer sees, with `owner_name` and `is_hearted`."""
    table, people = schema.looks, schema.people
    return (
        select(*columns, people.c.name.label("owner_name"), is_reacted_to_by_viewer(schema.hearts).label("is_hearted"))
        .join(people, people.c.id == table.c.person_id)
        .where(table.c.is_public, is_visible_to_viewer(table.c.person_id))
    )


def select_entries() -> Select[tuple[Any, ...]]:
    """Select the public looks that the viewer sees, with the columns that `to_entry` needs; for other repositories."""
    return select_public(*SUMMARY_COLUMNS)


def to_entry(row: Row[tuple[Any, ...]]) -> LeaderboardEntry:
    """Convert a row of `select_entries`."""
    return LeaderboardEntry(look=to_summary(row), owner_name=row.owner_name, is_hearted=row.is_hearted)


def is_reacted_to_by_viewer(table: Table) -> ColumnElement[bool]:
    """Whether the viewer has a row for the look in this table of reactions."""
    is_reaction = table.c.look_id == schema.looks.c.id, table.c.person_id == select_viewer_id()
    return exists().where(*is_reaction).correlate(schema.looks)


def _followed_by_viewer(person_id: ColumnElement[UUID]) -> ColumnElement[bool]:
    is_follow = schema.follows.c.follower_id == select_viewer_id(), schema.follows.c.followed_id == person_id
    return exists().where(*is_follow).correlate(schema.looks, schema.people)


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
    statement = select_entries().where(*_filters(by_style, period), *build_thing_conditions(things))
    return CompiledStatement(paginate(statement, table.c.hearts, table.c.id, has_cursor=has_cursor))


@cache
def _select_for_person(*, has_cursor: bool) -> CompiledStatement:
    table = schema.looks
    statement = select_entries().where(table.c.person_id == bindparam("person_id"))
    return CompiledStatement(paginate(statement, table.c.shared_at, table.c.id, has_cursor=has_cursor))


SELECT_JUDGED_TODAY = CompiledStatement(
    select(func.coalesce(func.sum(schema.daily_counts.c.photos_judged), 0).label("photos_judged")).where(
        schema.daily_counts.c.day == schema.TODAY_IN_SEOUL
    )
)
_STYLE_COUNT = schema.person_style_counts.c["count"]
SELECT_STYLE_COUNTS = CompiledStatement(
    select(schema.person_style_counts.c.style, _STYLE_COUNT.label("look_count"))
    .where(schema.person_style_counts.c.person_id == bindparam("person_id"), _STYLE_COUNT > 0)
    .order_by(_STYLE_COUNT.desc(), schema.person_style_counts.c.style)
)
SELECT_IS_PUBLIC = CompiledStatement(
    select(schema.looks.c.id).where(
        schema.looks.c.id == bindparam("look_id"),
        schema.looks.c.is_public,
        is_visible_to_viewer(schema.looks.c.person_id),
    )
)
_OWNER_STYLE = select_top_style(schema.looks.c.person_id).label("owner_style")
SELECT_LOOK = CompiledStatement(
    select_public(*LOOK_COLUMNS, _OWNER_STYLE).where(schema.looks.c.id == bindparam("look_id"))
)
SELECT_LOOK_FOR_VIEWER = CompiledStatement(
    select_public(
        *LOOK_COLUMNS,
        _OWNER_STYLE,
        select_viewer_id().label("viewer_id"),
        is_reacted_to_by_viewer(schema.bookmarks).label("has_bookmarked"),
        _followed_by_viewer(schema.looks.c.person_id).label("is_following"),
        select_viewer_guess().label("guess"),
    ).where(schema.looks.c.id == bindparam("look_id"))
)
SELECT_PERSON_FOR_VIEWER = CompiledStatement(
    select(
        schema.people,
        select_viewer_id().label("viewer_id"),
        _followed_by_viewer(schema.people.c.id).label("is_following"),
    ).where(schema.people.c.display_name_key == bindparam("key"), is_visible_to_viewer(schema.people.c.id))
)
