"""Accounts: how logins become somebody's, two people become one, and a browser becomes a person's for a while.

A login is an identity like any other. A session is one too: a browser's own key (`Provider.WEB`), so it ends as soon
as the identity is deleted, whatever cookie the browser still shows.
"""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import account_merge, people
from core.db.people import Identity
from core.db.schema import IdentityProvider
from core.errors import PersonNotFoundError

MAX_LOOKUPS = 5
"""How often a login is looked up again that became another person's meanwhile."""

LOGIN_METHODS: dict[str, tuple[IdentityProvider, ...]] = {
    "kakao": (IdentityProvider.KAKAO_LOGIN, IdentityProvider.KAKAO),
    "telegram": (IdentityProvider.TELEGRAM,),
    "facebook": (IdentityProvider.FACEBOOK,),
}
"""What a person takes for one login, and the identities that belong to it: Kakao's chatbot tells whose login it
talks to, so the two are connected and disconnected together."""


async def link_or_merge(
    connection: AsyncConnection, visitor_id: UUID | None, provider: IdentityProvider, subject: str, *, language: str
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
        PersonNotFoundError: the visitor was forgotten this moment.
    """
    for _ in range(MAX_LOOKUPS):
        found = await people.get_identity(connection, provider, subject)
        if found is None and visitor_id is None:
            return (await people.get_or_create_by_identity(connection, provider, subject, language=language)).id
        if found is None and visitor_id is not None:
            if await people.add_identity(connection, visitor_id, provider, subject):
                return visitor_id
        elif found is not None:
            if visitor_id in {None, found.person_id}:
                return found.person_id
            if visitor_id is not None and await account_merge.merge_people(
                connection, source=visitor_id, target=found.person_id
            ):
                return found.person_id
            if visitor_id is not None and await people.get(connection, visitor_id) is None:
                # Somebody else merged or forgot them since they came.
                visitor_id = None
    raise PersonNotFoundError


async def start_session(
    connection: AsyncConnection, person_id: UUID, session_key: str, *, replaces: str | None
) -> None:
    """Make a browser a person's.

    Args:
        connection: the unit of work.
        person_id: whose.
        key: a new one: whoever knew the browser's key before must not know this one.
        instead_of: the browser's key until now, which is nobody's from now on.

    Raises:
        PersonNotFoundError: the person was forgotten this moment.
    """
    if replaces is not None:
        await end_session(connection, replaces)
    await people.add_identity(connection, person_id, IdentityProvider.WEB, session_key)


async def end_session(connection: AsyncConnection, session_key: str) -> None:
    """Make a browser nobody's."""
    await people.delete_identity(connection, IdentityProvider.WEB, session_key)


async def end_all_sessions(connection: AsyncConnection, person_id: UUID) -> None:
    """Make all browsers of a person nobody's."""
    await people.delete_identities(connection, person_id, (IdentityProvider.WEB,))


def linked_logins(identities: list[Identity]) -> dict[str, Identity]:
    """The logins that somebody has, by the names in `WAYS`, each with the identity that came first."""
    return {
        way: first
        for way, providers in LOGIN_METHODS.items()
        if (first := next((each for each in identities if each.provider in providers), None)) is not None
    }


async def unlink_login(connection: AsyncConnection, person_id: UUID, login_method: str) -> None:
    """Take a login, one of `WAYS`, from a person; whoever comes with it next is somebody new."""
    await people.delete_identities(connection, person_id, LOGIN_METHODS[login_method])


async def revoke_login(connection: AsyncConnection, provider: IdentityProvider, subject: str) -> UUID | None:
    """Take a login from whoever has it, because its provider says that it is over; their sessions end.

    Returns:
        Somebody whom nothing but that login led to, and who is now to be forgotten; None if there is nobody to forget.
    """
    found = await people.get_identity(connection, provider, subject)
    if found is None or not await people.lock(connection, found.person_id):
        return None
    await people.delete_identity(connection, provider, subject)
    await end_all_sessions(connection, found.person_id)
    return None if await people.list_identities(connection, found.person_id) else found.person_id
