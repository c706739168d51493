"""What a person puts on looks, a heart or a scrap: one of each kind on a look, and only on looks of the board.

For the repositories of the kinds; each table has the columns `look_id` and `person_id`, and both are its key.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import Uuid, any_, bindparam, delete, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from core.db import tables
from core.db.reading import Question
from core.errors import PersonGone

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from sqlalchemy import Table
    from sqlalchemy.ext.asyncio import AsyncConnection

    from core.db.reading import Connection

__all__ = ["put", "put_by", "take_off"]


async def put(connection: AsyncConnection, table: Table, look_id: UUID, person_id: UUID) -> None:
    """Put a person's mark on a look, if that is on the board; a second one changes nothing.

    Raises:
        PersonGone: the person was forgotten.
    """
    looks = tables.looks
    on_board = select(looks.c.id, literal(person_id, Uuid)).where(looks.c.id == look_id, looks.c.on_board)
    statement = upsert(table).from_select(["look_id", "person_id"], on_board).on_conflict_do_nothing()
    try:
        await connection.execute(statement)
    except IntegrityError as error:
        if f"fk_{table.name}_person_id" in str(error.orig):
            raise PersonGone from error
        raise


async def take_off(connection: AsyncConnection, table: Table, look_id: UUID, person_id: UUID) -> None:
    """Take a person's mark off a look, if it is there."""
    await connection.execute(delete(table).where(table.c.look_id == look_id, table.c.person_id == person_id))


async def put_by(connection: Connection, table: Table, person_id: UUID, look_ids: Iterable[UUID]) -> frozenset[UUID]:
    """Those of the looks that have a person's mark."""
    found = await _put_by(table).ask(connection, person_id=person_id, look_ids=list(look_ids))
    return frozenset(row.look_id for row in found)


@cache
def _put_by(table: Table) -> Question:
    """The statement, put together once."""
    one_of = table.c.look_id == any_(bindparam("look_ids", type_=ARRAY(Uuid)))
    return Question(select(table.c.look_id).where(table.c.person_id == bindparam("person_id"), one_of))
