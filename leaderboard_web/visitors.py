"""Who visits: a person whom Eva knows by a signed cookie, made when they first do something, never for reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core import accounts
from core.db import people, sessions
from core.db.tables import Provider
from leaderboard_web.pages import language_of

if TYPE_CHECKING:
    from uuid import UUID

    from fastapi import Request, Response
    from sqlalchemy.ext.asyncio import AsyncConnection

    from core.db.engine import Database
    from core.db.people import Person
    from core.visitors import Visitors

__all__ = ["SECURE_COOKIE", "VISITOR_COOKIE", "Guests"]

VISITOR_COOKIE = "visitor"
SECURE_COOKIE = f"__Host-{VISITOR_COOKIE}"
"""Its name over https: browsers take it from this host alone, and no page of a neighbouring one can plant it."""
A_YEAR = 365 * 24 * 60 * 60


class Guests:
    """Knows visitors again."""

    def __init__(self, database: Database, visitors: Visitors, *, https: bool) -> None:
        """Take what knows them.

        Args:
            database: where they are.
            visitors: makes and checks tokens.
            https: whether people reach Eva over https, also where a proxy speaks http with her.
        """
        self.database, self._visitors, self._https = database, visitors, https

    async def known(self, connection: AsyncConnection, request: Request) -> UUID | None:
        """Who this is, if they have been here before and done something."""
        key = self.key_of(request)
        if key is None:
            return None
        found = await people.identity_of(connection, Provider.WEB, key)
        return None if found is None else found.person_id

    async def person(self, connection: AsyncConnection, request: Request) -> Person | None:
        """The same, with all that is known of them."""
        key = self.key_of(request)
        return None if key is None else await people.known(connection, Provider.WEB, key)

    def key_of(self, request: Request) -> str | None:
        """The browser's key, if Eva gave it one; whether it is anybody's is another question."""
        return self._visitors.key_of(request.cookies.get(self._cookie(request)))

    def token_for(self, request: Request) -> str:
        """The token of whoever this is; a new one at the first time."""
        token = request.cookies.get(self._cookie(request))
        return token if token and self._visitors.key_of(token) else self._visitors.new()

    async def meet(self, connection: AsyncConnection, request: Request, token: str) -> UUID:
        """The person with this token.

        Raises:
            PersonGone: they were forgotten this moment.
        """
        key = self._visitors.key_of(token) or ""
        session = await people.identity_of(connection, Provider.WEB, key)
        if session is None:
            return (await people.meet(connection, Provider.WEB, key, language=language_of(request))).id
        await sessions.use(connection, session)
        return session.person_id

    async def enter(self, connection: AsyncConnection, request: Request, person_id: UUID) -> str:
        """Make the browser a person's, by a new token, to be remembered; the old one is nobody's any more.

        Raises:
            PersonGone: they were forgotten this moment.
        """
        token = self._visitors.new()
        key = self._visitors.key_of(token) or ""
        await accounts.enter(connection, person_id, key, instead_of=self.key_of(request))
        return token

    def remember(self, request: Request, response: Response, token: str) -> None:
        """Leave the token with the browser."""
        name = self._cookie(request)
        secure = name == SECURE_COOKIE
        response.set_cookie(name, token, max_age=A_YEAR, httponly=True, samesite="lax", secure=secure)

    def part(self, response: Response) -> None:
        """Let the browser forget who it was."""
        for name in (VISITOR_COOKIE, SECURE_COOKIE):
            response.delete_cookie(name, httponly=True, samesite="lax", secure=name == SECURE_COOKIE)

    def _cookie(self, request: Request) -> str:
        """The cookie's name, which depends on how the browser reaches Eva."""
        return SECURE_COOKIE if self._https or request.scope["scheme"] == "https" else VISITOR_COOKIE
