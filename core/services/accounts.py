"""Accounts: adding logins to a person, merging two people, and browser sessions.

A login is an identity of a person. So is a session: the browser's own key under `IdentityProvider.WEB`. It ends as soon
as that identity is deleted, even if the browser still sends the cookie.
"""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import account_merge, one_time_tokens, people
from core.db.identities import (
    Identity,
    create_identity,
    delete_identities,
    delete_identity,
    get_identity,
    list_identities,
)
from core.db.schema import IdentityProvider
from core.errors import PersonNotFoundError
from core.i18n.translations import Language

MAX_LOOKUPS = 5
"""Attempts to resolve a login that concurrent merges keep moving to another person."""

LOGIN_METHODS: dict[str, tuple[IdentityProvider, ...]] = {
    "kakao": (IdentityProvider.KAKAO_LOGIN, IdentityProvider.KAKAO),
    "telegram": (IdentityProvider.TELEGRAM,),
    "facebook": (IdentityProvider.FACEBOOK,),
}
"""Login methods as shown to people, each with its identities. Kakao's chatbot names the login of the person it talks
to, so the two are linked and unlinked together."""


async def link_or_merge(
    connection: AsyncConnection,
    visitor_id: UUID | None,
    provider: IdentityProvider,
    subject: str,
    *,
    language: Language,
) -> UUID:
    """Resolve a verified login to a person, and make the visitor that person.

    An unknown login is added to the visitor, or to a new person. A login of another person merges the two: the visitor
    is proved by the session and the other person by the login.

    Args:
        connection: a transaction.
        visitor_id: the person of the current session, if any.
        provider: who verified the login.
        subject: the provider's id of the person.
        language: of a new person.

    Returns:
        The person's id.

    Raises:
        PersonNotFoundError: the visitor was erased meanwhile.
    """
    for _ in range(MAX_LOOKUPS):
        identity = await get_identity(connection, provider, subject)
        if identity is None:
            if visitor_id is None:
                return (await people.get_or_create_by_identity(connection, provider, subject, language=language)).id
            if await create_identity(connection, visitor_id, provider, subject):
                return visitor_id
        elif visitor_id in {None, identity.person_id}:
            return identity.person_id
        else:
            if await account_merge.merge_people(connection, source=visitor_id, target=identity.person_id):
                return identity.person_id
            if await people.get(connection, visitor_id) is None:
                # Merged or erased by a concurrent request.
                visitor_id = None
    raise PersonNotFoundError


async def start_session(
    connection: AsyncConnection, person_id: UUID, session_key: str, *, replaces: str | None
) -> None:
    """Start a browser session of a person.

    Args:
        connection: a transaction.
        person_id: the person.
        session_key: a new key, so that a key known before the login gives no access.
        replaces: the browser's previous key, whose session ends.

    Raises:
        PersonNotFoundError: the person was erased meanwhile.
    """
    if replaces is not None:
        await end_session(connection, replaces)
    await create_identity(connection, person_id, IdentityProvider.WEB, session_key)


async def end_session(connection: AsyncConnection, session_key: str) -> None:
    """End one browser session."""
    await delete_identity(connection, IdentityProvider.WEB, session_key)


async def end_all_sessions(connection: AsyncConnection, person_id: UUID) -> None:
    """End all browser sessions of a person, and the links that would begin new ones."""
    await one_time_tokens.delete_login_tokens(connection, person_id)
    await delete_identities(connection, person_id, (IdentityProvider.WEB,))


def find_linked_logins(identities: list[Identity]) -> dict[str, Identity]:
    """The linked login methods by their names in `LOGIN_METHODS`, each with its oldest identity."""
    return {
        method: matching[0]
        for method, providers in LOGIN_METHODS.items()
        if (matching := [identity for identity in identities if identity.provider in providers])
    }


def get_login_method(provider: IdentityProvider) -> str:
    """The name in `LOGIN_METHODS` of the method that an identity belongs to.

    Raises:
        KeyError: it is no login.
    """
    for method, providers in LOGIN_METHODS.items():
        if provider in providers:
            return method
    raise KeyError(provider)


async def unlink_login(connection: AsyncConnection, person_id: UUID, login_method: str) -> None:
    """Remove a login method, a key of `LOGIN_METHODS`, from a person; its next use creates a new person.

    Login links end as well, since the chat of this method may have them.
    """
    await one_time_tokens.delete_login_tokens(connection, person_id)
    await delete_identities(connection, person_id, LOGIN_METHODS[login_method])


async def revoke_login(connection: AsyncConnection, provider: IdentityProvider, subject: str) -> UUID | None:
    """Remove a login that its provider has revoked, and end the person's sessions.

    Returns:
        The id of a person who has no login left and must be erased; None otherwise.
    """
    identity = await get_identity(connection, provider, subject)
    while identity is not None and not await people.lock(connection, identity.person_id):
        # A concurrent merge gave it to another person, or it was erased.
        identity = await get_identity(connection, provider, subject)
    if identity is None:
        return None
    await delete_identity(connection, provider, subject)
    await end_all_sessions(connection, identity.person_id)
    return None if await list_identities(connection, identity.person_id) else identity.person_id
