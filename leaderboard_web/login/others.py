"""`/login/kakao` and `/login/facebook`: to the provider's own page and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from fastapi import APIRouter, HTTPException, Request, Response

from bot.voice import apologise
from core.errors import LoginError
from leaderboard_web.errors import status_of
from leaderboard_web.head import absolute
from leaderboard_web.login.entry import come_in
from leaderboard_web.login.page import LOGIN
from leaderboard_web.login.paths import own_path
from leaderboard_web.origins import is_ours
from leaderboard_web.pages import language_of
from leaderboard_web.redirects import redirect_with_notice
from leaderboard_web.routing import PageRoute

if TYPE_CHECKING:
    from leaderboard_web.login.oauth import Login
    from leaderboard_web.login.page import LoginPage
    from leaderboard_web.site import Site

__all__ = ["other_routes"]

log = structlog.get_logger()

ON = "on"
"""Where the session keeps the page that a login leads to."""


def other_routes(site: Site, page: LoginPage, logins: dict[str, Login]) -> APIRouter:
    """The way there and the way back, for each login that is configured."""
    router = APIRouter(route_class=PageRoute)

    @router.get(f"{LOGIN}/{{name}}", response_class=Response)
    async def begin(request: Request, name: str) -> Response:
        """Send the browser to the provider; `next` is where the login leads in the end."""
        login = _one_of(logins, name)
        if not is_ours(request.headers):
            # No other site logs anybody in.
            return redirect_with_notice(LOGIN)
        on = own_path(request.query_params.get("next"))
        try:
            answer = await login.begin(request, absolute(request, f"{LOGIN}/{name}/back"))
        except LoginError as error:
            return await refuse(request, name, error)
        request.session[ON] = on
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @router.get(f"{LOGIN}/{{name}}/back", response_class=Response)
    async def back(request: Request, name: str) -> Response:
        """Let in whom the provider vouches for."""
        login = _one_of(logins, name)
        on = own_path(request.session.get(ON))
        if request.query_params.get("error") == "access_denied":
            request.session.clear()
            return redirect_with_notice(LOGIN, "denied")
        try:
            subject = await login.finish(request)
            answer = await come_in(site, request, login.provider, subject, on=on)
        except LoginError as error:
            return await refuse(request, name, error)
        request.session.clear()
        return answer

    async def refuse(request: Request, name: str, error: LoginError) -> Response:
        log.info("login refused", by=name, error=type(error).__name__, detail=error.detail)
        sentence = apologise(error, language_of(request))
        return await page.show(request, on=request.session.get(ON), status=int(status_of(error)), refusal=sentence)

    return router


def _one_of(logins: dict[str, Login], name: str) -> Login:
    if name not in logins:
        raise HTTPException(404)
    return logins[name]
