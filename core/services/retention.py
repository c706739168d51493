"""Deletion of images and personal data whose time is over: images first, then the rows that hold their keys.

An interruption leaves the rows in place, and the next run finishes the work. Workers delete hourly; where none runs, or
all of them fail, the files would stay, although no page shows them any more: so the web process deletes what is late.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import structlog
from procrastinate import App, JobContext
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import inbox, look_images, one_time_tokens, people, rate_limits, sessions
from core.db.look_images import ImageKeys
from core.db.vacuum import remove_deleted_rows
from core.errors import PersistenceError, StorageUnavailableError
from core.images.renditions import storage_keys
from core.jobs.maintenance import MAINTENANCE_QUEUE
from core.resources import Resources

log = structlog.get_logger()

BATCH_SIZE = 100
"""Looks that are locked and deleted at a time."""
MAX_FAILURES = 1000
"""Looks whose images cannot be deleted, from which on a run ends."""
ANONYMOUS_BATCH = 1000
"""Anonymous visitors that are deleted at a time."""
HOURLY = "7 * * * *"
DAILY = "23 19 * * *"
"""In UTC: at night in Korea."""
LATE_AFTER = timedelta(hours=2)
"""How long the hourly deletion may be behind before the web process does its work."""
CHECK_INTERVAL = 600.0
"""Seconds between checks; the first is at the start of the process."""


def register_tasks(app: App) -> None:
    """Register `retention.sweep` (hourly) and `retention.tidy` (nightly).

    The tasks expect the `Resources` in their context under `resources`.
    """
    delete_photos = app.task(name="retention.sweep", queue=MAINTENANCE_QUEUE, pass_context=True)
    app.periodic(cron=HOURLY)(delete_photos(_delete_overdue_data_task))
    delete_sessions = app.task(name="retention.tidy", queue=MAINTENANCE_QUEUE, pass_context=True)
    app.periodic(cron=DAILY)(delete_sessions(_delete_stale_sessions_task))


async def delete_overdue_data(resources: Resources, *, batch_size: int = BATCH_SIZE) -> int:
    """Delete the images of private looks whose time is over, and processed updates, tokens, names and counters whose
    time is over.

    A look whose images cannot be deleted stops no other one, unless a whole batch fails: then the storage refuses
    deletions, and the run ends.

    Returns:
        The number of looks that lost their images.

    Raises:
        StorageUnavailableError: the storage does not answer, or some images cannot be deleted; the next run tries them
            again.
    """
    deleted = 0
    failed: set[UUID] = set()
    async with resources.database.connection() as connection:
        await inbox.delete_processed(connection)
        await one_time_tokens.delete_expired(connection)
        await people.delete_expired_name_questions(connection)
        await rate_limits.delete_expired(connection)
    while len(failed) < MAX_FAILURES:
        async with resources.database.transaction() as connection:
            expired = await look_images.lock_expired(connection, limit=batch_size, skipped_ids=failed)
            done = await _delete_all_that_can_be(resources, expired)
            await look_images.clear_image_keys(connection, done)
        deleted += len(done)
        failed |= {images.look_id for images in expired}.difference(done)
        if len(expired) < batch_size or not done:
            break
    if failed:
        log.error("expired_photos_not_deleted", looks=len(failed), deleted=deleted)
        raise StorageUnavailableError(f"the images of {len(failed)} looks cannot be deleted")
    return deleted


async def _delete_all_that_can_be(resources: Resources, expired: Sequence[ImageKeys]) -> list[UUID]:
    """Delete the images of looks together, or each look's by themselves if that fails.

    Returns:
        The looks whose images are deleted.

    Raises:
        StorageUnavailableError: the storage does not answer at all.
    """
    try:
        await resources.storage.delete(storage_keys(expired))
    except StorageUnavailableError:
        await resources.storage.check()
    else:
        return [images.look_id for images in expired]
    done = []
    for images in expired:
        with suppress(StorageUnavailableError):
            await resources.storage.delete(storage_keys([images]))
            done.append(images.look_id)
    return done


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


async def run_late_deletion(resources: Resources, *, interval: float = CHECK_INTERVAL) -> None:
    """Call `delete_if_late` again and again until canceled."""
    while True:
        try:
            await delete_if_late(resources)
        except PersistenceError as error:
            log.warning("overdue_photos_not_deleted", error=type(error).__name__)
        await asyncio.sleep(interval)


async def delete_stale_sessions(resources: Resources) -> tuple[int, int]:
    """Delete idle sessions, and anonymous visitors without any content.

    Returns:
        The numbers of deleted sessions and visitors.
    """
    async with resources.database.transaction() as connection:
        session_count = await sessions.delete_expired(connection)
    visitor_count = 0
    while True:
        async with resources.database.transaction() as connection:
            batch = await sessions.delete_empty_visitors(connection, limit=ANONYMOUS_BATCH)
        visitor_count += batch
        if batch == 0:
            return session_count, visitor_count


async def _delete_overdue_data_task(context: JobContext, timestamp: int) -> None:
    if deleted := await delete_overdue_data(context.additional_context["resources"]):
        log.info("expired_photos_deleted", looks=deleted)


async def _delete_stale_sessions_task(context: JobContext, timestamp: int) -> None:
    session_count, visitor_count = await delete_stale_sessions(context.additional_context["resources"])
    log.info("stale_sessions_deleted", sessions=session_count, visitors=visitor_count)
    await remove_deleted_rows(context.additional_context["resources"].database)
