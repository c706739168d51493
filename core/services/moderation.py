"""Actions of moderators: each is one transaction, together with its entry in the moderation log.

Everything else about moderation is a rule of the database (the third report suspends a look) or of the site (access).
"""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import looks, moderation, people, person_reports, queued_updates
from core.db.identities import list_identities
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import ModerationAction
from core.errors import LookNotFoundError, PersonNotFoundError
from core.resources import Resources
from core.services.deletion import remove_from_board


async def is_admin(connection: AsyncConnection, admins: tuple[str, ...], person_id: UUID) -> bool:
    """Whether one of a person's identities, as `provider:subject`, is among the configured admins."""
    identities = await list_identities(connection, person_id)
    return any(f"{identity.provider}:{identity.subject}" in admins for identity in identities)


async def remove_look(resources: Resources, moderator_id: UUID, look_id: UUID) -> None:
    """Remove a look from the leaderboard for good and delete its images.

    Raises:
        LookNotFoundError: it does not exist, is not shared, or was removed before.
        StorageUnavailableError: its images cannot be deleted, and so nothing was done.
    """
    async with resources.database.transaction() as connection:
        look, _ = await _lock_look_and_owner(connection, moderator_id, look_id)
        await remove_from_board(resources, connection, look)
        await moderation.resolve_reports(connection, look_id)
        await moderation.record_action(
            connection, ModerationAction.HIDE, moderator_id, look_id=look_id, person_id=look.person_id
        )


async def restore_look(resources: Resources, moderator_id: UUID, look_id: UUID) -> None:
    """Dismiss the reports of a look, and show it again unless its owner is banned.

    Raises:
        LookNotFoundError: it does not exist, is not shared, or was removed.
    """
    async with resources.database.transaction() as connection:
        look, owner = await _lock_look_and_owner(connection, moderator_id, look_id)
        await moderation.resolve_reports(connection, look_id)
        await moderation.release(connection, look_id, is_owner_banned=owner.banned_at is not None)
        await moderation.record_action(
            connection, ModerationAction.RESTORE, moderator_id, look_id=look_id, person_id=look.person_id
        )


async def ban_person(resources: Resources, moderator_id: UUID, person_id: UUID) -> None:
    """Remove all of a person's looks from the leaderboard, and prevent further sharing.

    Raises:
        PersonNotFoundError: the person was erased.
    """
    async with resources.database.transaction() as connection:
        await _lock_people(connection, moderator_id, person_id)
        await person_reports.resolve(connection, person_id)
        if await moderation.mark_banned(connection, person_id):
            await moderation.record_action(connection, ModerationAction.BAN, moderator_id, person_id=person_id)


async def unban_person(resources: Resources, moderator_id: UUID, person_id: UUID) -> None:
    """Lift a ban.

    Raises:
        PersonNotFoundError: the person was erased.
    """
    async with resources.database.transaction() as connection:
        await _lock_people(connection, moderator_id, person_id)
        if await moderation.mark_unbanned(connection, person_id):
            await moderation.record_action(connection, ModerationAction.UNBAN, moderator_id, person_id=person_id)


async def dismiss_reports(resources: Resources, moderator_id: UUID, person_id: UUID) -> None:
    """Find the reports of a person groundless.

    Raises:
        PersonNotFoundError: the person was erased.
    """
    async with resources.database.transaction() as connection:
        await _lock_people(connection, moderator_id, person_id)
        if await person_reports.resolve(connection, person_id):
            await moderation.record_action(connection, ModerationAction.DISMISS, moderator_id, person_id=person_id)


async def retry_updates(resources: Resources, moderator_id: UUID) -> None:
    """Let the worker process failed updates again.

    Raises:
        PersonNotFoundError: the moderator was erased.
    """
    async with resources.database.transaction() as connection:
        await _lock_people(connection, moderator_id, moderator_id)
        if await queued_updates.retry_failed(connection):
            await moderation.record_action(connection, ModerationAction.RETRY, moderator_id)


async def _lock_people(connection: AsyncConnection, moderator_id: UUID, person_id: UUID) -> None:
    if await people.lock(connection, moderator_id, person_id) != {moderator_id, person_id}:
        raise PersonNotFoundError


async def _lock_look_and_owner(connection: AsyncConnection, moderator_id: UUID, look_id: UUID) -> tuple[Look, Person]:
    """Lock a shared look, its owner and the moderator, in the order that avoids deadlocks: people first."""
    unlocked = await looks.get(connection, look_id)
    if unlocked is None:
        raise LookNotFoundError
    if moderator_id not in await people.lock(connection, moderator_id, unlocked.person_id):
        raise PersonNotFoundError
    look, owner = await looks.lock(connection, look_id), await people.get(connection, unlocked.person_id)
    if look is None or owner is None or look.person_id != owner.id:
        raise LookNotFoundError
    if look.shared_at is None or look.removed_at is not None:
        raise LookNotFoundError
    return look, owner
