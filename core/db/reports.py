"""Reports: looks that somebody thinks should not be on the board. The database holds a look at the third unseen one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Text, Uuid, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert

from core.db import tables
from core.db.errors import missing_person_as_error

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ["add"]


async def add(connection: AsyncConnection, look_id: UUID, person_id: UUID, reason: str = "") -> bool:
    """Report a look; a person's first report of it counts, and its reason.

    Args:
        connection: the unit of work.
        look_id: what is reported; with the third report that no moderator has seen it is off the board.
        person_id: who reports it.
        reason: in their words, at most 500 characters.

    Returns:
        False if it is not on the board, or their own.

    Raises:
        PersonGone: the person was forgotten.
    """
    looks, table = tables.looks, tables.reports
    reported = looks.c.id == look_id, looks.c.on_board, looks.c.person_id != person_id
    found = await connection.execute(select(looks.c.id).where(*reported))
    if found.first() is None:
        return False
    values = select(looks.c.id, literal(person_id, Uuid), literal(reason, Text)).where(*reported)
    statement = upsert(table).from_select(["look_id", "person_id", "reason"], values).on_conflict_do_nothing()
    with missing_person_as_error(table):
        await connection.execute(statement)
    return True
