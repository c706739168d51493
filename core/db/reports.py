"""Reports: looks that somebody thinks should not be on the board. The database holds a look at the third unseen one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Text, Uuid, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from core.db import tables
from core.errors import PersonGone

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ["LONGEST_REASON", "add"]

LONGEST_REASON = 500
"""Characters of a reason, at most."""


async def add(connection: AsyncConnection, look_id: UUID, person_id: UUID, reason: str = "") -> bool:
    """Report a look; a person's first report of it counts, and its reason.

    Args:
        connection: the unit of work.
        look_id: what is reported; with the third report that no moderator has seen it is off the board.
        person_id: who reports it.
        reason: in their words, at most `LONGEST_REASON` characters.

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
    try:
        await connection.execute(statement)
    except IntegrityError as error:
        if "fk_reports_person_id" in str(error.orig):
            raise PersonGone from error
        raise
    return True
