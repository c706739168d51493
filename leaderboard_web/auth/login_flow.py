"""What all logins share: the path to continue with, the new session, and the question before two people become one.

A browser whose visitor has nothing yet is logged in at once. Whatever a visitor has is joined with a login, or left
behind, only after the person has confirmed it: a login that an attacker has smuggled into the browser would otherwise
take the visitor's private looks with it.
"""

import re
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from uuid import UUID

from fastapi import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import account_merge, one_time_tokens
from core.db.identities import get_identity, list_identities
from core.db.one_time_tokens import TokenKind
from core.db.schema import IdentityProvider
from core.errors import LoginRejectedError
from core.services import accounts
from core.services.deletion import erase_person
from leaderboard_web.auth.login_session import SessionData, bind_to_browser
from leaderboard_web.dependencies import RequestContext
from leaderboard_web.redirects import redirect_with_notice
from leaderboard_web.urls import url_for
from leaderboard_web.viewer import ViewerSession

DEFAULT_NEXT_PATH = "/me"
"""Where a login leads if nothing else was requested."""
MAX_PATH_LENGTH = 500
LOCAL_PATH = re.compile(r"/(?![/\\])[A-Za-z0-9\-._~!$&'()*+,;=:@%/?]*")
"""A path and a query in URL characters. Two slashes would start a host name, and so would a backslash, which browsers
treat as a slash."""
CONFIRMATION_LIFETIME = timedelta(minutes=10)
"""How long a verified login waits for its confirmation."""
PENDING_KEY = "pending"
"""Key in the login session of the verified login that waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleUseProof:
    """A proof of identity that is accepted once."""

    text: str
    """Identifies the proof."""
    lifetime: timedelta
    """How long the proof would be valid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedLogin:
    """A login that its provider has verified."""

    provider: IdentityProvider
    subject: str
    """The provider's id of the person."""
    next_path: str
    """Path on this site to continue with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingLogin(VerifiedLogin):
    """A verified login that waits for the person's confirmation; it is accepted once."""

    id: str
    """A token of the person whom it logs in, or of the visitor for a new login: it ends with their sessions."""
    expires_at: float
    """Unix time in seconds."""


def safe_next_path(requested: str | None, default: str = DEFAULT_NEXT_PATH) -> str:
    """The requested path if it is on this site, else the default: a login never redirects to another site."""
    if not requested or len(requested) > MAX_PATH_LENGTH or "\\" in requested or not LOCAL_PATH.fullmatch(requested):
        return default
    return requested


def connected_path() -> str:
    """Where a login leads that is connected to others: the login page, which says so."""
    return url_for("login", query={"said": "connected"})


async def complete_login(
    context: RequestContext, session: SessionData, login: VerifiedLogin, *, proof: SingleUseProof | None = None
) -> Response:
    """Log the browser in as the person of a verified login, or ask first if its visitor has anything.

    Args:
        context: of the request.
        session: the login that the browser has started; it ends.
        login: the verified login.
        proof: a proof that may not be used a second time.

    Raises:
        LoginRejectedError: the proof was used before.
        PersonNotFoundError: the person was erased in this moment.
    """
    async with context.state.resources.database.transaction() as connection:
        visitor_id = await context.viewer.get_person_id(connection)
        identity = await get_identity(connection, login.provider, login.subject)
        is_own = identity is not None and identity.person_id == visitor_id
        if visitor_id is None or is_own or await _has_nothing(connection, visitor_id):
            person_id = await accounts.link_or_merge(
                connection, visitor_id, login.provider, login.subject, language=context.language
            )
            await _use_proof(connection, proof, person_id)
            await context.viewer.start(connection, person_id)
            question = None
        else:
            await _use_proof(connection, proof, visitor_id)
            question = await one_time_tokens.create(
                connection,
                visitor_id if identity is None else identity.person_id,
                lifetime=CONFIRMATION_LIFETIME,
                kind=TokenKind.PENDING_LOGIN,
            )
    session.clear()
    if question is None:
        return redirect_with_session(context.viewer, login.next_path)
    expires_at = time.time() + CONFIRMATION_LIFETIME.total_seconds()
    session[PENDING_KEY] = asdict(PendingLogin(**asdict(login), id=question, expires_at=expires_at))
    bind_to_browser(session, context.viewer)
    return redirect_with_notice(url_for("confirm_login"))


