"""The boards: shared looks in the order in which people see them. Never ordered by the model's confidence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import func, literal, select

from core.days import midnight, monday
from core.db import tables
from core.db.looks import as_look
from core.styles import Style

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import ColumnElement, Row, Select
    from sqlalchemy.ext.asyncio import AsyncConnection

    from core.db.looks import Look

__all__ = [
    "Period",
    "Place",
    "Shared",
    "as_shared",
    "has",
    "is_empty",
    "judged_today",
    "of_person",
    "on_board",
    "page",
    "shared",
    "styles_of",
]


class Period(StrEnum):
    """The time of a board: looks that were shared in it. Days and weeks turn at midnight in Seoul."""

    TODAY = "today"
    WEEK = "week"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """A look on the board, and whose it is."""

    look: Look
    name: str | None
    """The name that its owner chose, if any."""


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
) -> list[Shared]:
    """A page of a board: most hearts first, of equals the newest.

    Args:
        connection: the unit of work.
        limit: how many at most.
        style: only looks in which Eva saw this one.
        period: only looks that were shared in it.
        after: the last one of the page before.
    """
    table = tables.looks
    found = on_board().where(*_chosen(style, period))
    if after is not None:
        here = func.row(table.c.hearts, table.c.id)
        found = found.where(here < func.row(literal(after.hearts), literal(after.look_id)))
    found = found.order_by(table.c.hearts.desc(), table.c.id.desc()).limit(limit)
    return [as_shared(row) for row in await connection.execute(found)]


async def is_empty(connection: AsyncConnection, *, style: Style | None = None, period: Period = Period.ALL) -> bool:
    """Whether a board has no look at all."""
    found = select(tables.looks.c.id).where(tables.looks.c.on_board, *_chosen(style, period))
    return (await connection.execute(found.limit(1))).first() is None


async def judged_today(connection: AsyncConnection) -> int:
    """How many outfits Eva has judged since midnight, also those that were deleted since."""
    table = tables.days
    found = select(func.coalesce(func.sum(table.c.judged), 0)).where(table.c.day == midnight().date())
    return int((await connection.execute(found)).scalar_one())


async def shared(connection: AsyncConnection, look_id: UUID) -> Shared | None:
    """A look that is on the board; None for all others, whether they exist or not."""
    row = (await connection.execute(on_board().where(tables.looks.c.id == look_id))).first()
    return None if row is None else as_shared(row)


async def has(connection: AsyncConnection, look_id: UUID) -> bool:
    """Whether a look is on the board."""
    found = select(tables.looks.c.id).where(tables.looks.c.id == look_id, tables.looks.c.on_board)
    return (await connection.execute(found)).first() is not None


async def of_person(
    connection: AsyncConnection, person_id: UUID, *, limit: int, after: tuple[datetime, UUID] | None = None
) -> list[Shared]:
    """A person's looks that are on the board, the latest shared first.

    Args:
        connection: the unit of work.
        person_id: whose.
        limit: how many at most.
        after: (`shared_at`, `id`) of the last one of the page before.
    """
    table = tables.looks
    found = on_board().where(table.c.person_id == person_id)
    if after is not None:
        found = found.where(func.row(table.c.shared_at, table.c.id) < func.row(literal(after[0]), literal(after[1])))
    found = found.order_by(table.c.shared_at.desc(), table.c.id.desc()).limit(limit)
    return [as_shared(row) for row in await connection.execute(found)]


async def styles_of(connection: AsyncConnection, person_id: UUID) -> dict[Style, int]:
    """How many of a person's looks on the board are of each style, the most frequent first; without the others."""
    table = tables.person_styles
    found = (
        select(table.c.style, table.c.looks)
        .where(table.c.person_id == person_id, table.c.looks > 0)
        .order_by(table.c.looks.desc(), table.c.style)
    )
    return {Style(row.style): row.looks for row in await connection.execute(found)}


def _chosen(style: Style | None, period: Period) -> list[ColumnElement[bool]]:
    table = tables.looks
    by_style = [] if style is None else [table.c.style == style]
    match period:
        case Period.TODAY:
            return [*by_style, table.c.shared_day == midnight().date()]
        case Period.WEEK:
            return [*by_style, table.c.shared_week == monday().date()]
        case Period.ALL:
            return by_style


def on_board() -> Select[tuple[object, ...]]:
    """All looks of the board, each with its owner's name; for the other repositories."""
    table, people = tables.looks, tables.people
    return (
        select(table, people.c.name.label("owner"))
        .join(people, people.c.id == table.c.person_id)
        .where(table.c.on_board)
    )


def as_shared(row: Row[tuple[object, ...]]) -> Shared:
    """A row of `on_board` as a shared look."""
    return Shared(look=as_look(row), name=row.owner)
