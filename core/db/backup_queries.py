"""What a backup asks the database: a snapshot for `pg_dump`, the keys of all images, and whether it is empty."""

from collections.abc import Sequence

from sqlalchemy import delete, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema

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


async def list_image_keys(connection: AsyncConnection) -> list[str]:
    """The keys of all photos and heatmaps that were stored.

    Thumbnails and share images are made again when they are needed. A photo that is being stored has a job, which
    stores it after a restoration.
    """
    table = schema.looks
    is_stored = table.c.photo_key.is_not(None) & table.c.images_stored_at.is_not(None)
    rows = await connection.execute(select(table.c.photo_key, table.c.heatmap_key).where(is_stored))
    return [key for row in rows for key in row]


async def delete_looks_with_images(connection: AsyncConnection, keys: Sequence[str]) -> int:
    """Delete the looks that have one of these images; returns how many."""
    table = schema.looks
    has_image = or_(table.c.photo_key.in_(keys), table.c.heatmap_key.in_(keys))
    return (await connection.execute(delete(table).where(has_image))).rowcount
