"""Accounts: how logins become somebody's, two people become one, and a browser becomes a person's for a while.

A login is an identity like any other. A session is one too: a browser's own key (`Provider.WEB`), so it ends as soon
as the identity is deleted, whatever cookie the browser still shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.db import merges, people
from core.db.tables import Provider
from core.errors import PersonGone

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncConnection

    from core.db.people import Identity

__all__ = ["WAYS", "connected", "disconnect", "enter", "join", "leave", "leave_everywhere", "revoke"]

TRIES = 5
"""How often a login is looked up again that became another person's meanwhile."""

WAYS: dict[str, tuple[Provider, ...]] = {
    "kakao": (Provider.KAKAO_LOGIN, Provider.KAKAO),
    "telegram": (Provider.TELEGRAM,),
    "facebook": (Provider.FACEBOOK,),
}
"""What a person takes for one login, and the identities that belong to it: Kakao's chatbot tells whose login it
talks to, so the two are connected and disconnected together."""


async def join(
    connection: AsyncConnection, visitor: UUID | None, provider: Provider, subject: str, *, language: str
) -> UUID:
    """The person to whom a proved login belongs, and to whom the visitor belongs from now on.

    A login that nobody has becomes the visitor's, or a new person's. One that is somebody else's makes the two one
    person: both were proved, the visitor by what they came with and the other by the login.

    Args:
        connection: the unit of work.
        visitor: who came, if anybody whom Eva knows.
        provider: who proved it.
        subject: the provider's id of the person.
        language: of a new person.

    Raises:
        PersonGone: the visitor was forgotten this moment.
    """
    for _ in range(TRIES):
        found = await people.identity_of(connection, provider, subject)
        if found is None and visitor is None:
            return (await people.meet(connection, provider, subject, language=language)).id
        if found is None and visitor is not None:
            if await people.link(connection, visitor, provider, subject):
                return visitor
        elif found is not None:
            if visitor in {None, found.person_id}:
                return found.person_id
            if visitor is not None and await merges.merge(connection, gone=visitor, into=found.person_id):
                return found.person_id
            if visitor is not None and await people.get(connection, visitor) is None:
                # Somebody else merged or forgot them since they came.
                visitor = None
    raise PersonGone


async def enter(connection: AsyncConnection, person_id: UUID, key: str, *, instead_of: str | None) -> None:
    """Make a browser a person's.

    Args:
        connection: the unit of work.
        person_id: whose.
        key: a new one: whoever knew the browser's key before must not know this one.
        instead_of: the browser's key until now, which is nobody's from now on.

    Raises:
        PersonGone: the person was forgotten this moment.
    """
    if instead_of is not None:
        await leave(connection, instead_of)
    await people.link(connection, person_id, Provider.WEB, key)


async def leave(connection: AsyncConnection, key: str) -> None:
    """Make a browser nobody's."""
    await people.unlink(connection, Provider.WEB, key)


async def leave_everywhere(connection: AsyncConnection, person_id: UUID) -> None:
    """Make all browsers of a person nobody's."""
    await people.unlink_all(connection, person_id, (Provider.WEB,))


def connected(identities: list[Identity]) -> dict[str, Identity]:
    """The logins that somebody has, by the names in `WAYS`, each with the identity that came first."""
    return {
        way: first
        for way, providers in WAYS.items()
        if (first := next((each for each in identities if each.provider in providers), None)) is not None
    }


async def disconnect(connection: AsyncConnection, person_id: UUID, way: str) -> None:
    """Take a login, one of `WAYS`, from a person; whoever comes with it next is somebody new."""
    await people.unlink_all(connection, person_id, WAYS[way])


async def revoke(connection: AsyncConnection, provider: Provider, subject: str) -> UUID | None:
    """Take a login from whoever has it, because its provider says that it is over; their sessions end.

    Returns:
        Somebody whom nothing but that login led to, and who is now to be forgotten; None if there is nobody to forget.
    """
    found = await people.identity_of(connection, provider, subject)
    if found is None or not await people.lock(connection, found.person_id):
        return None
    await people.unlink(connection, provider, subject)
    await leave_everywhere(connection, found.person_id)
    return None if await people.identities_of(connection, found.person_id) else found.person_id
