"""The boards: shared looks in the order in which people see them. Never ordered by the model's confidence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import DateTime, Integer, Text, Uuid, bindparam, exists, func, select

from core.days import midnight, monday
from core.db import tables
from core.db.direct import Statement
from core.db.looks import GLIMPSE, as_glimpse, as_look
from core.db.tables import Provider
from core.styles import Style

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import ColumnElement, Row, Select, Table
    from sqlalchemy.ext.asyncio import AsyncConnection

    from core.db.looks import Glimpse, Look

__all__ = [
    "Period",
    "Place",
    "Shared",
    "SharedLook",
    "as_shared",
    "has",
    "judged_today",
    "of_board",
    "of_person",
    "on_board",
    "page",
    "put_on",
    "shared",
    "styles_of",
    "visitor_id",
]


class Period(StrEnum):
    """The time of a board: looks that were shared in it. Days and weeks turn at midnight in Seoul."""

    TODAY = "today"
    WEEK = "week"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """A look on the board, and whose it is."""

    look: Glimpse
    name: str | None
    """The name that its owner chose, if any."""
    given: bool = False
    """Whether the visitor gave it a heart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedLook(Shared):
    """The same, with all that Eva remembers of the look."""

    look: Look


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where on a board a look stands; what comes after it is the next page."""

    hearts: int
    look_id: UUID


async def page(
    connection: AsyncConnection,
    *,
    limit: int,
    style: Style | None = None,
    period: Period = Period.ALL,
    after: Place | None = None,
    visitor: str = "",
) -> list[Shared]:
    """A page of a board: most hearts first, of equals the newest.

    Args:
        connection: the unit of work.
        limit: how many at most.
        style: only looks in which Eva saw this one.
        period: only looks that were shared in it.
        after: the last one of the page before.
        visitor: the key of who asks, see `visitor_id`.
    """
    values = {"limit": limit, "visitor": visitor, **_values(style, period)}
    if after is not None:
        values |= {"hearts": after.hearts, "look_id": after.look_id}
    return [
        as_shared(row) for row in await _page(style is not None, period, after is not None).all(connection, **values)
    ]


async def judged_today(connection: AsyncConnection) -> int:
    """How many outfits Eva has judged since midnight, also those that were deleted since."""
    return int((await JUDGED.first(connection, day=midnight().date())).judged)


async def shared(connection: AsyncConnection, look_id: UUID) -> SharedLook | None:
    """A look that is on the board; None for all others, whether they exist or not."""
    row = await SHARED.first(connection, look_id=look_id)
    return None if row is None else SharedLook(look=as_look(row), name=row.owner, given=row.given)


async def has(connection: AsyncConnection, look_id: UUID) -> bool:
    """Whether a look is on the board."""
    return await ON_BOARD.first(connection, look_id=look_id) is not None


async def of_person(
    connection: AsyncConnection,
    person_id: UUID,
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
    visitor: str = "",
) -> list[Shared]:
    """A person's looks that are on the board, the latest shared first.

    Args:
        connection: the unit of work.
        person_id: whose.
        limit: how many at most.
        after: (`shared_at`, `id`) of the last one of the page before.
        visitor: the key of who asks, see `visitor_id`.
    """
    values: dict[str, Any] = {"person_id": person_id, "limit": limit, "visitor": visitor}
    if after is not None:
        values |= {"shared_at": after[0], "look_id": after[1]}
    return [as_shared(row) for row in await _of_person(after is not None).all(connection, **values)]


async def styles_of(connection: AsyncConnection, person_id: UUID) -> dict[Style, int]:
    """How many of a person's looks on the board are of each style, the most frequent first; without the others."""
    return {Style(row.style): row.looks for row in await STYLES_OF.all(connection, person_id=person_id)}


def on_board() -> Select[tuple[object, ...]]:
    """All looks of the board as `as_shared` needs them; for the other repositories."""
    return of_board(*GLIMPSE)


