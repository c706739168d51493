"""The signed cookie of a started login. It is valid in the browser that has started the login, and only there.

Over https, the prefix of its name keeps others from planting it. It also names the browser's session, so that the
cookie of one visitor is worth nothing in the browser of another one.
"""

import hashlib
import hmac
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.middleware.sessions import SessionMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from leaderboard_web.cookies import LOGIN_COOKIE, LOGIN_PATH, cookie_name
from leaderboard_web.dependencies import Viewer
from leaderboard_web.sessions import ViewerSession

LOGIN_SESSION_MAX_AGE = 60 * 60
"""Seconds that a login may take."""
SESSION_KEY_CONTEXT = b"eva login 1"
"""Separates the key of the login cookie from other keys that are derived from the same secret."""
SessionData = dict[str, Any]
"""What a login session contains; changes are sent with the response."""
BROWSER_KEY = "browser"
"""Key in the login session of the browser that has started the login."""


class LoginSessionMiddleware:
    """ASGI middleware that reads and writes the cookie for the pages under `/login`."""

    def __init__(self, app: ASGIApp, *, secret: bytes, is_https: bool) -> None:
        """Wrap an application.

        Args:
            app: receives the requests.
            secret: the secret key, from which that of the cookie is derived.
            is_https: whether the public URL is one of https.
        """
        key = hmac.new(secret, SESSION_KEY_CONTEXT, "sha256").hexdigest()

        def create(*, is_secure: bool) -> SessionMiddleware:
            return SessionMiddleware(
                app,
                secret_key=key,
                session_cookie=cookie_name(LOGIN_COOKIE, is_secure=is_secure),
                path="/" if is_secure else LOGIN_PATH,
                max_age=LOGIN_SESSION_MAX_AGE,
                same_site="lax",
                https_only=is_secure,
            )

        self._app, self._is_https = app, is_https
        self._plain, self._secure = create(is_secure=False), create(is_secure=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        app = self._app
        if scope["type"] == "http" and scope["path"].startswith(LOGIN_PATH):
            app = self._secure if self._is_https or scope["scheme"] == "https" else self._plain
        await app(scope, receive, send)


async def get_login_session(request: Request, viewer: Viewer) -> SessionData:
    """The login that this browser has started; emptied if it was started in another one."""
    session: SessionData = request.session
    if session and not hmac.compare_digest(str(session.get(BROWSER_KEY)), _browser_fingerprint(viewer)):
        session.clear()
    return session


LoginSession = Annotated[SessionData, Depends(get_login_session)]


def bind_to_browser(session: SessionData, viewer: ViewerSession) -> None:
    """Make a login session valid in this browser only; to be called by whatever starts a login."""
    session[BROWSER_KEY] = _browser_fingerprint(viewer)


def _browser_fingerprint(viewer: ViewerSession) -> str:
    """The browser's session as a hash; one value for all browsers that have no session yet."""
    return hashlib.sha256((viewer.key or "").encode()).hexdigest()
