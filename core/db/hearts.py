"""Hearts: who likes which look. How many a look has is kept in the look by the database itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Uuid, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY

from core.db import tables
from core.db.direct import Statement
from core.db.marks import put, take_off

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncConnection

    from core.db.tables import Provider

__all__ = ["give", "given_to", "take_back"]


async def give(connection: AsyncConnection, look_id: UUID, person_id: UUID) -> int | None:
    """Give a look a heart; one person's is one heart, however often it is given.

    Returns:
        How many hearts it has now; None if it is not on the board.

    Raises:
        PersonGone: the person was forgotten.
    """
    await put(connection, tables.hearts, look_id, person_id)
    return await _count(connection, look_id)


async def take_back(connection: AsyncConnection, look_id: UUID, person_id: UUID) -> int | None:
    """Take a heart back, if it was given.

    Returns:
        How many hearts the look has now; None if it is not on the board.
    """
    await take_off(connection, tables.hearts, look_id, person_id)
    return await _count(connection, look_id)


async def given_to(
    connection: AsyncConnection, provider: Provider, subject: str, look_ids: Iterable[UUID]
) -> frozenset[UUID]:
    """Those of the looks that have the heart of whoever a provider knows by this id; none if that is nobody."""
    found = await GIVEN_TO.all(connection, provider=provider, subject=subject, look_ids=list(look_ids))
    return frozenset(row.look_id for row in found)


GIVEN_TO = Statement(
    select(tables.hearts.c.look_id)
    .join(tables.identities, tables.identities.c.person_id == tables.hearts.c.person_id)
    .where(
        tables.identities.c.provider == bindparam("provider"),
        tables.identities.c.subject == bindparam("subject"),
        tables.hearts.c.look_id == any_(bindparam("look_ids", type_=ARRAY(Uuid))),
    )
)


async def _count(connection: AsyncConnection, look_id: UUID) -> int | None:
    table = tables.looks
    found = select(table.c.hearts).where(table.c.id == look_id, table.c.on_board)
    return (await connection.execute(found)).scalar_one_or_none()
