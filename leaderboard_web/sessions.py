"""Who visits: a person whom Eva knows by a signed cookie, made when they first do something, never for reading."""

from uuid import UUID

from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import people, sessions
from core.db.database import Database
from core.db.people import Person
from core.db.schema import IdentityProvider
from core.services import accounts
from core.signing import VisitorTokenSigner
from leaderboard_web.templating import request_language

VISITOR_COOKIE = "visitor"
SECURE_VISITOR_COOKIE = f"__Host-{VISITOR_COOKIE}"
"""Its name over https: browsers take it from this host alone, and no page of a neighbouring one can plant it."""
VISITOR_COOKIE_MAX_AGE = 365 * 24 * 60 * 60


class VisitorSessions:
    """Knows visitors again."""

    def __init__(self, database: Database, token_signer: VisitorTokenSigner, *, is_https: bool) -> None:
        """Take what knows them.

        Args:
            database: where they are.
            visitors: makes and checks tokens.
            https: whether people reach Eva over https, also where a proxy speaks http with her.
        """
        self.database, self._token_signer, self._is_https = database, token_signer, is_https

    async def get_person_id(self, connection: AsyncConnection, request: Request) -> UUID | None:
        """Who this is, if they have been here before and done something."""
        key = self.session_key(request)
        if key is None:
            return None
        found = await people.get_identity(connection, IdentityProvider.WEB, key)
        return None if found is None else found.person_id

    async def get_person(self, connection: AsyncConnection, request: Request) -> Person | None:
        """The same, with all that is known of them."""
        key = self.session_key(request)
        return None if key is None else await people.get_by_identity(connection, IdentityProvider.WEB, key)

    def session_key(self, request: Request) -> str | None:
        """The browser's key, if Eva gave it one; whether it is anybody's is another question."""
        return self._token_signer.verify(request.cookies.get(self._cookie_name(request)))

    def token_or_new(self, request: Request) -> str:
        """The token of whoever this is; a new one at the first time."""
        token = request.cookies.get(self._cookie_name(request))
        return token if token and self._token_signer.verify(token) else self._token_signer.issue()

    async def get_or_create_person_id(self, connection: AsyncConnection, request: Request, token: str) -> UUID:
        """The person with this token.

        Raises:
            PersonNotFoundError: they were forgotten this moment.
        """
        key = self._token_signer.verify(token) or ""
        session = await people.get_identity(connection, IdentityProvider.WEB, key)
        if session is None:
            return (
                await people.get_or_create_by_identity(
                    connection, IdentityProvider.WEB, key, language=request_language(request)
                )
            ).id
        await sessions.touch(connection, session)
        return session.person_id

    async def start_session(self, connection: AsyncConnection, request: Request, person_id: UUID) -> str:
        """Make the browser a person's, by a new token, to be remembered; the old one is nobody's any more.

        Raises:
            PersonNotFoundError: they were forgotten this moment.
        """
        token = self._token_signer.issue()
        key = self._token_signer.verify(token) or ""
        await accounts.start_session(connection, person_id, key, replaces=self.session_key(request))
        return token

    def set_cookie(self, request: Request, response: Response, token: str) -> None:
        """Leave the token with the browser."""
        name = self._cookie_name(request)
        secure = name == SECURE_VISITOR_COOKIE
        response.set_cookie(name, token, max_age=VISITOR_COOKIE_MAX_AGE, httponly=True, samesite="lax", secure=secure)

    def clear_cookie(self, response: Response) -> None:
        """Let the browser forget who it was."""
        for name in (VISITOR_COOKIE, SECURE_VISITOR_COOKIE):
            response.delete_cookie(name, httponly=True, samesite="lax", secure=name == SECURE_VISITOR_COOKIE)

    def _cookie_name(self, request: Request) -> str:
        """The cookie's name, which depends on how the browser reaches Eva."""
        return SECURE_VISITOR_COOKIE if self._is_https or request.scope["scheme"] == "https" else VISITOR_COOKIE
