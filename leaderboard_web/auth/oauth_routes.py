"""`/login/kakao` and `/login/facebook`: to the provider's own page and back."""

import structlog
from fastapi import APIRouter, HTTPException, Request, Response

from core.conversation.narration import error_message
from core.errors import LoginError
from leaderboard_web.auth.login_flow import complete_login, safe_next_path
from leaderboard_web.auth.login_page import LOGIN_PATH, LoginPage
from leaderboard_web.auth.oauth_providers import OAuthProvider
from leaderboard_web.dependencies import AppState
from leaderboard_web.errors import status_for
from leaderboard_web.language import request_language
from leaderboard_web.middleware.csrf import is_same_origin
from leaderboard_web.page_meta import absolute_url
from leaderboard_web.redirects import redirect_with_notice
from leaderboard_web.routing import PageRoute

log = structlog.get_logger()

NEXT_PATH_KEY = "on"
"""Where the session keeps the page that a login leads to."""


def oauth_routes(state: AppState, page: LoginPage, providers: dict[str, OAuthProvider]) -> APIRouter:
    """The way there and the way back, for each login that is configured."""
    router = APIRouter(route_class=PageRoute)

    @router.get(f"{LOGIN_PATH}/{{name}}", response_class=Response)
    async def begin(request: Request, name: str) -> Response:
        """Send the browser to the provider; `next` is where the login leads in the end."""
        login = _get_provider(providers, name)
        if not is_same_origin(request.headers):
            # No other site logs anybody in.
            return redirect_with_notice(LOGIN_PATH)
        on = safe_next_path(request.query_params.get("next"))
        try:
            answer = await login.authorize_redirect(request, absolute_url(request, f"{LOGIN_PATH}/{name}/back"))
        except LoginError as error:
            return await refuse(request, name, error)
        request.session[NEXT_PATH_KEY] = on
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @router.get(f"{LOGIN_PATH}/{{name}}/back", response_class=Response)
    async def back(request: Request, name: str) -> Response:
        """Let in whom the provider vouches for."""
        login = _get_provider(providers, name)
        on = safe_next_path(request.session.get(NEXT_PATH_KEY))
        if request.query_params.get("error") == "access_denied":
            request.session.clear()
            return redirect_with_notice(LOGIN_PATH, "denied")
        try:
            subject = await login.get_subject(request)
            answer = await complete_login(state, request, login.provider, subject, next_path=on)
        except LoginError as error:
            return await refuse(request, name, error)
        request.session.clear()
        return answer

    async def refuse(request: Request, name: str, error: LoginError) -> Response:
        log.info("login refused", by=name, error=type(error).__name__, detail=error.detail)
        sentence = error_message(error, request_language(request))
        return await page.render(
            request, next_path=request.session.get(NEXT_PATH_KEY), status=int(status_for(error)), error=sentence
        )

    return router


def _get_provider(providers: dict[str, OAuthProvider], name: str) -> OAuthProvider:
    if name not in providers:
        raise HTTPException(404)
    return providers[name]
