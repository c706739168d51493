"""Which looks still have their pictures. The pictures themselves are the storage's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Integer, Uuid, bindparam, func, literal, null, select, update

from core.db import tables
from core.db.direct import Statement
from core.db.looks import as_look

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncConnection

    from core.db.looks import Look

__all__ = ["forget", "hold", "mark_stored", "of_person", "private_since", "recent_fingerprints"]


async def hold(connection: AsyncConnection, look_id: UUID, photo_key: str) -> bool:
    """Whether a look still has this photo; if so, it cannot lose it until the unit of work ends."""
    table = tables.looks
    found = select(table.c.id).where(table.c.id == look_id, table.c.photo_key == photo_key)
    return (await connection.execute(found.with_for_update(read=True))).first() is not None


async def recent_fingerprints(
    connection: AsyncConnection, person_id: UUID, *, model: str, limit: int
) -> list[tuple[UUID, bytes]]:
    """Ids and fingerprints of a person's latest looks that this model judged and that still have their pictures."""
    found = await RECENT.all(connection, person_id=person_id, model=model, limit=limit)
    return [(row.id, row.fingerprint) for row in found]


async def mark_stored(connection: AsyncConnection, look_id: UUID) -> Look | None:
    """Note that both pictures are in the storage; None if the look, or its right to pictures, is gone."""
    row = await STORED.first(connection, look_id=look_id)
    return None if row is None else as_look(row)


async def private_since(connection: AsyncConnection, age: timedelta, *, limit: int) -> list[Look]:
    """Looks that are older than this, were never shared or are not any more, and still have pictures.

    They are locked until the unit of work ends, so nobody shares them meanwhile; those that others have locked
    are left out.
    """
    table = tables.looks
    found = (
        select(table)
        .where(
            table.c.shared_at.is_(None), table.c.photo_key.is_not(None), table.c.created_at < func.now() - literal(age)
        )
        .order_by(table.c.created_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [as_look(row) for row in await connection.execute(found)]


async def forget(connection: AsyncConnection, look_ids: Sequence[UUID]) -> None:
    """Note that the pictures of these private looks were deleted; nobody guesses any more what was on them."""
    table = tables.looks
    await connection.execute(
        update(table).where(table.c.id.in_(look_ids)).values(photo_key=null(), cam_key=null(), asked=null())
    )


async def of_person(connection: AsyncConnection, person_id: UUID) -> list[tuple[str, str]]:
    """The keys of a person's photos and heat pictures, locked so that no look gets or loses any meanwhile."""
    table = tables.looks
    found = (
        select(table.c.photo_key, table.c.cam_key)
        .where(table.c.person_id == person_id, table.c.photo_key.is_not(None))
        .with_for_update()
    )
    return [(row.photo_key, row.cam_key) for row in await connection.execute(found)]


RECENT = Statement(
    select(tables.looks.c.id, tables.looks.c.fingerprint)
    .where(
        tables.looks.c.person_id == bindparam("person_id"),
        tables.looks.c.model == bindparam("model"),
        tables.looks.c.photo_key.is_not(None),
        tables.looks.c.stored_at.is_not(None),
    )
    .order_by(tables.looks.c.created_at.desc(), tables.looks.c.id.desc())
    .limit(bindparam("limit", type_=Integer))
)
STORED = Statement(
    update(tables.looks)
    .where(tables.looks.c.id == bindparam("look_id", type_=Uuid), tables.looks.c.photo_key.is_not(None))
    .values(stored_at=func.coalesce(tables.looks.c.stored_at, func.now()))
    .returning(tables.looks)
)
