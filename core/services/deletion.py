"""Deletion of looks and people, on request or because their time is over: images first, then the rows with their keys.

An interruption leaves the rows in place, and another attempt finishes the work. Workers delete hourly what is due;
where none runs, or all of them fail, the files would stay, although no page shows them any more: so the web process
deletes what is late.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import structlog
from procrastinate import App, JobContext
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import inbox, look_images, looks, one_time_tokens, people, rate_limits, sessions, submissions
from core.db.errors import DEADLOCK_DETECTED, find_sqlstate
from core.db.identities import list_identities
from core.db.look_images import ImageKeys
from core.db.looks import Look
from core.db.schema import IdentityProvider
from core.db.vacuum import remove_deleted_rows
from core.errors import DatabaseUnavailableError, PersistenceError, StorageUnavailableError
from core.images.renditions import storage_keys
from core.jobs.maintenance import MAINTENANCE_QUEUE
from core.jobs.queue import cancel_pending, conversation_lock_key, enqueue, is_waiting
from core.jobs.worker import ExponentialBackoff
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
UNUSED_IMAGES_TASK = "retention.unused"
"""Deletes images that a process has stored and no look has, since the process was killed or the storage was away."""
UNUSED_IMAGES_DELAY = timedelta(minutes=10)
"""Longer than any process takes from storing an image to recording it."""
VACUUM_TASK = "retention.vacuum"
"""Removes deleted rows from the files, after an erasure; erasures during a vacuum share the next one."""
VACUUM_INTERVAL = timedelta(hours=1)
"""How often a large table is vacuumed because of erasures, at most; it also is every night."""
MAX_DEADLOCKS = 3
"""How often an erasure begins again."""
ERASE_PERSON_TASK = "retention.forget"
"""The task that erases a person, `person_id`, for callers that cannot wait for it."""
ERASURE_DELAYS = (1, 2, 4, 8, 15, 30, 60)
"""Seconds between its attempts, as many as it takes: nothing else would repeat it."""


def register_tasks(app: App) -> None:
    """Register `retention.sweep` (hourly), `retention.tidy` (nightly), and the tasks that others enqueue.

    The tasks expect the `Resources` in their context under `resources`.
    """
    delete_photos = app.task(name="retention.sweep", queue=MAINTENANCE_QUEUE, pass_context=True)
    app.periodic(cron=HOURLY)(delete_photos(_delete_overdue_data_task))
    delete_sessions = app.task(name="retention.tidy", queue=MAINTENANCE_QUEUE, pass_context=True)
    app.periodic(cron=DAILY)(delete_sessions(_delete_stale_sessions_task))
    until_erased = ExponentialBackoff(ERASURE_DELAYS, gives_up=False)
    app.task(name=ERASE_PERSON_TASK, retry=until_erased, pass_context=True)(_erase_person_task)
    delete_unused = app.task(name=UNUSED_IMAGES_TASK, queue=MAINTENANCE_QUEUE, retry=until_erased, pass_context=True)
    delete_unused(_delete_unused_images_task)
    app.task(name=VACUUM_TASK, queue=MAINTENANCE_QUEUE, retry=ExponentialBackoff(), pass_context=True)(_vacuum_task)


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
            await _delete_late_images(connection, [images for images in expired if images.look_id in done])
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


async def remove_from_board(resources: Resources, connection: AsyncConnection, look: Look) -> bool:
    """Remove a look, locked by this transaction, from the leaderboard for good, and delete its images.

    Returns:
        False if the look does not exist any more.
    """
    await _delete_images(resources, connection, await look_images.lock_image_keys(connection, look_id=look.id))
    return await looks.remove_from_board(connection, look.id)


async def delete_look(resources: Resources, look_id: UUID) -> bool:
    """Delete a look with its images, hearts, bookmarks and reports; return False if there is no such look."""
    async with resources.database.transaction() as connection:
        look = await looks.lock(connection, look_id)
        if look is None:
            return False
        await _delete_images(resources, connection, await look_images.lock_image_keys(connection, look_id=look_id))
        await looks.delete(connection, look_id)
        return True


async def erase_person(
    resources: Resources,
    person_id: UUID,
    *,
    only_visitor: bool = False,
    record: Callable[[AsyncConnection], Awaitable[None]] | None = None,
) -> bool:
    """Delete a person and all their data.

    A job then removes the deleted rows from the files of the database.

    The row is locked meanwhile: writing data of this person waits, and then raises `PersonNotFoundError`. Counters of
    others change as well, so that erasures at the same time may wait for each other; the server then ends one of them,
    and it begins again.

    Args:
        resources: database and storage.
        person_id: the person.
        only_visitor: whether a person who has a chat or a login by now is kept.
        record: called in the transaction before the rows are deleted, for what has to survive them.

    Returns:
        False, with nothing done, if there is no such person, or they are kept.

    Raises:
        StorageUnavailableError: the images cannot be deleted, and so nothing was; try again.
    """
    for _ in range(MAX_DEADLOCKS):
        try:
            return await _erase_person(resources, person_id, only_visitor, record)
        except DatabaseUnavailableError as error:
            if find_sqlstate(error) != DEADLOCK_DETECTED:
                raise
    return await _erase_person(resources, person_id, only_visitor, record)


async def _erase_person(
    resources: Resources,
    person_id: UUID,
    only_visitor: bool,
    record: Callable[[AsyncConnection], Awaitable[None]] | None,
) -> bool:
    async with resources.database.transaction() as connection:
        if not await people.lock(connection, person_id):
            return False
        identities = await list_identities(connection, person_id)
        if only_visitor and any(identity.provider is not IdentityProvider.WEB for identity in identities):
            return False
        images = await look_images.lock_image_keys(connection, person_id=person_id)
        await _delete_images(resources, connection, images)
        await cancel_pending(
            connection, [conversation_lock_key(identity.provider, identity.subject) for identity in identities]
        )
        if record is not None:
            await record(connection)
        await submissions.delete_photo_counts(connection, person_id)
        await people.delete_person(connection, person_id)
        if not await is_waiting(connection, VACUUM_TASK):
            await enqueue(connection, VACUUM_TASK, lock=VACUUM_TASK)
    return True


async def _delete_images(resources: Resources, connection: AsyncConnection, images: Sequence[ImageKeys]) -> None:
    await resources.storage.delete(storage_keys(images))
    await _delete_late_images(connection, images)


async def _delete_late_images(connection: AsyncConnection, images: Sequence[ImageKeys]) -> None:
    """Delete again, later, images that a process may store just now, since it may be killed then."""
    for look in images:
        if not look.are_stored:
            await delete_later_if_unused(connection, look.look_id, look.photo_key, look.heatmap_key)


async def delete_later_if_unused(connection: AsyncConnection, look_id: UUID, *keys: str) -> None:
    """Let a job delete images that the look does not have then, or that are left of a deleted look.

    To be called before an image is stored that no row names yet: a process may be killed at any moment.
    """
    await enqueue(
        connection,
        UNUSED_IMAGES_TASK,
        lock=None,
        delay=UNUSED_IMAGES_DELAY,
        queue=MAINTENANCE_QUEUE,
        look_id=str(look_id),
        keys=keys,
    )


async def delete_unused_images(resources: Resources, look_id: UUID, keys: Sequence[str]) -> None:
    """Delete those of these images that the look does not have, or all if it was deleted.

    Raises:
        StorageUnavailableError: they cannot be deleted; try again.
    """
    async with resources.database.transaction() as connection:
        # The process that stores one of them holds this lock until the look has it.
        images = await look_images.lock_image_keys(connection, look_id=look_id)
        used = {key for look in images for key in (look.photo_key, look.heatmap_key)}
        await resources.storage.delete([key for key in keys if key not in used])


async def _delete_unused_images_task(context: JobContext, look_id: str, keys: Sequence[str]) -> None:
    await delete_unused_images(context.additional_context["resources"], UUID(look_id), keys)


async def _vacuum_task(context: JobContext) -> None:
    await remove_deleted_rows(context.additional_context["resources"].database, interval=VACUUM_INTERVAL)


async def _erase_person_task(context: JobContext, person_id: str) -> None:
    await erase_person(context.additional_context["resources"], UUID(person_id))


async def _delete_overdue_data_task(context: JobContext, timestamp: int) -> None:
    if deleted := await delete_overdue_data(context.additional_context["resources"]):
        log.info("expired_photos_deleted", looks=deleted)


async def _delete_stale_sessions_task(context: JobContext, timestamp: int) -> None:
    session_count, visitor_count = await delete_stale_sessions(context.additional_context["resources"])
    log.info("stale_sessions_deleted", sessions=session_count, visitors=visitor_count)
    await remove_deleted_rows(context.additional_context["resources"].database)
