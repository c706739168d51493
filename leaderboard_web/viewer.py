"""Who views a page: their language and their browser session.

The query, the cookie or the browser decides about the language, in this order. The session is in a signed cookie, which
the first thing that a visitor does sets, never reading.
"""

from collections.abc import Mapping
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.datastructures import Headers

from core.db import people, sessions
from core.db.identities import get_identity
from core.db.people import Person
from core.db.schema import IdentityProvider
from core.db.sessions import SessionOwner
from core.i18n.translations import Language, negotiate_language
from core.services import accounts
from core.signing import VisitorTokenSigner
from leaderboard_web.cookies import (
    CLEAR_SITE_DATA,
    FLASH_COOKIE,
    FLASH_COOKIE_PATH,
    HOST_PREFIX,
    LOGIN_COOKIE,
    LOGIN_PATH,
    delete_cookie,
)

LANGUAGES: Mapping[str | None, Language] = {language.value: language for language in Language}
LANGUAGE_COOKIE = "lang"
LANGUAGE_COOKIE_MAX_AGE = 365 * 24 * 60 * 60
"""Seconds."""
KAKAOTALK_CRAWLER = "kakaotalk-scrap"
"""Part of the User-Agent of KakaoTalk's link crawler, which sends no Accept-Language."""
VISITOR_COOKIE = "visitor"
SECURE_VISITOR_COOKIE = f"{HOST_PREFIX}{VISITOR_COOKIE}"
VISITOR_COOKIE_MAX_AGE = 365 * 24 * 60 * 60
"""Seconds."""
NEW_SESSION_KEY = "new_session_key"
"""Entry of a request's scope: the key of the session that its response begins."""
UNKNOWN_PERSON = UUID(int=0)
"""Stands for a visitor without a session, who has done nothing yet."""


class ViewerSession:
    """The session behind one request, and the person that it belongs to, if there is one."""

    def __init__(self, request: Request, signer: VisitorTokenSigner, *, is_https: bool) -> None:
        """Read the session of a request.

        Args:
            request: of the viewer.
            signer: issues and verifies session tokens.
            is_https: whether people reach the site over https, also where a proxy speaks http with it.
        """
        self._request, self._signer = request, signer
        self.is_secure = is_https or request.scope["scheme"] == "https"
        """Whether the browser uses https."""
        self._cookie_name = SECURE_VISITOR_COOKIE if self.is_secure else VISITOR_COOKIE
        token = request.cookies.get(self._cookie_name)
        self.key = (signer.verify(token) or "") if token else ""
        """Key of the session in the database; empty without a valid cookie. A key may be without a person."""
        self._token = token if self.key else None
        self._is_new = False

    async def get_person_id(self, connection: AsyncConnection) -> UUID | None:
        """The id of the session's person; None for an unknown session."""
        if not self.key:
            return None
        identity = await get_identity(connection, IdentityProvider.WEB, self.key)
        return None if identity is None else identity.person_id

    async def get_owner(self, connection: AsyncConnection) -> SessionOwner | None:
        """The session's person, and whether they have nothing but sessions; None for an unknown session."""
        return await sessions.get_owner(connection, self.key) if self.key else None

    async def get_person(self, connection: AsyncConnection) -> Person | None:
        """The session's person; None for an unknown session."""
        return await people.get_by_identity(connection, IdentityProvider.WEB, self.key) if self.key else None

    async def touch(self, connection: AsyncConnection) -> None:
        """Record that the session changes something; does nothing for an unknown session."""
        if self.key:
            identity = await get_identity(connection, IdentityProvider.WEB, self.key)
            if identity is not None:
                await sessions.touch(connection, identity)

    async def get_or_create_person_id(self, connection: AsyncConnection) -> UUID:
        """The id of the session's person, who is created if necessary, with a new key; `set_cookie` sends it.

        Raises:
            PersonNotFoundError: the person was erased in this moment.
        """
        identity = None
        if self.key:
            identity = await get_identity(connection, IdentityProvider.WEB, self.key)
        if identity is not None and await sessions.touch(connection, identity):
            return identity.person_id
        # A session that ended does not begin again: others may have a copy of its cookie.
        key, language = self._issue_key(), request_language(self._request)
        person = await people.get_or_create_by_identity(connection, IdentityProvider.WEB, key, language=language)
        return person.id

    async def start(self, connection: AsyncConnection, person_id: UUID) -> None:
        """Log the browser in as a person, with a new token that replaces the present one; `set_cookie` sends it.

        Raises:
            PersonNotFoundError: the person was erased in this moment.
        """
        replaced = self.key or None
        await accounts.start_session(connection, person_id, self._issue_key(), replaces=replaced)

    def set_cookie(self, response: Response) -> None:
        """Send the token of the session with a response; does nothing where there is no session."""
        if self._token is not None:
            if self._is_new:
                self._request.scope[NEW_SESSION_KEY] = self.key
            response.set_cookie(
                self._cookie_name,
                self._token,
                max_age=VISITOR_COOKIE_MAX_AGE,
                httponly=True,
                samesite="lax",
                secure=self.is_secure,
            )

    def _issue_key(self) -> str:
        """The key of a new session, in place of what the browser sent."""
        self._token, self._is_new = self._signer.issue(), True
        self.key = self._signer.verify(self._token) or ""
        assert self.key, "an issued token is valid"
        return self.key


def leave_browser(response: Response) -> None:
    """Remove the session from the browser, and everything that it has stored of the person's pages."""
    delete_cookie(response, VISITOR_COOKIE)
    delete_cookie(response, FLASH_COOKIE, path=FLASH_COOKIE_PATH)
    delete_cookie(response, LOGIN_COOKIE, path=LOGIN_PATH)
    response.headers["Clear-Site-Data"] = CLEAR_SITE_DATA


def has_left(response: Response) -> bool:
    """Whether a response makes the person leave the browser."""
    return "Clear-Site-Data" in response.headers


def request_language(request: Request) -> Language:
    """The language of a request: `?lang=`, else the cookie of an earlier choice, else Accept-Language."""
    for code in (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if (chosen := LANGUAGES.get(code)) is not None:
            return chosen
    return negotiate_language(request.headers.get("accept-language"))


def set_language_cookie(response: Response, language: Language) -> None:
    """Keep a chosen language in the browser."""
    response.set_cookie(LANGUAGE_COOKIE, language, max_age=LANGUAGE_COOKIE_MAX_AGE, samesite="lax", httponly=True)


def preview_language(request: Request, language: Language) -> Language:
    """The language of a page's link preview.

    Args:
        request: of the page; `?preview=` holds the language of the person who shared the link.
        language: of the page itself, which is used without `?preview=`; for KakaoTalk's crawler it is Korean.
    """
    if (chosen := LANGUAGES.get(request.query_params.get("preview"))) is not None:
        return chosen
    if "accept-language" not in request.headers and is_kakaotalk_crawler(request.headers):
        return Language.KO
    return language


def is_kakaotalk_crawler(headers: Headers) -> bool:
    """Whether KakaoTalk fetches a page for a link preview."""
    return KAKAOTALK_CRAWLER in headers.get("user-agent", "")
