"""What the processes of one installation know of each other: the secret key they sign with, and the last backup.

`eva backup` is a process of its own, so the database tells the others.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db.errors import UNDEFINED_COLUMN, find_sqlstate

LATE_AFTER = timedelta(hours=30)
"""Age from which on a backup is late: one a night, which takes some hours, was missed."""

SELECT_KEY = text("SELECT secret_fingerprint FROM installation")
RECORD_KEY = text("""
INSERT INTO installation (secret_fingerprint) VALUES (:fingerprint)
ON CONFLICT (id) DO UPDATE SET secret_fingerprint = excluded.secret_fingerprint
""")
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


async def get_secret_fingerprint(connection: AsyncConnection) -> str | None:
    """The fingerprint of the key with which the last process was started; None before the first start."""
    return (await connection.execute(SELECT_KEY)).scalar_one_or_none()


async def record_secret_fingerprint(connection: AsyncConnection, fingerprint: str) -> str | None:
    """Store the fingerprint of the key of a process that starts; the one stored before, if it is another."""
    former = await get_secret_fingerprint(connection)
    if former == fingerprint:
        return None
    await connection.execute(RECORD_KEY, {"fingerprint": fingerprint})
    return former


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
