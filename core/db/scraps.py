"""Scraps: looks that a person keeps to find again. Nobody else sees whose they are, or how many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Uuid, func, literal

from core.db import boards, marks, tables

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncConnection

    from core.db.boards import Shared

__all__ = ["Scrap", "add", "given", "of_person", "remove"]


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
    await marks.put(connection, tables.scraps, look_id, person_id)
    return await boards.has(connection, look_id)


async def remove(connection: AsyncConnection, look_id: UUID, person_id: UUID) -> bool:
    """Keep a look no longer; False if it is not on the board."""
    await marks.take_off(connection, tables.scraps, look_id, person_id)
    return await boards.has(connection, look_id)


async def given(connection: AsyncConnection, person_id: UUID, look_ids: Iterable[UUID]) -> frozenset[UUID]:
    """Those of the looks that a person keeps."""
    return await marks.put_by(connection, tables.scraps, person_id, look_ids)


async def of_person(
    connection: AsyncConnection, person_id: UUID, *, limit: int, after: tuple[datetime, UUID] | None = None
) -> list[Scrap]:
    """The looks of the board that a person keeps, the latest kept first.

    Args:
        connection: the unit of work.
        person_id: whose scraps.
        limit: how many at most.
        after: (`created_at`, look's id) of the last one of the page before.
    """
    table = tables.scraps
    found = (
        boards.on_board()
        .add_columns(table.c.created_at.label("kept_at"))
        .join(table, table.c.look_id == tables.looks.c.id)
        .where(table.c.person_id == person_id)
    )
    if after is not None:
        here = func.row(table.c.created_at, table.c.look_id)
        found = found.where(here < func.row(literal(after[0]), literal(after[1], Uuid)))
    found = found.order_by(table.c.created_at.desc(), table.c.look_id.desc()).limit(limit)
    return [Scrap(shared=boards.as_shared(row), created_at=row.kept_at) for row in await connection.execute(found)]
