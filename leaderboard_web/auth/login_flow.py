"""What all logins share: the signed cookie of a started login, the path to continue with, and the new session."""

import hmac
import re
from dataclasses import dataclass
from datetime import timedelta

from fastapi import Response
from fastapi.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware

from core.db import one_time_tokens
from core.db.schema import IdentityProvider
from core.errors import LoginRejectedError
from core.i18n.translations import Language
from core.services import accounts
from core.settings import Settings
from core.signing import load_secret_key
from leaderboard_web.dependencies import AppState
from leaderboard_web.redirects import redirect_with_notice
from leaderboard_web.sessions import ViewerSession

LOGIN_PATH = "/login"
SESSION_KEY_CONTEXT = b"eva login 1"
"""Separates the key of the login cookie from other keys that are derived from the same secret."""
LOGIN_SESSION_MAX_AGE = 60 * 60
"""Seconds that a login may take."""
DEFAULT_NEXT_PATH = "/me"
"""Where a login leads if nothing else was requested."""
MAX_PATH_LENGTH = 500
LOCAL_PATH = re.compile(r"/(?![/\\])[A-Za-z0-9\-._~!$&'()*+,;=:@%/?]*")
"""A path and a query in URL characters. Two slashes would start a host name, and so would a backslash, which browsers
treat as a slash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleUseProof:
    """A proof of identity that is accepted once."""

    text: str
    """Identifies the proof."""
    lifetime: timedelta
    """How long the proof would be valid."""


def login_session_middleware(settings: Settings) -> Middleware:
    """The signed cookie of a started login, which browsers send to the login pages alone."""
    return Middleware(
        SessionMiddleware,
        secret_key=hmac.new(load_secret_key(settings), SESSION_KEY_CONTEXT, "sha256").hexdigest(),
        session_cookie="login",
        path=LOGIN_PATH,
        max_age=LOGIN_SESSION_MAX_AGE,
        same_site="lax",
        https_only=settings.is_https,
    )


def safe_next_path(requested: str | None, default: str = DEFAULT_NEXT_PATH) -> str:
    """The requested path if it is on this site, else the default: a login never redirects to another site."""
    if not requested or len(requested) > MAX_PATH_LENGTH or "\\" in requested or not LOCAL_PATH.fullmatch(requested):
        return default
    return requested


async def complete_login(
    state: AppState,
    viewer: ViewerSession,
    provider: IdentityProvider,
    subject: str,
    *,
    language: Language,
    next_path: str,
    proof: SingleUseProof | None = None,
) -> Response:
    """Log the browser in as the person of a verified identity, merged with the anonymous visitor of the browser.

    Args:
        state: of the application.
        viewer: session of the browser.
        provider: who verified the identity.
        subject: the provider's id of the person.
        language: of a new person.
        next_path: path on this site to continue with.
        proof: a proof that may not be used a second time.

    Raises:
        LoginRejectedError: the proof was used before.
        PersonNotFoundError: the person was erased in this moment.
    """
    async with state.resources.database.transaction() as connection:
        visitor_id = await viewer.get_person_id(connection)
        person_id = await accounts.link_or_merge(connection, visitor_id, provider, subject, language=language)
        if proof is not None and not await one_time_tokens.record_used_proof(
            connection, proof.text, person_id, lifetime=proof.lifetime
        ):
            raise LoginRejectedError("proof used before")
        await viewer.start(connection, person_id)
    return redirect_with_session(viewer, next_path)


def redirect_with_session(viewer: ViewerSession, next_path: str) -> Response:
    """Send the browser its new session and redirect it."""
    response = redirect_with_notice(next_path)
    viewer.set_cookie(response)
    return response
