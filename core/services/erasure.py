"""Erasure of a look or of a person, on request: images first, then the rows that hold their keys.

An interruption leaves the rows in place, and another attempt finishes the work.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

from procrastinate import App, JobContext
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import look_images, looks, people, submissions
from core.db.errors import DEADLOCK_DETECTED, find_sqlstate
from core.db.identities import list_identities
from core.db.looks import Look
from core.db.schema import IdentityProvider
from core.db.vacuum import remove_deleted_rows
from core.errors import DatabaseUnavailableError
from core.images.renditions import storage_keys
from core.jobs.maintenance import MAINTENANCE_QUEUE
from core.jobs.queue import cancel_pending, conversation_lock_key, enqueue, is_waiting
from core.jobs.worker import ExponentialBackoff
from core.resources import Resources

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
    """Register `ERASE_PERSON_TASK` and `VACUUM_TASK`.

    The tasks expect the `Resources` in their context under `resources`.
    """
    until_erased = ExponentialBackoff(ERASURE_DELAYS, gives_up=False)
    app.task(name=ERASE_PERSON_TASK, retry=until_erased, pass_context=True)(_erase_person_task)
    app.task(name=VACUUM_TASK, queue=MAINTENANCE_QUEUE, retry=ExponentialBackoff(), pass_context=True)(_vacuum_task)


async def remove_from_board(resources: Resources, connection: AsyncConnection, look: Look) -> bool:
    """Remove a look, locked by this transaction, from the leaderboard for good, and delete its images.

    Returns:
        False if the look does not exist any more.
    """
    await resources.storage.delete(storage_keys(await look_images.lock_image_keys(connection, look.id)))
    return await looks.remove_from_board(connection, look.id)


async def delete_look(resources: Resources, look_id: UUID) -> bool:
    """Delete a look with its images, hearts, bookmarks and reports; return False if there is no such look."""
    async with resources.database.transaction() as connection:
        look = await looks.lock(connection, look_id)
        if look is None:
            return False
        await resources.storage.delete(storage_keys(await look_images.lock_image_keys(connection, look_id)))
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
        images = await look_images.lock_image_keys_of_person(connection, person_id)
        await resources.storage.delete(storage_keys(images))
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


async def _vacuum_task(context: JobContext) -> None:
    await remove_deleted_rows(context.additional_context["resources"].database, interval=VACUUM_INTERVAL)


async def _erase_person_task(context: JobContext, person_id: str) -> None:
    await erase_person(context.additional_context["resources"], UUID(person_id))
