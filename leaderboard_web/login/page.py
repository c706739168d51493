"""`/login`: the ways to log in, and for whom Eva knows: the logins that are theirs, and the ways out."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException, Request, Response

from bot.names import made_up
from core import accounts
from core.accounts import WAYS
from core.days import SEOUL
from core.db import merges, people
from core.db.tables import Provider
from core.retention import forget
from leaderboard_web.head import absolute
from leaderboard_web.login.paths import own_path
from leaderboard_web.pages import language_of, render
from leaderboard_web.redirects import redirect_with_notice
from leaderboard_web.routing import PageRoute
from leaderboard_web.security import widen
from leaderboard_web.upload import read_fields

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncConnection

    from leaderboard_web.site import Site

__all__ = ["LOGIN", "TELEGRAM_STATE", "LoginPage", "page_routes"]

LOGIN = "/login"
TELEGRAM_STATE = "telegram"
"""Where the session keeps what only this browser's login with Telegram knows."""
WIDGET = "https://telegram.org/js/telegram-widget.js?22"
WIDGET_SOURCES = {"script-src": ["https://telegram.org"], "frame-src": ["https://oauth.telegram.org"]}
SAID = {each: f"login.said.{each}" for each in ("out", "everywhere", "connected", "disconnected", "denied")}
"""What Eva says on top about what was just done, by what the address says."""


class LoginPage:
    """The page, which every login that fails comes back to."""

    def __init__(self, site: Site, logins: Collection[str]) -> None:
        """Take the site, and the names of the logins that lead to a page of somebody else's."""
        self._site = site
        settings = site.settings
        has_widget = settings.telegram_token is not None and "telegram" not in logins
        self._bot = settings.telegram_name if has_widget else None
        self._ways = [way for way in WAYS if way in logins or (way == "telegram" and self._bot)]
        self._chats = {
            "telegram": settings.telegram_token is not None and settings.public_url is not None,
            "kakao": settings.kakao_key is not None and settings.public_url is not None,
        }

    async def show(
        self, request: Request, *, on: str | None = None, status: int = 200, refusal: str | None = None
    ) -> Response:
        """The page.

        Args:
            request: who asks.
            on: where a login leads, one of our pages; None for where it leads by itself.
            status: of the answer.
            refusal: what Eva says about a login that failed, instead of about what was done before.
        """
        language = language_of(request)
        async with self._site.memory.database.begin() as connection:
            person_id = await self._site.guests.known(connection, request)
            person = None if person_id is None else await people.get(connection, person_id)
            identities = [] if person is None else await people.identities_of(connection, person.id)
        since = {
            way: first.created_at.astimezone(SEOUL).date() for way, first in accounts.connected(identities).items()
        }
        on = own_path(on, default=f"{LOGIN}?said=connected" if since else own_path(None))
        said = SAID.get(request.query_params.get("said", ""))
        page = render(
            request,
            "login/login.html",
            status=status,
            section="login",
            person=person,
            name=None if person is None else person.name or made_up(person.id, language),
            since=since,
            ways=[way for way in self._ways if way not in since],
            chats=[chat for chat, is_on in self._chats.items() if is_on and chat not in since],
            on=on,
            widget=self._widget(request, on) if "telegram" not in since else None,
            said=said,
            refusal=refusal,
        )
        if self._bot is not None and "telegram" not in since:
            widen(page, WIDGET_SOURCES, popups=True)
        return page

    def _widget(self, request: Request, on: str) -> dict[str, str] | None:
        """What Telegram's button is made of; the state in its address is this browser's alone."""
        if self._bot is None:
            return None
        kept = request.session.get(TELEGRAM_STATE) or {"state": secrets.token_urlsafe(16)}
        request.session[TELEGRAM_STATE] = {**kept, "on": on}
        back = absolute(request, f"{LOGIN}/telegram/back/{kept['state']}")
        return {"script": WIDGET, "bot": self._bot, "back": back}


def page_routes(site: Site, page: LoginPage) -> APIRouter:
    """The page and what its buttons do."""
    router, memory, guests = APIRouter(route_class=PageRoute), site.memory, site.guests

    @router.get(LOGIN, response_class=Response)
    async def show(request: Request) -> Response:
        """The page; `next` is where a login leads."""
        return await page.show(request, on=request.query_params.get("next"))

    @router.post(f"{LOGIN}/out", response_class=Response)
    async def out(request: Request) -> Response:
        """Log out here; who has no other way in is asked first, since then everything of theirs is deleted."""
        return await leave(request, "out")

    @router.post(f"{LOGIN}/everywhere", response_class=Response)
    async def everywhere(request: Request) -> Response:
        """Log out of all browsers."""
        return await leave(request, "everywhere")

    @router.post(f"{LOGIN}/disconnect/{{way}}", response_class=Response)
    async def disconnect(request: Request, way: str) -> Response:
        """Take a login away; the last one only from who was told what that means."""
        if way not in WAYS:
            raise HTTPException(404)
        fields = await read_fields(request)
        async with memory.database.begin() as connection:
            person_id = await _locked(connection, await guests.known(connection, request))
            if person_id is None:
                return redirect_with_notice(LOGIN)
            connected = accounts.connected(await people.identities_of(connection, person_id))
            if set(connected) == {way} and "sure" not in fields:
                return render(request, "login/ask.html", section="login", deed="disconnect", way=way)
            await accounts.disconnect(connection, person_id, way)
        return redirect_with_notice(LOGIN, "disconnected")

    async def leave(request: Request, deed: str) -> Response:
        """One browser becomes nobody's, or all of a person's."""
        fields = await read_fields(request)
        async with memory.database.begin() as connection:
            person_id = await _locked(connection, await guests.known(connection, request))
            identities = [] if person_id is None else await people.identities_of(connection, person_id)
            ends = {each.subject for each in identities if each.provider is Provider.WEB}
            if deed == "out":
                ends &= {guests.key_of(request) or ""}
            lost = len(ends) == len(identities)
            if person_id is not None and not lost:
                for key in ends:
                    await accounts.leave(connection, key)
            elif person_id is not None and "sure" not in fields and not await merges.is_bare(connection, person_id):
                return render(request, "login/ask.html", section="login", deed=deed, way=None)
        if person_id is not None and lost:
            # Nobody could ever come back to it, and so nobody could ever delete it.
            await forget(memory, person_id)
        answer = redirect_with_notice(LOGIN, deed)
        guests.part(answer)
        return answer

    return router


async def _locked(connection: AsyncConnection, person_id: UUID | None) -> UUID | None:
    """The person, whose identities nobody else changes meanwhile."""
    return person_id if person_id is not None and await people.lock(connection, person_id) else None
