"""What moderators do with looks and people: each act is one unit of work, with its entry in the log.

Everything else about moderation is a rule of the database (the third report holds a look) or of the site (who may).
"""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import looks, moderation, people
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import ModerationAction
from core.errors import LookNotFoundError, PersonNotFoundError
from core.resources import Resources
from core.services.retention import remove_from_board


async def is_admin(connection: AsyncConnection, admins: tuple[str, ...], person_id: UUID) -> bool:
    """Whether a person may moderate: one of their identities is among these, as `provider:subject`."""
    known = await people.list_identities(connection, person_id)
    return any(f"{each.provider}:{each.subject}" in admins for each in known)


async def remove_look(resources: Resources, moderator_id: UUID, look_id: UUID) -> None:
    """Take a look off the board for good and delete its pictures at once.

    Raises:
        LookNotFoundError: it is gone, or hidden already.
        StorageUnavailableError: its pictures cannot be reached, so nothing was done.
    """
    async with resources.database.transaction() as connection:
        look, _ = await _lock_look_and_owner(connection, moderator_id, look_id)
        await remove_from_board(resources, connection, look)
        await moderation.resolve_reports(connection, look_id, release=False)
        await moderation.log_action(
            connection, ModerationAction.HIDE, moderator_id, look_id=look_id, person_id=look.person_id
        )


async def restore_look(resources: Resources, moderator_id: UUID, look_id: UUID) -> None:
    """Find nothing wrong with a look: its reports are seen, and it is back on the board unless its owner is banned.

    Raises:
        LookNotFoundError: it is gone or hidden.
    """
    async with resources.database.transaction() as connection:
        look, owner = await _lock_look_and_owner(connection, moderator_id, look_id)
        await moderation.resolve_reports(connection, look_id, release=owner.banned_at is None)
        await moderation.log_action(
            connection, ModerationAction.RESTORE, moderator_id, look_id=look_id, person_id=look.person_id
        )


async def ban_person(resources: Resources, moderator_id: UUID, person_id: UUID) -> None:
    """Take all of a person's looks off the board, and let them share none.

    Raises:
        PersonNotFoundError: they were forgotten.
    """
    async with resources.database.transaction() as connection:
        await _lock_people(connection, moderator_id, person_id)
        if await moderation.ban(connection, person_id):
            await moderation.log_action(connection, ModerationAction.BAN, moderator_id, person_id=person_id)


async def unban_person(resources: Resources, moderator_id: UUID, person_id: UUID) -> None:
    """Take a ban back.

    Raises:
        PersonNotFoundError: they were forgotten.
    """
    async with resources.database.transaction() as connection:
        await _lock_people(connection, moderator_id, person_id)
        if await moderation.unban(connection, person_id):
            await moderation.log_action(connection, ModerationAction.UNBAN, moderator_id, person_id=person_id)


async def _lock_people(connection: AsyncConnection, moderator_id: UUID, person_id: UUID) -> None:
    if await moderation.lock_people(connection, moderator_id, person_id) != {moderator_id, person_id}:
        raise PersonNotFoundError


async def _lock_look_and_owner(connection: AsyncConnection, moderator_id: UUID, look_id: UUID) -> tuple[Look, Person]:
    """A look and its owner, both locked, and the moderator with them."""
    seen = await looks.get(connection, look_id)
    if seen is None:
        raise LookNotFoundError
    if moderator_id not in await moderation.lock_people(connection, moderator_id, seen.person_id):
        raise PersonNotFoundError
    look, owner = await looks.lock(connection, look_id), await people.get(connection, seen.person_id)
    if look is None or owner is None or look.person_id != owner.id or look.removed_at is not None:
        raise LookNotFoundError
    return look, owner
