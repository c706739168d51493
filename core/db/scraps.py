"""Scraps: looks that a person keeps to find again. Nobody else sees whose they are, or how many."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import DateTime, Integer, Uuid, bindparam, func

from core.db import boards, tables
from core.db.direct import Statement
from core.db.marks import put, take_off

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncConnection

    from core.db.boards import Shared

__all__ = ["Scrap", "add", "of_person", "remove"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrap:
    """A look that somebody keeps."""

    shared: Shared
    created_at: datetime
    """When it was kept."""


async def add(connection: AsyncConnection, look_id: UUID, person_id: UUID) -> bool:
    """Keep a look, once; False if it is not on the board.

    Raises:
        PersonGone: the person was forgotten.
    """
    await put(connection, tables.scraps, look_id, person_id)
    return await boards.has(connection, look_id)


async def remove(connection: AsyncConnection, look_id: UUID, person_id: UUID) -> bool:
    """Keep a look no longer; False if it is not on the board."""
    await take_off(connection, tables.scraps, look_id, person_id)
    return await boards.has(connection, look_id)


async def of_person(
    connection: AsyncConnection,
    person_id: UUID,
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
    visitor: str = "",
) -> list[Scrap]:
    """The looks of the board that a person keeps, the latest kept first.

    Args:
        connection: the unit of work.
        person_id: whose scraps.
        limit: how many at most.
        after: (`created_at`, look's id) of the last one of the page before.
        visitor: the key of who asks, see `boards.visitor_id`.
    """
    values: dict[str, Any] = {"person_id": person_id, "limit": limit, "visitor": visitor}
    if after is not None:
        values |= {"kept_at": after[0], "look_id": after[1]}
    found = await _of_person(after is not None).all(connection, **values)
    return [Scrap(shared=boards.as_shared(row), created_at=row.kept_at) for row in found]


@cache
def _of_person(further: bool) -> Statement:
    table = tables.scraps
    found = (
        boards.on_board()
        .add_columns(table.c.created_at.label("kept_at"))
        .join(table, table.c.look_id == tables.looks.c.id)
        .where(table.c.person_id == bindparam("person_id"))
    )
    if further:
        place = func.row(bindparam("kept_at", type_=DateTime(timezone=True)), bindparam("look_id", type_=Uuid))
        found = found.where(func.row(table.c.created_at, table.c.look_id) < place)
    found = found.order_by(table.c.created_at.desc(), table.c.look_id.desc())
    return Statement(found.limit(bindparam("limit", type_=Integer)))
