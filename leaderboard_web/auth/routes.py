"""The whole room, put together, and the cookie in which it keeps what has begun."""

import hmac

from fastapi import APIRouter
from fastapi.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware

from core.settings import Settings
from core.signing import load_secret_key
from leaderboard_web.auth.login_page import LOGIN_PATH, LoginPage, login_page_routes
from leaderboard_web.auth.magic_link import magic_link_routes
from leaderboard_web.auth.oauth_providers import configured_providers
from leaderboard_web.auth.oauth_routes import oauth_routes
from leaderboard_web.auth.telegram_login import telegram_login_routes
from leaderboard_web.dependencies import AppState
from leaderboard_web.routing import PageRoute

SESSION_KEY_CONTEXT = b"eva login 1"
"""Keeps these signatures apart from whatever else the same key may sign."""
LOGIN_SESSION_MAX_AGE = 60 * 60


def auth_routes(state: AppState) -> APIRouter:
    """Everything under `/login`; logins that are not configured are not there."""
    router, logins = APIRouter(route_class=PageRoute), configured_providers(state.settings)
    page = LoginPage(state, logins)
    for routes in (
        login_page_routes(state, page),
        magic_link_routes(state),
        telegram_login_routes(state, page),
        oauth_routes(state, page, logins),
    ):
        router.include_router(routes)
    return router


def login_session_middleware(settings: Settings) -> Middleware:
    """A signed cookie that keeps a started login in the browser, for an hour and for the login pages alone."""
    return Middleware(
        SessionMiddleware,
        secret_key=hmac.new(load_secret_key(settings), SESSION_KEY_CONTEXT, "sha256").hexdigest(),
        session_cookie="login",
        path=LOGIN_PATH,
        max_age=LOGIN_SESSION_MAX_AGE,
        same_site="lax",
        https_only=settings.is_https,
    )
