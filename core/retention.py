"""What Eva forgets, when, and in which order: pictures first, then what says where they were.

Cut short at any point, nothing is lost track of: the rows are still there, and doing it again finishes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from core import queue
from core.db import inbox, looks, people, pictures, sessions, tickets
from core.derived import derived_keys
from core.queue import HOUSEKEEPING, Backoff, chat_lock

if TYPE_CHECKING:
    from collections.abc import Iterable

    from procrastinate import App, JobContext
    from sqlalchemy.ext.asyncio import AsyncConnection

    from core.db.looks import Look
    from core.memory import Memory

__all__ = ["FORGET", "delete_look", "forget", "sweep", "take_down", "tasks", "tidy"]

log = structlog.get_logger()

BATCH = 100
"""Looks that are swept, and locked, at a time."""
STRANGERS = 1000
"""People who are deleted at a time."""
HOURLY = "7 * * * *"
DAILY = "23 19 * * *"
"""In UTC: while Korea sleeps."""
FORGET = "retention.forget"
"""The task that forgets a person, `person_id`, for those who cannot wait until it is done."""


def tasks(app: App) -> None:
    """The tasks `retention.sweep`, every hour, `retention.tidy`, every night, and `FORGET`.

    They find the `Memory` in their context under `memory`.
    """
    app.task(name=FORGET, retry=Backoff(), pass_context=True)(_forget_task)
    app.periodic(cron=HOURLY)(app.task(name="retention.sweep", queue=HOUSEKEEPING, pass_context=True)(_sweep_task))
    app.periodic(cron=DAILY)(app.task(name="retention.tidy", queue=HOUSEKEEPING, pass_context=True)(_tidy_task))


async def sweep(memory: Memory) -> int:
    """Delete the pictures of looks whose private time is over, and what the inbox and tickets need not know any more.

    Returns:
        How many looks lost their pictures.

    Raises:
        StorageUnavailable: the pictures cannot be reached; what was not deleted stays for the next time.
    """
    swept = 0
    while True:
        async with memory.database.begin() as connection:
            old = await pictures.private_since(connection, memory.keep_private, limit=BATCH)
            await memory.storage.delete(_keys(old))
            await pictures.forget(connection, [look.id for look in old])
        swept += len(old)
        if len(old) < BATCH:
            break
    async with memory.database.begin() as connection:
        await inbox.purge(connection)
        await tickets.purge(connection)
    return swept


async def tidy(memory: Memory) -> tuple[int, int]:
    """End sessions that are not used any more, and forget visitors who left nothing.

    Returns:
        How many sessions and how many visitors.
    """
    async with memory.database.begin() as connection:
        ended = await sessions.purge(connection)
    forgotten = 0
    while True:
        async with memory.database.begin() as connection:
            gone = await sessions.purge_bare(connection, limit=STRANGERS)
        forgotten += gone
        if gone == 0:
            return ended, forgotten


async def take_down(memory: Memory, connection: AsyncConnection, look: Look) -> bool:
    """Take a look, which the unit of work has locked, off the board for good; False if it is gone.

    Its pictures are deleted at once.
    """
    await memory.storage.delete(_keys([look]))
    return await looks.hide(connection, look.id)


async def delete_look(memory: Memory, look_id: UUID) -> bool:
    """Delete a look with its pictures, hearts, scraps and reports; False if there is no such look."""
    async with memory.database.begin() as connection:
        look = await looks.lock(connection, look_id)
        if look is None:
            return False
        await memory.storage.delete(_keys([look]))
        await looks.delete(connection, look_id)
        return True


async def forget(memory: Memory, person_id: UUID) -> bool:
    """Delete a person and everything of theirs; False if there is no such person.

    Meanwhile nothing new of theirs can be written: whoever tries waits, and then meets `PersonGone`.

    Raises:
        StorageUnavailable: the pictures cannot be reached, and so nobody was forgotten; try again.
    """
    async with memory.database.begin() as connection:
        if not await people.lock(connection, person_id):
            return False
        found = await pictures.of_person(connection, person_id)
        await memory.storage.delete([key for photo, cam in found for key in _with_derived(photo, cam)])
        chats = [chat_lock(each.provider, each.subject) for each in await people.identities_of(connection, person_id)]
        await queue.cancel(connection, chats)
        await people.remove(connection, person_id)
    return True


async def _sweep_task(context: JobContext, timestamp: int) -> None:
    swept = await sweep(context.additional_context["memory"])
    log.info("swept", looks=swept)


async def _tidy_task(context: JobContext, timestamp: int) -> None:
    ended, forgotten = await tidy(context.additional_context["memory"])
    log.info("tidied", sessions=ended, visitors=forgotten)


async def _forget_task(context: JobContext, person_id: str) -> None:
    await forget(context.additional_context["memory"], UUID(person_id))


def _keys(chosen: Iterable[Look]) -> list[str]:
    pictures = [(look.photo_key, look.cam_key) for look in chosen]
    return [key for photo, cam in pictures if photo and cam for key in _with_derived(photo, cam)]


def _with_derived(photo_key: str, cam_key: str) -> list[str]:
    return [photo_key, cam_key, *derived_keys(photo_key)]
