"""`/login/telegram`: people come back from Telegram's login widget here, or open this as a Mini App."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from bot.stylist import LOGIN_LINK
from bot.telegram.proofs import MAX_AGE, SKEW, read_init_data, read_login
from bot.texts import negotiate
from bot.voice import apologise
from core.db import people, tickets
from core.db.tables import Provider
from core.errors import LoginError, LoginRefused
from leaderboard_web.errors import status_of
from leaderboard_web.login.entry import come_in
from leaderboard_web.login.page import LOGIN, TELEGRAM_STATE
from leaderboard_web.login.paths import HOME, own_path
from leaderboard_web.pages import language_of, render
from leaderboard_web.routing import PageRoute
from leaderboard_web.security import widen
from leaderboard_web.upload import read_fields

if TYPE_CHECKING:
    from leaderboard_web.login.page import LoginPage
    from leaderboard_web.site import Site

__all__ = ["telegram_routes"]

log = structlog.get_logger()

TELEGRAM_WEB = "https://web.telegram.org"
"""Telegram in a browser, which shows Mini Apps in frames."""
BELIEVED = MAX_AGE + SKEW
"""How long a proof could be shown again, at most."""


def telegram_routes(site: Site, page: LoginPage) -> APIRouter:
    """The two ways in; without a token of a bot's there is none."""
    router, memory, guests = APIRouter(route_class=PageRoute), site.memory, site.guests
    if site.settings.telegram_token is None:
        return router
    token = site.settings.telegram_token.get_secret_value()

    @router.get(f"{LOGIN}/telegram/back/{{state}}", response_class=Response)
    async def back(request: Request, state: str) -> Response:
        """Let in whom Telegram's widget vouches for, if this browser asked it to: all parameters are Telegram's."""
        kept = request.session.pop(TELEGRAM_STATE, None) or {}
        try:
            if not hmac.compare_digest(state.encode(), str(kept.get("state", "")).encode()):
                raise LoginRefused("state")
            proof = read_login(request.query_params.multi_items(), token)
            once = f"telegram {proof.signature}", BELIEVED
            return await come_in(site, request, Provider.TELEGRAM, proof.user, on=own_path(kept.get("on")), once=once)
        except LoginError as error:
            log.info("login refused", by="telegram", error=type(error).__name__, detail=error.detail)
            sentence = apologise(error, language_of(request))
            return await page.show(request, on=kept.get("on"), status=int(status_of(error)), refusal=sentence)

    @router.get(f"{LOGIN}/telegram/app", response_class=Response)
    async def app(request: Request) -> Response:
        """The page that Telegram opens as a Mini App; its script brings what Telegram gave it.

        It is the only page that somebody else may frame. Where Telegram Web does, the way goes on in a tab of its own:
        the browser gives our cookies to no frame, and the pages that the link leads to may be in none.
        """
        page = render(request, "login/app.html", section="login", bot=site.settings.telegram_name, frame=TELEGRAM_WEB)
        widen(page, {"frame-ancestors": [TELEGRAM_WEB]})
        return page

    @router.post(f"{LOGIN}/telegram/app", response_class=JSONResponse)
    async def enter(request: Request) -> JSONResponse:
        """Where to go on, for the field `init_data`.

        That is a page which asks first: anybody can make a browser open a Mini App's page with what is theirs.

        Raises:
            LoginRefused: it does not prove anything, or was used before.
        """
        proof = read_init_data((await read_fields(request)).get("init_data", ""), token)
        language = language_of(request) if proof.language is None else negotiate(proof.language)
        async with memory.database.begin() as connection:
            person = await people.meet(connection, Provider.TELEGRAM, proof.user, language=language)
            if await guests.known(connection, request) == person.id:
                return JSONResponse({"next": HOME})
            if not await tickets.spend(connection, f"telegram {proof.signature}", person.id, lifetime=BELIEVED):
                raise LoginRefused("used before")
            link = await tickets.issue(connection, person.id)
        return JSONResponse({"next": f"{LOGIN_LINK}/{link}"}, headers={"Cache-Control": "no-store"})

    return router