def get_pending_login(session: SessionData) -> PendingLogin:
    """The verified login of this browser that waits for its confirmation.

    Raises:
        LoginRejectedError: there is none, or it has waited too long.
    """
    stored = session.get(PENDING_KEY)
    if stored is None:
        raise LoginRejectedError("nothing to confirm")
    pending = PendingLogin(**stored | {"provider": IdentityProvider(stored["provider"])})
    if pending.expires_at < time.time():
        raise LoginRejectedError("confirmed too late")
    return pending


async def confirm_login(context: RequestContext, session: SessionData, *, joins: bool) -> Response:
    """Complete the login that waits. With `joins`, the visitor becomes one with the person of the login, else is left
    behind.

    Raises:
        LoginRejectedError: no login waits, it was completed before, or sessions were ended since.
        StorageUnavailableError: the images of a visitor cannot be deleted; nothing was done.
        PersonNotFoundError: one of the two was erased in this moment.
    """
    pending = get_pending_login(session)
    async with context.state.resources.database.connection() as connection:
        visitor_id = await context.viewer.get_person_id(connection)
        owner_id = await one_time_tokens.get_person_id(connection, pending.id, TokenKind.PENDING_LOGIN)
    if visitor_id is None or owner_id is None:
        raise LoginRejectedError("confirmed before, or logged out")
    is_erased = not joins and await erase_unreachable_visitor(context)
    async with context.state.resources.database.transaction() as connection:
        person_id = await accounts.link_or_merge(
            connection, visitor_id if joins else None, pending.provider, pending.subject, language=context.language
        )
        used = await one_time_tokens.consume(connection, pending.id, TokenKind.PENDING_LOGIN)
        if used is None and not (is_erased and owner_id == visitor_id):
            raise LoginRejectedError("confirmed in this moment")
        await context.viewer.start(connection, person_id)
    session.clear()
    follows_next_path = joins or pending.next_path != connected_path()
    return redirect_with_session(context.viewer, pending.next_path if follows_next_path else DEFAULT_NEXT_PATH)


async def cancel_login(context: RequestContext, session: SessionData) -> None:
    """Drop the login that waits, also for copies of its cookie."""
    with suppress(LoginRejectedError):
        pending = get_pending_login(session)
        async with context.state.resources.database.transaction() as connection:
            await one_time_tokens.consume(connection, pending.id, TokenKind.PENDING_LOGIN)
    session.clear()


async def erase_unreachable_visitor(context: RequestContext, *, unless: UUID | None = None) -> bool:
    """Erase the visitor whom a new login replaces, if nothing but this browser knows them: no login would be left to
    erase the data later.

    Returns:
        Whether they were erased.

    Raises:
        StorageUnavailableError: the images cannot be deleted; nothing was erased.
    """
    async with context.state.resources.database.connection() as connection:
        visitor_id = await context.viewer.get_person_id(connection)
        identities = [] if visitor_id is None else await list_identities(connection, visitor_id)
    if visitor_id is None or visitor_id == unless or len(identities) != 1:
        return False
    return await erase_person(context.state.resources, visitor_id, only_visitor=True)


def redirect_with_session(viewer: ViewerSession, next_path: str) -> Response:
    """Send the browser its new session and redirect it."""
    response = redirect_with_notice(next_path)
    viewer.set_cookie(response)
    return response


async def _has_nothing(connection: AsyncConnection, person_id: UUID) -> bool:
    """Whether a person has neither content nor a login."""
    identities = await list_identities(connection, person_id)
    has_login = any(identity.provider is not IdentityProvider.WEB for identity in identities)
    return not has_login and await account_merge.has_no_content(connection, person_id)


async def _use_proof(connection: AsyncConnection, proof: SingleUseProof | None, person_id: UUID) -> None:
    """Record that a proof was used.

    Raises:
        LoginRejectedError: it was used before.
    """
    if proof is not None and not await one_time_tokens.record_used_proof(
        connection, proof.text, person_id, lifetime=proof.lifetime
    ):
        raise LoginRejectedError("proof used before")
