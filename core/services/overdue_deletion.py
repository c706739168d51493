"""Deletion of private images by the web process, for when no worker does it.

Workers delete them hourly (`core.services.retention`). Where none runs, or all of them fail, the files would stay,
although no page shows them any more.
"""

import asyncio
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import inbox, look_images
from core.errors import PersistenceError
from core.resources import Resources
from core.services.retention import delete_overdue_data

log = structlog.get_logger()

LATE_AFTER = timedelta(hours=2)
"""How long the hourly deletion may be behind before the web process does its work."""
CHECK_INTERVAL = 600.0
"""Seconds between checks; the first is at the start of the process."""


async def get_longest_overdue(connection: AsyncConnection) -> timedelta:
    """How long ago the oldest private image, or processed update, should have been deleted; zero if there is none."""
    return max(await look_images.get_longest_overdue(connection), await inbox.get_longest_overdue(connection))


async def delete_if_late(resources: Resources) -> int:
    """Delete what is overdue, if the oldest of it is late. Any number of processes may do that at once.

    Returns:
        The number of looks that lost their images.

    Raises:
        PersistenceError: the database or the storage does not answer.
    """
    async with resources.database.connection() as connection:
        overdue = await get_longest_overdue(connection)
    if overdue < LATE_AFTER:
        return 0
    deleted = await delete_overdue_data(resources)
    log.warning("overdue_photos_deleted", looks=deleted, seconds=round(overdue.total_seconds()))
    return deleted


async def run(resources: Resources, *, interval: float = CHECK_INTERVAL) -> None:
    """Call `delete_if_late` again and again until canceled."""
    while True:
        try:
            await delete_if_late(resources)
        except PersistenceError as error:
            log.warning("overdue_photos_not_deleted", error=type(error).__name__)
        await asyncio.sleep(interval)
