"""The boards: shared looks in the order in which people see them. Never ordered by the model's confidence."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, Integer, Row, Select, Table, Text, Uuid, bindparam, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.confusables import confusable_key
from core.db import schema
from core.db.compiled_statements import CompiledStatement
from core.db.looks import SUMMARY_COLUMNS, Look, LookSummary, to_look, to_summary
from core.db.people import Person, to_person
from core.db.schema import IdentityProvider
from core.seoul_time import start_of_day, start_of_week
from core.styles import Style


class Period(StrEnum):
    """The time of a board: looks that were shared in it. Days and weeks turn at midnight in Seoul."""

    TODAY = "today"
    WEEK = "week"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaderboardEntry:
    """A look on the board, and whose it is."""

    look: LookSummary
    owner_name: str | None
    """The name that its owner chose, if any."""
    is_hearted: bool = False
    """Whether the visitor gave it a heart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaderboardLook(LeaderboardEntry):
    """The same, with all that Eva remembers of the look."""

    look: Look


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaderboardCursor:
    """Where on a board a look stands; what comes after it is the next page."""

    hearts: int
    look_id: UUID


async def get_page(
    connection: AsyncConnection,
    *,
    limit: int,
    style: Style | None = None,
    period: Period = Period.ALL,
    after: LeaderboardCursor | None = None,
    viewer_key: str = "",
) -> list[LeaderboardEntry]:
    """A page of a board: most hearts first, of equals the newest.

    Args:
        connection: the unit of work.
        limit: how many at most.
        style: only looks in which Eva saw this one.
        period: only looks that were shared in it.
        after: the last one of the page before.
        visitor: the key of who asks, see `visitor_id`.
    """
    values = {"limit": limit, "visitor": viewer_key, **_filter_values(style, period)}
    if after is not None:
        values |= {"hearts": after.hearts, "look_id": after.look_id}
    return [
        to_entry(row)
        for row in await _select_page(style is not None, period, after is not None).fetch_all(connection, **values)
    ]


async def count_judged_today(connection: AsyncConnection) -> int:
    """How many outfits Eva has judged since midnight, also those that were deleted since."""
    return int((await SELECT_JUDGED_TODAY.fetch_one(connection, day=start_of_day().date())).judged)


async def get_look(connection: AsyncConnection, look_id: UUID) -> LeaderboardLook | None:
    """A look that is on the board; None for all others, whether they exist or not."""
    row = await SELECT_LOOK.fetch_one(connection, look_id=look_id)
    return None if row is None else LeaderboardLook(look=to_look(row), owner_name=row.owner, is_hearted=row.given)


async def is_public(connection: AsyncConnection, look_id: UUID) -> bool:
    """Whether a look is on the board."""
    return await SELECT_IS_PUBLIC.fetch_one(connection, look_id=look_id) is not None


async def list_for_person(
    connection: AsyncConnection,
    person_id: UUID,
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
    viewer_key: str = "",
) -> list[LeaderboardEntry]:
    """A person's looks that are on the board, the latest shared first.

    Args:
        connection: the unit of work.
        person_id: whose.
        limit: how many at most.
        after: (`shared_at`, `id`) of the last one of the page before.
        visitor: the key of who asks, see `visitor_id`.
    """
    values: dict[str, Any] = {"person_id": person_id, "limit": limit, "visitor": viewer_key}
    if after is not None:
        values |= {"shared_at": after[0], "look_id": after[1]}
    return [to_entry(row) for row in await _select_for_person(after is not None).fetch_all(connection, **values)]


async def count_styles(connection: AsyncConnection, person_id: UUID) -> dict[Style, int]:
    """How many of a person's looks on the board are of each style, the most frequent first; without the others."""
    return {Style(row.style): row.looks for row in await SELECT_STYLE_COUNTS.fetch_all(connection, person_id=person_id)}


def select_entries() -> Select[tuple[object, ...]]:
    """All looks of the board as `as_shared` needs them; for the other repositories."""
    return select_public(*SUMMARY_COLUMNS)


def to_entry(row: Row[tuple[object, ...]]) -> LeaderboardEntry:
    """A row of `on_board` as a shared look."""
    return LeaderboardEntry(look=to_summary(row), owner_name=row.owner, is_hearted=row.given)


def select_public(*columns: Table | ColumnElement[Any]) -> Select[tuple[object, ...]]:
    """These columns of all looks of the board, with the name of each one's owner, and whether the visitor likes it."""
    table, people = schema.looks, schema.people
    return (
        select(*columns, people.c.name.label("owner"), reacted_by_viewer(schema.hearts).label("given"))
        .join(people, people.c.id == table.c.person_id)
        .where(table.c.is_public)
    )


def viewer_person_id() -> ColumnElement[UUID]:
    """Who the visitor is whose browser has the key `visitor`; null for nobody, and where no key is given."""
    identities = schema.identities
    is_theirs = (
        identities.c.provider == IdentityProvider.WEB,
        identities.c.subject == bindparam("visitor", "", type_=Text),
    )
    return select(identities.c.person_id).where(*is_theirs).scalar_subquery()


def reacted_by_viewer(table: Table) -> ColumnElement[bool]:
    """Whether the visitor put a mark of this kind on the look."""
    mine = table.c.look_id == schema.looks.c.id, table.c.person_id == viewer_person_id()
    return exists().where(*mine).correlate(schema.looks)


