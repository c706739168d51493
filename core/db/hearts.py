"""Hearts: who likes which look. How many a look has is kept in the look by the database itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Uuid, delete, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from core.db import tables
from core.errors import PersonGone

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ["give", "given", "take_back"]


async def give(connection: AsyncConnection, look_id: UUID, person_id: UUID) -> int | None:
    """Give a look a heart; one person's is one heart, however often it is given.

    Returns:
        How many hearts it has now; None if it is not on the board.

    Raises:
        PersonGone: the person was forgotten.
    """
    table = tables.looks
    on_board = select(table.c.id, literal(person_id, Uuid)).where(table.c.id == look_id, table.c.on_board)
    statement = upsert(tables.hearts).from_select(["look_id", "person_id"], on_board).on_conflict_do_nothing()
    try:
        await connection.execute(statement)
    except IntegrityError as error:
        if "fk_hearts_person_id" in str(error.orig):
            raise PersonGone from error
        raise
    return await _count(connection, look_id)


async def take_back(connection: AsyncConnection, look_id: UUID, person_id: UUID) -> int | None:
    """Take a heart back, if it was given.

    Returns:
        How many hearts the look has now; None if it is not on the board.
    """
    table = tables.hearts
    await connection.execute(delete(table).where(table.c.look_id == look_id, table.c.person_id == person_id))
    return await _count(connection, look_id)


async def given(connection: AsyncConnection, person_id: UUID, look_ids: Iterable[UUID]) -> frozenset[UUID]:
    """Those of the looks that have a person's heart."""
    table = tables.hearts
    found = select(table.c.look_id).where(table.c.person_id == person_id, table.c.look_id.in_(list(look_ids)))
    return frozenset((await connection.execute(found)).scalars())


async def _count(connection: AsyncConnection, look_id: UUID) -> int | None:
    table = tables.looks
    found = select(table.c.hearts).where(table.c.id == look_id, table.c.on_board)
    return (await connection.execute(found)).scalar_one_or_none()
