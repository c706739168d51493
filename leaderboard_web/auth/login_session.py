"""The signed cookie of a started login. It is valid in the browser that has started the login, and only there.

Over https, the prefix of its name keeps others from planting it. It also names the browser's session, so that the
cookie of one visitor is worth nothing in the browser of another one.
"""

import hashlib
import hmac
from typing import Annotated, Any

from fastapi import Depends
from starlette.middleware.sessions import SessionMiddleware
from starlette.types import Receive, Scope, Send

from leaderboard_web.cookies import LOGIN_COOKIE, LOGIN_PATH, cookie_name
from leaderboard_web.dependencies import AppState, Context
from leaderboard_web.urls import PageRoute
from leaderboard_web.viewer import ViewerSession

LOGIN_SESSION_MAX_AGE = 60 * 60
"""Seconds that a login may take."""
SESSION_KEY_CONTEXT = b"eva login 1"
"""Separates the key of the login cookie from other keys that are derived from the same secret."""
SessionData = dict[str, Any]
"""What a login session contains; changes are sent with the response."""
BROWSER_KEY = "browser"
"""Key in the login session of the browser that has started the login."""


class LoginRoute(PageRoute):
    """A page of the login, which reads the session from its cookie and writes it back."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        state: AppState = scope["app"].state.eva
        is_secure = state.settings.is_https or scope["scheme"] == "https"
        sessions = SessionMiddleware(
            super().handle,
            secret_key=state.login_key,
            session_cookie=cookie_name(LOGIN_COOKIE, is_secure=is_secure),
            path="/" if is_secure else LOGIN_PATH,
            max_age=LOGIN_SESSION_MAX_AGE,
            same_site="lax",
            https_only=is_secure,
        )
        await sessions(scope, receive, send)


def derive_login_key(secret: bytes) -> str:
    """The key that signs the cookie, derived from the secret key."""
    return hmac.new(secret, SESSION_KEY_CONTEXT, "sha256").hexdigest()


async def get_login_session(context: Context) -> SessionData:
    """The login that this browser has started; emptied if it was started in another one."""
    session: SessionData = context.request.session
    if session and not hmac.compare_digest(str(session.get(BROWSER_KEY)), _browser_fingerprint(context.viewer)):
        session.clear()
    return session


LoginSession = Annotated[SessionData, Depends(get_login_session)]


def bind_to_browser(session: SessionData, viewer: ViewerSession) -> None:
    """Make a login session valid in this browser only; to be called by whatever starts a login."""
    session[BROWSER_KEY] = _browser_fingerprint(viewer)


def _browser_fingerprint(viewer: ViewerSession) -> str:
    """The browser's session as a hash; one value for all browsers that have no session yet."""
    return hashlib.sha256(viewer.key.encode()).hexdigest()
