"""What was just said and is kept nowhere, for the page that comes after a form: in a signed cookie, for two minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from itsdangerous import BadSignature, URLSafeTimedSerializer

from leaderboard_web.conversation import Line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import Request, Response

__all__ = ["Notes"]

COOKIE = "said"
PATH = "/try"
LIFETIME = 120
"""Seconds."""
PURPOSE = b"eva said 1"
"""Keeps these signatures apart from whatever else the same key may sign."""


class Notes:
    """Lines for the next page of the conversation. They are shown once, and only to the browser that has the cookie."""

    def __init__(self, secret: bytes) -> None:
        """Take the key that signs, so that nobody puts words into Eva's mouth."""
        self._serializer = URLSafeTimedSerializer(secret, salt=PURPOSE)

    def leave(self, response: Response, lines: Sequence[Line]) -> None:
        """Leave some lines with the browser."""
        kept = self._serializer.dumps([(line.who, line.text) for line in lines])
        response.set_cookie(COOKIE, kept, max_age=LIFETIME, path=PATH, httponly=True, samesite="lax")

    def read(self, request: Request) -> list[Line]:
        """The lines that were left; none where there are none, they are too old, or somebody else wrote them."""
        try:
            kept = self._serializer.loads(request.cookies.get(COOKIE, ""), max_age=LIFETIME)
        except BadSignature:
            return []
        return [Line(who=who, text=text) for who, text in kept]

    def clear(self, request: Request, response: Response) -> None:
        """They were shown."""
        if COOKIE in request.cookies:
            response.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="lax")
