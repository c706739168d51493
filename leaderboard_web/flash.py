"""What was just said and is kept nowhere, for the page that comes after a form: in a signed cookie, for two minutes."""

from collections.abc import Sequence

from fastapi import Request, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer

from leaderboard_web.chat_view import ChatLine

COOKIE = "said"
COOKIE_PATH = "/try"
MAX_AGE = 120
"""Seconds."""
SALT = b"eva said 1"
"""Keeps these signatures apart from whatever else the same key may sign."""


class FlashMessages:
    """Lines for the next page of the conversation. They are shown once, and only to the browser that has the cookie."""

    def __init__(self, secret: bytes) -> None:
        """Take the key that signs, so that nobody puts words into Eva's mouth."""
        self._serializer = URLSafeTimedSerializer(secret, salt=SALT)

    def write(self, response: Response, lines: Sequence[ChatLine]) -> None:
        """Leave some lines with the browser."""
        kept = self._serializer.dumps([(line.sender, line.text) for line in lines])
        response.set_cookie(COOKIE, kept, max_age=MAX_AGE, path=COOKIE_PATH, httponly=True, samesite="lax")

    def read(self, request: Request) -> list[ChatLine]:
        """The lines that were left; none where there are none, they are too old, or somebody else wrote them."""
        try:
            kept = self._serializer.loads(request.cookies.get(COOKIE, ""), max_age=MAX_AGE)
        except BadSignature:
            return []
        return [ChatLine(sender=who, text=text) for who, text in kept]

    def clear(self, request: Request, response: Response) -> None:
        """They were shown."""
        if COOKIE in request.cookies:
            response.delete_cookie(COOKIE, path=COOKIE_PATH, httponly=True, samesite="lax")
