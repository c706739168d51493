"""What Eva forgets, when, and in which order: pictures first, then what says where they were.

Cut short at any point, nothing is lost track of: the rows are still there, and doing it again finishes it.
"""

from collections.abc import Iterable
from uuid import UUID

import structlog
from procrastinate import App, JobContext
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import inbox, look_images, looks, one_time_tokens, people, sessions
from core.db.looks import Look
from core.images.renditions import rendition_keys
from core.jobs import queue
from core.jobs.queue import MAINTENANCE_QUEUE, ExponentialBackoff, conversation_lock_key
from core.resources import Resources

log = structlog.get_logger()

BATCH_SIZE = 100
"""Looks that are swept, and locked, at a time."""
ANONYMOUS_BATCH = 1000
"""People who are deleted at a time."""
HOURLY = "7 * * * *"
DAILY = "23 19 * * *"
"""In UTC: while Korea sleeps."""
ERASE_PERSON_TASK = "retention.forget"
"""The task that forgets a person, `person_id`, for those who cannot wait until it is done."""


def register_tasks(app: App) -> None:
    """The tasks `retention.sweep`, every hour, `retention.tidy`, every night, and `FORGET`.

    They find the `Memory` in their context under `memory`.
    """
    app.task(name=ERASE_PERSON_TASK, retry=ExponentialBackoff(), pass_context=True)(_erase_person_task)
    app.periodic(cron=HOURLY)(
        app.task(name="retention.sweep", queue=MAINTENANCE_QUEUE, pass_context=True)(_delete_expired_photos_task)
    )
    app.periodic(cron=DAILY)(
        app.task(name="retention.tidy", queue=MAINTENANCE_QUEUE, pass_context=True)(_delete_stale_sessions_task)
    )


async def delete_expired_photos(resources: Resources) -> int:
    """Delete the pictures of looks whose private time is over, and what the inbox and tickets need not know any more.

    Returns:
        How many looks lost their pictures.

    Raises:
        StorageUnavailableError: the pictures cannot be reached; what was not deleted stays for the next time.
    """
    swept = 0
    while True:
        async with resources.database.transaction() as connection:
            old = await look_images.list_expired_private(connection, resources.private_photo_ttl, limit=BATCH_SIZE)
            await resources.storage.delete(_image_keys(old))
            await look_images.clear_image_keys(connection, [look.id for look in old])
        swept += len(old)
        if len(old) < BATCH_SIZE:
            break
    async with resources.database.transaction() as connection:
        await inbox.delete_processed(connection)
        await one_time_tokens.delete_expired(connection)
    return swept


async def delete_stale_sessions(resources: Resources) -> tuple[int, int]:
    """End sessions that are not used any more, and forget visitors who left nothing.

    Returns:
        How many sessions and how many visitors.
    """
    async with resources.database.transaction() as connection:
        ended = await sessions.delete_expired(connection)
    forgotten = 0
    while True:
        async with resources.database.transaction() as connection:
            gone = await sessions.delete_empty_visitors(connection, limit=ANONYMOUS_BATCH)
        forgotten += gone
        if gone == 0:
            return ended, forgotten


async def remove_from_board(resources: Resources, connection: AsyncConnection, look: Look) -> bool:
    """Take a look, which the unit of work has locked, off the board for good; False if it is gone.

    Its pictures are deleted at once.
    """
    await resources.storage.delete(_image_keys([look]))
    return await looks.remove_from_board(connection, look.id)


async def delete_look(resources: Resources, look_id: UUID) -> bool:
    """Delete a look with its pictures, hearts, scraps and reports; False if there is no such look."""
    async with resources.database.transaction() as connection:
        look = await looks.lock(connection, look_id)
        if look is None:
            return False
        await resources.storage.delete(_image_keys([look]))
        await looks.delete(connection, look_id)
        return True


async def erase_person(resources: Resources, person_id: UUID) -> bool:
    """Delete a person and everything of theirs; False if there is no such person.

    Meanwhile nothing new of theirs can be written: whoever tries waits, and then meets `PersonNotFoundError`.

    Raises:
        StorageUnavailableError: the pictures cannot be reached, and so nobody was forgotten; try again.
    """
    async with resources.database.transaction() as connection:
        if not await people.lock(connection, person_id):
            return False
        found = await look_images.lock_image_keys(connection, person_id)
        await resources.storage.delete([key for photo, cam in found for key in _with_renditions(photo, cam)])
        chats = [
            conversation_lock_key(each.provider, each.subject)
            for each in await people.list_identities(connection, person_id)
        ]
        await queue.cancel_pending(connection, chats)
        await people.delete_person(connection, person_id)
    return True


async def _delete_expired_photos_task(context: JobContext, timestamp: int) -> None:
    swept = await delete_expired_photos(context.additional_context["memory"])
    log.info("swept", looks=swept)


async def _delete_stale_sessions_task(context: JobContext, timestamp: int) -> None:
    ended, forgotten = await delete_stale_sessions(context.additional_context["memory"])
    log.info("tidied", sessions=ended, visitors=forgotten)


async def _erase_person_task(context: JobContext, person_id: str) -> None:
    await erase_person(context.additional_context["memory"], UUID(person_id))


def _image_keys(found: Iterable[Look]) -> list[str]:
    pictures = [(look.photo_key, look.heatmap_key) for look in found]
    return [key for photo, cam in pictures if photo and cam for key in _with_renditions(photo, cam)]


def _with_renditions(photo_key: str, cam_key: str) -> list[str]:
    return [photo_key, cam_key, *rendition_keys(photo_key)]
