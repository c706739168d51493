"""The whole room, put together, and the cookie in which it keeps what has begun."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.middleware.sessions import SessionMiddleware

from core.keys import secret_key
from leaderboard_web.login.link import link_routes
from leaderboard_web.login.oauth import open_logins
from leaderboard_web.login.others import other_routes
from leaderboard_web.login.page import LOGIN, LoginPage, page_routes
from leaderboard_web.login.telegram import telegram_routes
from leaderboard_web.routing import PageRoute

if TYPE_CHECKING:
    from fastapi import FastAPI

    from core.settings import Settings
    from leaderboard_web.site import Site

__all__ = ["keep_logins", "login_routes"]

PURPOSE = b"eva login 1"
"""Keeps these signatures apart from whatever else the same key may sign."""
AN_HOUR = 60 * 60


def login_routes(site: Site) -> APIRouter:
    """Everything under `/login`; logins that are not configured are not there."""
    router, logins = APIRouter(route_class=PageRoute), open_logins(site.settings)
    page = LoginPage(site, logins)
    for routes in (
        page_routes(site, page),
        link_routes(site),
        telegram_routes(site, page),
        other_routes(site, page, logins),
    ):
        router.include_router(routes)
    return router


def keep_logins(app: FastAPI, settings: Settings) -> None:
    """Keep a login that has begun with the browser, signed, for an hour and for these pages alone."""
    app.add_middleware(
        SessionMiddleware,
        secret_key=hmac.new(secret_key(settings), PURPOSE, "sha256").hexdigest(),
        session_cookie="login",
        path=LOGIN,
        max_age=AN_HOUR,
        same_site="lax",
        https_only=settings.is_https,
    )
