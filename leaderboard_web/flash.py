"""Chat messages for the page after a form, in a signed cookie that lives for two minutes.

The signature names the browser's session, so that the messages of another conversation cannot be planted.
"""

from collections.abc import Sequence

from fastapi import Request, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer

from leaderboard_web.chat_view import ChatLine
from leaderboard_web.cookies import FLASH_COOKIE, FLASH_COOKIE_PATH, cookie_name, delete_cookie
from leaderboard_web.viewer import ViewerSession

MAX_AGE = 120
"""Seconds."""
SALT = "eva flash 4"
"""Separates these signatures from others of the same key."""


class FlashMessages:
    """Messages that are stored nowhere else and shown once, by the browser that has the cookie."""

    def __init__(self, secret: bytes) -> None:
        """Take the signing key, without which messages cannot be forged."""
        self._secret = secret

    def write(self, response: Response, viewer: ViewerSession, lines: Sequence[ChatLine]) -> None:
        """Send messages to the browser of a viewer."""
        response.set_cookie(
            cookie_name(FLASH_COOKIE, is_secure=viewer.is_secure),
            self._serializer(viewer).dumps([(line.sender, line.text, line.urls, line.asks_to_learn) for line in lines]),
            max_age=MAX_AGE,
            path="/" if viewer.is_secure else FLASH_COOKIE_PATH,
            httponly=True,
            samesite="lax",
            secure=viewer.is_secure,
        )

    def read(self, request: Request, viewer: ViewerSession) -> list[ChatLine]:
        """The messages of the viewer's browser; an empty list without a valid cookie."""
        cookie = request.cookies.get(cookie_name(FLASH_COOKIE, is_secure=viewer.is_secure), "")
        try:
            lines = self._serializer(viewer).loads(cookie, max_age=MAX_AGE)
        except BadSignature:
            return []
        return [
            ChatLine(sender=sender, text=text, urls=tuple(urls), asks_to_learn=asks_to_learn)
            for sender, text, urls, asks_to_learn in lines
        ]

    def clear(self, request: Request, response: Response, viewer: ViewerSession) -> None:
        """Remove messages that were shown."""
        if cookie_name(FLASH_COOKIE, is_secure=viewer.is_secure) in request.cookies:
            delete_cookie(response, FLASH_COOKIE, path=FLASH_COOKIE_PATH)

    def _serializer(self, viewer: ViewerSession) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self._secret, salt=f"{SALT} {viewer.key}")
