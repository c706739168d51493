"""Chat messages for the page after a form, in a signed cookie that lives for two minutes."""

from collections.abc import Sequence

from fastapi import Request, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer

from leaderboard_web.chat_view import ChatLine

COOKIE = "flash"
COOKIE_PATH = "/try"
MAX_AGE = 120
"""Seconds."""
SALT = b"eva flash 1"
"""Separates these signatures from others of the same key."""


class FlashMessages:
    """Messages that are stored nowhere else and shown once, by the browser that has the cookie."""

    def __init__(self, secret: bytes) -> None:
        """Take the signing key, without which messages cannot be forged."""
        self._serializer = URLSafeTimedSerializer(secret, salt=SALT)

    def write(self, response: Response, lines: Sequence[ChatLine]) -> None:
        """Send messages to the browser."""
        value = self._serializer.dumps([(line.sender, line.text) for line in lines])
        response.set_cookie(COOKIE, value, max_age=MAX_AGE, path=COOKIE_PATH, httponly=True, samesite="lax")

    def read(self, request: Request) -> list[ChatLine]:
        """The messages of the browser; an empty list without a valid cookie."""
        try:
            lines = self._serializer.loads(request.cookies.get(COOKIE, ""), max_age=MAX_AGE)
        except BadSignature:
            return []
        return [ChatLine(sender=sender, text=text) for sender, text in lines]

    def clear(self, request: Request, response: Response) -> None:
        """Remove messages that were shown."""
        if COOKIE in request.cookies:
            response.delete_cookie(COOKIE, path=COOKIE_PATH, httponly=True, samesite="lax")
