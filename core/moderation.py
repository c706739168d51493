"""What moderators do with looks and people: each act is one unit of work, with its entry in the log.

Everything else about moderation is a rule of the database (the third report holds a look) or of the site (who may).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.db import looks, moderation, people
from core.db.tables import Act
from core.errors import LookGone, PersonGone
from core.retention import take_down

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncConnection

    from core.db.looks import Look
    from core.db.people import Person
    from core.memory import Memory

__all__ = ["ban", "hide", "is_admin", "restore", "unban"]


async def is_admin(connection: AsyncConnection, admins: tuple[str, ...], person_id: UUID) -> bool:
    """Whether a person may moderate: one of their identities is among these, as `provider:subject`."""
    known = await people.identities_of(connection, person_id)
    return any(f"{each.provider}:{each.subject}" in admins for each in known)


async def hide(memory: Memory, moderator_id: UUID, look_id: UUID) -> None:
    """Take a look off the board for good and delete its pictures at once.

    Raises:
        LookGone: it is gone, or hidden already.
        StorageUnavailable: its pictures cannot be reached, so nothing was done.
    """
    async with memory.database.begin() as connection:
        look, _ = await _locked(connection, moderator_id, look_id)
        await take_down(memory, connection, look)
        await moderation.settle(connection, look_id, release=False)
        await moderation.note(connection, Act.HIDE, moderator_id, look_id=look_id, person_id=look.person_id)


async def restore(memory: Memory, moderator_id: UUID, look_id: UUID) -> None:
    """Find nothing wrong with a look: its reports are seen, and it is back on the board unless its owner is banned.

    Raises:
        LookGone: it is gone or hidden.
    """
    async with memory.database.begin() as connection:
        look, owner = await _locked(connection, moderator_id, look_id)
        await moderation.settle(connection, look_id, release=owner.banned_at is None)
        await moderation.note(connection, Act.RESTORE, moderator_id, look_id=look_id, person_id=look.person_id)


async def ban(memory: Memory, moderator_id: UUID, person_id: UUID) -> None:
    """Take all of a person's looks off the board, and let them share none.

    Raises:
        PersonGone: they were forgotten.
    """
    async with memory.database.begin() as connection:
        await _lock(connection, moderator_id, person_id)
        if await moderation.ban(connection, person_id):
            await moderation.note(connection, Act.BAN, moderator_id, person_id=person_id)


async def unban(memory: Memory, moderator_id: UUID, person_id: UUID) -> None:
    """Take a ban back.

    Raises:
        PersonGone: they were forgotten.
    """
    async with memory.database.begin() as connection:
        await _lock(connection, moderator_id, person_id)
        if await moderation.unban(connection, person_id):
            await moderation.note(connection, Act.UNBAN, moderator_id, person_id=person_id)


async def _lock(connection: AsyncConnection, moderator_id: UUID, person_id: UUID) -> None:
    if await moderation.lock(connection, moderator_id, person_id) != {moderator_id, person_id}:
        raise PersonGone


async def _locked(connection: AsyncConnection, moderator_id: UUID, look_id: UUID) -> tuple[Look, Person]:
    """A look and its owner, both locked, and the moderator with them."""
    seen = await looks.get(connection, look_id)
    if seen is None:
        raise LookGone
    if moderator_id not in await moderation.lock(connection, moderator_id, seen.person_id):
        raise PersonGone
    look, owner = await looks.lock(connection, look_id), await people.get(connection, seen.person_id)
    if look is None or owner is None or look.person_id != owner.id or look.hidden_at is not None:
        raise LookGone
    return look, owner