def as_shared(row: Row[tuple[object, ...]]) -> Shared:
    """A row of `on_board` as a shared look."""
    return Shared(look=as_glimpse(row), name=row.owner, given=row.given)


def of_board(*columns: Table | ColumnElement[Any]) -> Select[tuple[object, ...]]:
    """These columns of all looks of the board, with the name of each one's owner, and whether the visitor likes it."""
    table, people = tables.looks, tables.people
    return (
        select(*columns, people.c.name.label("owner"), put_on(tables.hearts).label("given"))
        .join(people, people.c.id == table.c.person_id)
        .where(table.c.on_board)
    )


def visitor_id() -> ColumnElement[UUID]:
    """Who the visitor is whose browser has the key `visitor`; null for nobody, and where no key is given."""
    identities = tables.identities
    is_theirs = identities.c.provider == Provider.WEB, identities.c.subject == bindparam("visitor", "", type_=Text)
    return select(identities.c.person_id).where(*is_theirs).scalar_subquery()


def put_on(table: Table) -> ColumnElement[bool]:
    """Whether the visitor put a mark of this kind on the look."""
    mine = table.c.look_id == tables.looks.c.id, table.c.person_id == visitor_id()
    return exists().where(*mine).correlate(tables.looks)


def _values(style: Style | None, period: Period) -> dict[str, Any]:
    """What the placeholders of `_chosen` stand for."""
    values: dict[str, Any] = {} if style is None else {"style": style}
    match period:
        case Period.TODAY:
            return {**values, "day": midnight().date()}
        case Period.WEEK:
            return {**values, "week": monday().date()}
        case Period.ALL:
            return values


def _chosen(by_style: bool, period: Period) -> list[ColumnElement[bool]]:
    table = tables.looks
    chosen = [table.c.style == bindparam("style")] if by_style else []
    match period:
        case Period.TODAY:
            return [*chosen, table.c.shared_day == bindparam("day")]
        case Period.WEEK:
            return [*chosen, table.c.shared_week == bindparam("week")]
        case Period.ALL:
            return chosen


JUDGED = Statement(
    select(func.coalesce(func.sum(tables.days.c.judged), 0).label("judged")).where(
        tables.days.c.day == bindparam("day")
    )
)
STYLES_OF = Statement(
    select(tables.person_styles.c.style, tables.person_styles.c.looks)
    .where(tables.person_styles.c.person_id == bindparam("person_id"), tables.person_styles.c.looks > 0)
    .order_by(tables.person_styles.c.looks.desc(), tables.person_styles.c.style)
)
SHARED = Statement(of_board(tables.looks).where(tables.looks.c.id == bindparam("look_id")))
ON_BOARD = Statement(
    select(tables.looks.c.id).where(tables.looks.c.id == bindparam("look_id"), tables.looks.c.on_board)
)


@cache
def _page(by_style: bool, period: Period, further: bool) -> Statement:
    table = tables.looks
    found = on_board().where(*_chosen(by_style, period))
    if further:
        here = func.row(table.c.hearts, table.c.id)
        found = found.where(here < func.row(bindparam("hearts", type_=Integer), bindparam("look_id", type_=Uuid)))
    found = found.order_by(table.c.hearts.desc(), table.c.id.desc()).limit(bindparam("limit", type_=Integer))
    return Statement(found)


@cache
def _of_person(further: bool) -> Statement:
    table = tables.looks
    found = on_board().where(table.c.person_id == bindparam("person_id"))
    if further:
        place = func.row(bindparam("shared_at", type_=DateTime(timezone=True)), bindparam("look_id", type_=Uuid))
        found = found.where(func.row(table.c.shared_at, table.c.id) < place)
    found = found.order_by(table.c.shared_at.desc(), table.c.id.desc()).limit(bindparam("limit", type_=Integer))
    return Statement(found)