def _filter_values(style: Style | None, period: Period) -> dict[str, Any]:
    """What the placeholders of `_chosen` stand for."""
    values: dict[str, Any] = {} if style is None else {"style": style}
    match period:
        case Period.TODAY:
            return {**values, "day": start_of_day().date()}
        case Period.WEEK:
            return {**values, "week": start_of_week().date()}
        case Period.ALL:
            return values


def _filters(by_style: bool, period: Period) -> list[ColumnElement[bool]]:
    table = schema.looks
    chosen = [table.c.style == bindparam("style")] if by_style else []
    match period:
        case Period.TODAY:
            return [*chosen, table.c.shared_day == bindparam("day")]
        case Period.WEEK:
            return [*chosen, table.c.shared_week == bindparam("week")]
        case Period.ALL:
            return chosen


SELECT_JUDGED_TODAY = CompiledStatement(
    select(func.coalesce(func.sum(schema.daily_counts.c.photos_judged), 0).label("judged")).where(
        schema.daily_counts.c.day == bindparam("day")
    )
)
SELECT_STYLE_COUNTS = CompiledStatement(
    select(schema.person_style_counts.c.style, schema.person_style_counts.c["count"].label("looks"))
    .where(schema.person_style_counts.c.person_id == bindparam("person_id"), schema.person_style_counts.c["count"] > 0)
    .order_by(schema.person_style_counts.c["count"].desc(), schema.person_style_counts.c.style)
)
SELECT_LOOK = CompiledStatement(select_public(schema.looks).where(schema.looks.c.id == bindparam("look_id")))
SELECT_IS_PUBLIC = CompiledStatement(
    select(schema.looks.c.id).where(schema.looks.c.id == bindparam("look_id"), schema.looks.c.is_public)
)


@cache
def _select_page(by_style: bool, period: Period, has_cursor: bool) -> CompiledStatement:
    table = schema.looks
    found = select_entries().where(*_filters(by_style, period))
    if has_cursor:
        here = func.row(table.c.hearts, table.c.id)
        found = found.where(here < func.row(bindparam("hearts", type_=Integer), bindparam("look_id", type_=Uuid)))
    found = found.order_by(table.c.hearts.desc(), table.c.id.desc()).limit(bindparam("limit", type_=Integer))
    return CompiledStatement(found)


@cache
def _select_for_person(has_cursor: bool) -> CompiledStatement:
    table = schema.looks
    found = select_entries().where(table.c.person_id == bindparam("person_id"))
    if has_cursor:
        place = func.row(bindparam("shared_at", type_=DateTime(timezone=True)), bindparam("look_id", type_=Uuid))
        found = found.where(func.row(table.c.shared_at, table.c.id) < place)
    found = found.order_by(table.c.shared_at.desc(), table.c.id.desc()).limit(bindparam("limit", type_=Integer))
    return CompiledStatement(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewerState:
    """Somebody on a page."""

    person_id: UUID | None
    """Who it is; None for somebody whom Eva does not know."""
    has_bookmarked: bool = False
    """Whether they keep the look that the page is about."""
    is_following: bool
    """Whether they follow the person whom the page is about, or whose look."""


async def get_look_for_viewer(
    connection: AsyncConnection, look_id: UUID, viewer_key: str
) -> tuple[LeaderboardLook, ViewerState] | None:
    """A look that is on the board, and a visit to it; None for all other looks.

    Args:
        connection: a direct one, or a unit of work.
        look_id: of the look.
        visitor: the key of who asks, see `boards.visitor_id`.
    """
    row = await SELECT_LOOK_FOR_VIEWER.fetch_one(connection, look_id=look_id, visitor=viewer_key)
    if row is None:
        return None
    shared = LeaderboardLook(look=to_look(row), owner_name=row.owner, is_hearted=row.given)
    return shared, ViewerState(person_id=row.visitor, has_bookmarked=row.scrapped, is_following=row.follows)


async def get_person_for_viewer(
    connection: AsyncConnection, name: str, viewer_key: str
) -> tuple[Person, ViewerState] | None:
    """Who has this name, or one that reads so, and a visit to them; None if nobody has. See `of_look`."""
    row = await SELECT_PERSON_FOR_VIEWER.fetch_one(connection, key=confusable_key(name), visitor=viewer_key)
    return None if row is None else (to_person(row), ViewerState(person_id=row.visitor, is_following=row.follows))


def _followed_by_viewer(person_id: ColumnElement[UUID]) -> ColumnElement[bool]:
    theirs = schema.follows.c.follower_id == viewer_person_id(), schema.follows.c.followed_id == person_id
    return exists().where(*theirs).correlate(schema.looks, schema.people).label("follows")


SELECT_LOOK_FOR_VIEWER = CompiledStatement(
    select_public(
        schema.looks,
        viewer_person_id().label("visitor"),
        reacted_by_viewer(schema.bookmarks).label("scrapped"),
        _followed_by_viewer(schema.looks.c.person_id),
    ).where(schema.looks.c.id == bindparam("look_id"))
)
SELECT_PERSON_FOR_VIEWER = CompiledStatement(
    select(schema.people, viewer_person_id().label("visitor"), _followed_by_viewer(schema.people.c.id)).where(
        schema.people.c.display_name_key == bindparam("key")
    )
)
