"""When the last backup was made. `eva backup` is a process of its own, so the database tells the others."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db.errors import UNDEFINED_COLUMN, find_sqlstate

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
