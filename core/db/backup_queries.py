"""What a backup asks the database: a snapshot for `pg_dump`, the keys of all images, and whether it is empty."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Text, Uuid, any_, delete, literal, null, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.look_images import ImageKeys

BEGIN_SNAPSHOT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
EXPORT_SNAPSHOT = text("SELECT pg_export_snapshot()")
SERVER_VERSION = text("SELECT current_setting('server_version_num')::int / 10000")
HAS_TABLES = text("SELECT 1 FROM pg_class WHERE relnamespace = CAST(current_schema() AS regnamespace) LIMIT 1")


async def export_snapshot(connection: AsyncConnection) -> str:
    """Fix what this transaction sees, for other connections to see the same; must be its first statement."""
    await connection.execute(BEGIN_SNAPSHOT)
    return str((await connection.execute(EXPORT_SNAPSHOT)).scalar_one())


async def get_server_version(connection: AsyncConnection) -> int:
    """The major version of the server."""
    return int((await connection.execute(SERVER_VERSION)).scalar_one())


async def is_empty(connection: AsyncConnection) -> bool:
    """Whether the database has no tables."""
    return (await connection.execute(HAS_TABLES)).first() is None


async def list_images(connection: AsyncConnection) -> list[ImageKeys]:
    """The keys of all photos and heatmaps that were stored.

    Thumbnails and share images are made again when they are needed. A photo that is being stored has a job, which
    stores it after a restoration.
    """
    table = schema.looks
    is_stored = table.c.photo_key.is_not(None) & table.c.images_stored_at.is_not(None)
    rows = await connection.execute(select(table.c.id, table.c.photo_key, table.c.heatmap_key).where(is_stored))
    return [ImageKeys(look_id=row.id, photo_key=row.photo_key, heatmap_key=row.heatmap_key) for row in rows]


async def get_heatmap_keys(connection: AsyncConnection, look_ids: Sequence[UUID]) -> dict[UUID, str | None]:
    """The keys that the heatmaps of these looks have now, None without images; deleted looks are left out.

    Each is asked for by itself, and waits for a transaction that deletes or replaces its images.
    """
    table, found = schema.looks, {}
    for look_id in look_ids:
        statement = select(table.c.heatmap_key).where(table.c.id == look_id).with_for_update(read=True)
        row = (await connection.execute(statement)).one_or_none()
        if row is not None:
            found[look_id] = row.heatmap_key
    return found


async def delete_looks(connection: AsyncConnection, look_ids: Sequence[UUID]) -> int:
    """Delete looks with what belongs to them; returns how many there were."""
    return (await connection.execute(delete(schema.looks).where(_is_one_of(look_ids)))).rowcount


async def delete_looks_with_photos(connection: AsyncConnection, photo_keys: Sequence[str]) -> int:
    """Delete the looks that have one of these photos, with what belongs to them; returns how many there were."""
    has_photo = schema.looks.c.photo_key == any_(literal(list(photo_keys), ARRAY(Text)))
    return (await connection.execute(delete(schema.looks).where(has_photo))).rowcount


async def clear_images(connection: AsyncConnection, look_ids: Sequence[UUID]) -> None:
    """Record that looks have no images any more, and so are not on the leaderboard; their verdicts stay."""
    cleared = dict.fromkeys(("photo_key", "heatmap_key", "pending_question", "shared_at"), null())
    await connection.execute(update(schema.looks).where(_is_one_of(look_ids)).values(cleared))


def _is_one_of(look_ids: Sequence[UUID]) -> ColumnElement[bool]:
    """As one parameter, of which a statement has 32,767 at most."""
    return schema.looks.c.id == any_(literal(list(look_ids), ARRAY(Uuid)))
