"""`/login`: the ways to log in, and for whom Eva knows: the logins that are theirs, and the ways out."""

import secrets
from collections.abc import Collection
from uuid import UUID

from fastapi import APIRouter, HTTPException, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from core.conversation.display_names import display_name
from core.db import account_merge, people
from core.db.schema import IdentityProvider
from core.seoul_time import SEOUL
from core.services import accounts
from core.services.accounts import LOGIN_METHODS
from core.services.retention import erase_person
from leaderboard_web.auth.login_flow import safe_next_path
from leaderboard_web.dependencies import AppState
from leaderboard_web.forms import read_urlencoded
from leaderboard_web.language import request_language
from leaderboard_web.middleware.csp import extend_csp
from leaderboard_web.page_meta import absolute_url
from leaderboard_web.redirects import redirect_with_notice
from leaderboard_web.routing import PageRoute
from leaderboard_web.templating import render_page

LOGIN_PATH = "/login"
TELEGRAM_STATE_KEY = "telegram"
"""Where the session keeps what only this browser's login with Telegram knows."""
WIDGET_SCRIPT = "https://telegram.org/js/telegram-widget.js?22"
WIDGET_SOURCES = {"script-src": ["https://telegram.org"], "frame-src": ["https://oauth.telegram.org"]}
LOGIN_NOTICES = {each: f"login.said.{each}" for each in ("out", "everywhere", "connected", "disconnected", "denied")}
"""What Eva says on top about what was just done, by what the address says."""


class LoginPage:
    """The page, which every login that fails comes back to."""

    def __init__(self, state: AppState, providers: Collection[str]) -> None:
        """Take the site, and the names of the logins that lead to a page of somebody else's."""
        self._state = state
        settings = state.settings
        has_widget = settings.telegram_token is not None and "telegram" not in providers
        self._widget_bot = settings.telegram_bot_username if has_widget else None
        self._methods = [way for way in LOGIN_METHODS if way in providers or (way == "telegram" and self._widget_bot)]
        self._chat_links = {
            "telegram": settings.telegram_token is not None and settings.public_url is not None,
            "kakao": settings.kakao_skill_key is not None and settings.public_url is not None,
        }

    async def render(
        self, request: Request, *, next_path: str | None = None, status: int = 200, error: str | None = None
    ) -> Response:
        """The page.

        Args:
            request: who asks.
            on: where a login leads, one of our pages; None for where it leads by itself.
            status: of the answer.
            refusal: what Eva says about a login that failed, instead of about what was done before.
        """
        language = request_language(request)
        async with self._state.resources.database.transaction() as connection:
            person_id = await self._state.visitor_sessions.get_person_id(connection, request)
            person = None if person_id is None else await people.get(connection, person_id)
            identities = [] if person is None else await people.list_identities(connection, person.id)
        since = {
            way: first.created_at.astimezone(SEOUL).date() for way, first in accounts.linked_logins(identities).items()
        }
        next_path = safe_next_path(next_path, default=f"{LOGIN_PATH}?said=connected" if since else safe_next_path(None))
        said = LOGIN_NOTICES.get(request.query_params.get("said", ""))
        page = render_page(
            request,
            "login/login.html",
            request_language(request),
            status=status,
            section="login",
            person=person,
            name=None if person is None else display_name(person.id, person.name, language),
            since=since,
            ways=[way for way in self._methods if way not in since],
            chats=[chat for chat, is_on in self._chat_links.items() if is_on and chat not in since],
            on=next_path,
            widget=self._telegram_widget(request, next_path) if "telegram" not in since else None,
            said=said,
            refusal=error,
        )
        if self._widget_bot is not None and "telegram" not in since:
            extend_csp(page, WIDGET_SOURCES, allow_popups=True)
        return page

    def _telegram_widget(self, request: Request, next_path: str) -> dict[str, str] | None:
        """What Telegram's button is made of; the state in its address is this browser's alone."""
        if self._widget_bot is None:
            return None
        kept = request.session.get(TELEGRAM_STATE_KEY) or {"state": secrets.token_urlsafe(16)}
        request.session[TELEGRAM_STATE_KEY] = {**kept, "on": next_path}
        back = absolute_url(request, f"{LOGIN_PATH}/telegram/back/{kept['state']}")
        return {"script": WIDGET_SCRIPT, "bot": self._widget_bot, "back": back}


def login_page_routes(state: AppState, page: LoginPage) -> APIRouter:
    """The page and what its buttons do."""
    router, memory, guests = APIRouter(route_class=PageRoute), state.resources, state.visitor_sessions

    @router.get(LOGIN_PATH, response_class=Response)
    async def show(request: Request) -> Response:
        """The page; `next` is where a login leads."""
        return await page.render(request, next_path=request.query_params.get("next"))

    @router.post(f"{LOGIN_PATH}/out", response_class=Response)
    async def out(request: Request) -> Response:
        """Log out here; who has no other way in is asked first, since then everything of theirs is deleted."""
        return await leave(request, "out")

    @router.post(f"{LOGIN_PATH}/everywhere", response_class=Response)
    async def everywhere(request: Request) -> Response:
        """Log out of all browsers."""
        return await leave(request, "everywhere")

    @router.post(f"{LOGIN_PATH}/disconnect/{{way}}", response_class=Response)
    async def disconnect(request: Request, way: str) -> Response:
        """Take a login away; the last one only from who was told what that means."""
        if way not in LOGIN_METHODS:
            raise HTTPException(404)
        fields = await read_urlencoded(request)
        async with memory.database.transaction() as connection:
            person_id = await _lock_person(connection, await guests.get_person_id(connection, request))
            if person_id is None:
                return redirect_with_notice(LOGIN_PATH)
            connected = accounts.linked_logins(await people.list_identities(connection, person_id))
            if set(connected) == {way} and "sure" not in fields:
                return render_page(
                    request, "login/ask.html", request_language(request), section="login", deed="disconnect", way=way
                )
            await accounts.unlink_login(connection, person_id, way)
        return redirect_with_notice(LOGIN_PATH, "disconnected")

    async def leave(request: Request, deed: str) -> Response:
        """One browser becomes nobody's, or all of a person's."""
        fields = await read_urlencoded(request)
        async with memory.database.transaction() as connection:
            person_id = await _lock_person(connection, await guests.get_person_id(connection, request))
            identities = [] if person_id is None else await people.list_identities(connection, person_id)
            ends = {each.subject for each in identities if each.provider is IdentityProvider.WEB}
            if deed == "out":
                ends &= {guests.session_key(request) or ""}
            lost = len(ends) == len(identities)
            if person_id is not None and not lost:
                for key in ends:
                    await accounts.end_session(connection, key)
            elif (
                person_id is not None
                and "sure" not in fields
                and not await account_merge.has_no_content(connection, person_id)
            ):
                return render_page(
                    request, "login/ask.html", request_language(request), section="login", deed=deed, way=None
                )
        if person_id is not None and lost:
            # Nobody could ever come back to it, and so nobody could ever delete it.
            await erase_person(memory, person_id)
        answer = redirect_with_notice(LOGIN_PATH, deed)
        guests.clear_cookie(answer)
        return answer

    return router


async def _lock_person(connection: AsyncConnection, person_id: UUID | None) -> UUID | None:
    """The person, whose identities nobody else changes meanwhile."""
    return person_id if person_id is not None and await people.lock(connection, person_id) else None
