"""What a person puts on looks, a heart or a scrap: one of each kind on a look, and only on looks of the board.

For the repositories of the kinds; each table has the columns `look_id` and `person_id`, and both are its key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Uuid, delete, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert

from core.db import tables
from core.db.errors import missing_person_as_error

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import Table
    from sqlalchemy.ext.asyncio import AsyncConnection


__all__ = ["put", "take_off"]


async def put(connection: AsyncConnection, table: Table, look_id: UUID, person_id: UUID) -> None:
    """Put a person's mark on a look, if that is on the board; a second one changes nothing.

    Raises:
        PersonGone: the person was forgotten.
    """
    looks = tables.looks
    on_board = select(looks.c.id, literal(person_id, Uuid)).where(looks.c.id == look_id, looks.c.on_board)
    statement = upsert(table).from_select(["look_id", "person_id"], on_board).on_conflict_do_nothing()
    with missing_person_as_error(table):
        await connection.execute(statement)


async def take_off(connection: AsyncConnection, table: Table, look_id: UUID, person_id: UUID) -> None:
    """Take a person's mark off a look, if it is there."""
    await connection.execute(delete(table).where(table.c.look_id == look_id, table.c.person_id == person_id))
