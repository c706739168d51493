"""Who visits: a person whom Eva knows by a signed cookie, made when they first do something, never for reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.db import people
from core.db.tables import Provider
from leaderboard_web.pages import language_of

if TYPE_CHECKING:
    from uuid import UUID

    from fastapi import Request, Response
    from sqlalchemy.ext.asyncio import AsyncConnection

    from core.db.engine import Database
    from core.visitors import Visitors

__all__ = ["VISITOR_COOKIE", "Guests"]

VISITOR_COOKIE = "visitor"
A_YEAR = 365 * 24 * 60 * 60


class Guests:
    """Knows visitors again."""

    def __init__(self, database: Database, visitors: Visitors) -> None:
        self.database, self._visitors = database, visitors

    async def known(self, connection: AsyncConnection, request: Request) -> UUID | None:
        """Who this is, if they have been here before and done something."""
        key = self._visitors.key_of(request.cookies.get(VISITOR_COOKIE))
        if key is None:
            return None
        found = await people.identity_of(connection, Provider.WEB, key)
        return None if found is None else found.person_id

    def token_for(self, request: Request) -> str:
        """The token of whoever this is; a new one at the first time."""
        token = request.cookies.get(VISITOR_COOKIE)
        return token if token and self._visitors.key_of(token) else self._visitors.new()

    async def meet(self, connection: AsyncConnection, request: Request, token: str) -> UUID:
        """The person with this token.

        Raises:
            PersonGone: they were forgotten this moment.
        """
        key = self._visitors.key_of(token) or ""
        return (await people.meet(connection, Provider.WEB, key, language=language_of(request))).id

    def remember(self, request: Request, response: Response, token: str) -> None:
        """Leave the token with the browser."""
        response.set_cookie(
            VISITOR_COOKIE,
            token,
            max_age=A_YEAR,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
