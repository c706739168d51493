"""Which looks still have their pictures. The pictures themselves are the storage's."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Integer, Uuid, bindparam, func, literal, null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.compiled_statements import CompiledStatement
from core.db.looks import Look, to_look


async def lock_with_photo(connection: AsyncConnection, look_id: UUID, photo_key: str) -> bool:
    """Whether a look still has this photo; if so, it cannot lose it until the unit of work ends."""
    table = schema.looks
    found = select(table.c.id).where(table.c.id == look_id, table.c.photo_key == photo_key)
    return (await connection.execute(found.with_for_update(read=True))).first() is not None


async def list_recent_hashes(
    connection: AsyncConnection, person_id: UUID, *, model: str, limit: int
) -> list[tuple[UUID, bytes]]:
    """Ids and fingerprints of a person's latest looks that this model judged and that still have their pictures."""
    found = await SELECT_RECENT_HASHES.fetch_all(connection, person_id=person_id, model=model, limit=limit)
    return [(row.id, row.perceptual_hash) for row in found]


async def mark_images_stored(connection: AsyncConnection, look_id: UUID) -> Look | None:
    """Note that both pictures are in the storage; None if the look, or its right to pictures, is gone."""
    row = await MARK_IMAGES_STORED.fetch_one(connection, look_id=look_id)
    return None if row is None else to_look(row)


async def list_expired_private(connection: AsyncConnection, min_age: timedelta, *, limit: int) -> list[Look]:
    """Looks that are older than this, were never shared or are not any more, and still have pictures.

    They are locked until the unit of work ends, so nobody shares them meanwhile; those that others have locked
    are left out.
    """
    table = schema.looks
    found = (
        select(table)
        .where(
            table.c.shared_at.is_(None),
            table.c.photo_key.is_not(None),
            table.c.created_at < func.now() - literal(min_age),
        )
        .order_by(table.c.created_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [to_look(row) for row in await connection.execute(found)]


async def clear_image_keys(connection: AsyncConnection, look_ids: Sequence[UUID]) -> None:
    """Note that the pictures of these private looks were deleted; nobody guesses any more what was on them."""
    table = schema.looks
    await connection.execute(
        update(table)
        .where(table.c.id.in_(look_ids))
        .values(photo_key=null(), heatmap_key=null(), pending_question=null())
    )


async def lock_image_keys(connection: AsyncConnection, person_id: UUID) -> list[tuple[str, str]]:
    """The keys of a person's photos and heat pictures, locked so that no look gets or loses any meanwhile."""
    table = schema.looks
    found = (
        select(table.c.photo_key, table.c.heatmap_key)
        .where(table.c.person_id == person_id, table.c.photo_key.is_not(None))
        .with_for_update()
    )
    return [(row.photo_key, row.heatmap_key) for row in await connection.execute(found)]


SELECT_RECENT_HASHES = CompiledStatement(
    select(schema.looks.c.id, schema.looks.c.perceptual_hash)
    .where(
        schema.looks.c.person_id == bindparam("person_id"),
        schema.looks.c.model == bindparam("model"),
        schema.looks.c.photo_key.is_not(None),
        schema.looks.c.images_stored_at.is_not(None),
    )
    .order_by(schema.looks.c.created_at.desc(), schema.looks.c.id.desc())
    .limit(bindparam("limit", type_=Integer))
)
MARK_IMAGES_STORED = CompiledStatement(
    update(schema.looks)
    .where(schema.looks.c.id == bindparam("look_id", type_=Uuid), schema.looks.c.photo_key.is_not(None))
    .values(images_stored_at=func.coalesce(schema.looks.c.images_stored_at, func.now()))
    .returning(schema.looks)
)
