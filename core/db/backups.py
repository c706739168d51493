"""What backups ask and tell the database: a snapshot for `pg_dump`, the keys of all images, the end of a restoration,
and when the last backup was made.

`eva backup` is a process of its own, so the database tells the others.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.errors import UNDEFINED_COLUMN, find_sqlstate
from core.object_storage import is_valid_key

BEGIN_SNAPSHOT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
EXPORT_SNAPSHOT = text("SELECT pg_export_snapshot() AS snapshot, now() AS taken_at")
SERVER_VERSION = text("SELECT current_setting('server_version_num')::int / 10000")
HAS_TABLES = text("SELECT 1 FROM pg_class WHERE relnamespace = CAST(current_schema() AS regnamespace) LIMIT 1")
LATE_AFTER = timedelta(hours=30)
"""Age from which on a backup is late: one a night, which takes some hours, was missed."""
SELECT_BACKUP = text("SELECT backed_up_at, now() - backed_up_at AS age FROM installation")
RECORD_BACKUP = text("UPDATE installation SET backed_up_at = :taken_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class LastBackup:
    """The last backup that was completed."""

    taken_at: datetime
    """When the database was as the backup has it."""
    age: timedelta

    @property
    def is_late(self) -> bool:
        """Whether there should be a later one, where a backup is made every night."""
        return self.age >= LATE_AFTER


async def export_snapshot(connection: AsyncConnection) -> tuple[str, datetime]:
    """Fix what this transaction sees, for other connections to see the same; must be its first statement.

    Returns:
        The name of the snapshot, and when it was taken by the clock of the server.
    """
    await connection.execute(BEGIN_SNAPSHOT)
    row = (await connection.execute(EXPORT_SNAPSHOT)).one()
    return str(row.snapshot), row.taken_at


async def get_server_version(connection: AsyncConnection) -> int:
    """The major version of the server."""
    return int((await connection.execute(SERVER_VERSION)).scalar_one())


async def is_empty(connection: AsyncConnection) -> bool:
    """Whether the database has no tables."""
    return (await connection.execute(HAS_TABLES)).first() is None


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


def finish_restoration(
    *, deleted_looks: Collection[UUID], deleted_photos: Collection[str], expired_looks: Collection[UUID]
) -> str:
    """A script for the end of a dump, whose last result is how many looks it deletes.

    Args:
        deleted_looks: looks that are deleted, with what belongs to them.
        deleted_photos: keys of photos whose looks are deleted.
        expired_looks: looks that lose their images, and so their place on the leaderboard; their verdicts stay.
    """
    deleted, expired = _to_array(map(str, deleted_looks)), _to_array(map(str, expired_looks))
    photos = _to_array(filter(is_valid_key, deleted_photos))
    # The triggers do not find their tables in the empty path of a dump.
    return f"""
RESET search_path;
UPDATE looks SET photo_key = NULL, heatmap_key = NULL, pending_question = NULL, shared_at = NULL
WHERE id = ANY ({expired}::uuid[]);
WITH gone AS (
    DELETE FROM looks WHERE id = ANY ({deleted}::uuid[]) OR photo_key = ANY ({photos}::text[]) RETURNING id
)
SELECT count(*) FROM gone;
"""


def _to_array(values: Iterable[str]) -> str:
    """The literal of an array of ids or keys, which hold neither quotes nor commas."""
    return f"'{{{','.join(values)}}}'"


async def get_last_backup(connection: AsyncConnection) -> LastBackup | None:
    """The last backup; None if none was made of this database.

    A restored database has the one before the backup that it was restored from.
    """
    row = (await connection.execute(SELECT_BACKUP)).one_or_none()
    if row is None or row.backed_up_at is None:
        return None
    return LastBackup(taken_at=row.backed_up_at, age=row.age)


async def record_backup(connection: AsyncConnection, taken_at: datetime) -> None:
    """Record a backup; not on the tables of a former release, which have no place for it.

    Args:
        connection: in AUTOCOMMIT.
        taken_at: when the database was as the backup has it.
    """
    try:
        await connection.execute(RECORD_BACKUP, {"taken_at": taken_at})
    except ProgrammingError as error:
        if find_sqlstate(error) != UNDEFINED_COLUMN:
            raise
