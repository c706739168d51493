"""`/login/{provider}`: login with an OAuth provider, to its own page and back."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response

from core.conversation.narration import error_message
from core.errors import LoginError
from core.i18n.translations import Language
from leaderboard_web.auth.login_flow import VerifiedLogin, complete_login, safe_next_path
from leaderboard_web.auth.login_page import render_login_page
from leaderboard_web.auth.login_session import LoginRoute, LoginSession, SessionData, bind_to_browser
from leaderboard_web.auth.oauth_providers import OAuthProvider
from leaderboard_web.dependencies import AppState, Lang, State, Viewer
from leaderboard_web.errors import status_for
from leaderboard_web.middleware.csrf import is_same_origin
from leaderboard_web.redirects import redirect_with_notice
from leaderboard_web.urls import absolute_url, url_for
from leaderboard_web.viewer import ViewerSession

NEXT_PATH_KEY = "next_path"
"""Key in the login session of the path to continue with."""

log = structlog.get_logger()
router = APIRouter(route_class=LoginRoute)


def get_provider(name: str, state: State) -> OAuthProvider:
    """The provider of the path.

    Raises:
        HTTPException: 404, it is not configured.
    """
    provider = state.oauth_providers.get(name)
    if provider is None:
        raise HTTPException(404)
    return provider


Provider = Annotated[OAuthProvider, Depends(get_provider)]


@router.get("/login/{name}", name="oauth_login")
async def start_login(
    request: Request,
    name: str,
    provider: Provider,
    session: LoginSession,
    viewer: Viewer,
    language: Lang,
    state: State,
    next_path: Annotated[str | None, Query(alias="next")] = None,
) -> Response:
    """Redirect the browser to the provider."""
    if not is_same_origin(request.scope, state.settings.public_url):
        # Other sites must not be able to start a login.
        return redirect_with_notice(url_for("login"))
    try:
        callback_url = absolute_url(request, state.url_for("oauth_callback", name=name))
        response = await provider.authorize_redirect(request, callback_url)
    except LoginError as error:
        return await _render_error(request, state, viewer, session, language, name, error)
    session[NEXT_PATH_KEY] = safe_next_path(next_path)
    bind_to_browser(session, viewer)
    response.headers["Cache-Control"] = "no-store"
    return response


@router.get("/login/{name}/back", name="oauth_callback")
async def finish_login(
    request: Request,
    name: str,
    provider: Provider,
    session: LoginSession,
    viewer: Viewer,
    language: Lang,
    state: State,
    provider_error: Annotated[str | None, Query(alias="error")] = None,
) -> Response:
    """Log in the person whom the provider names."""
    next_path = safe_next_path(session.get(NEXT_PATH_KEY))
    if provider_error == "access_denied":
        session.clear()
        return redirect_with_notice(url_for("login"), "denied")
    try:
        subject = await provider.get_subject(request)
        login = VerifiedLogin(provider=provider.provider, subject=subject, next_path=next_path)
        return await complete_login(state, viewer, session, login, language=language)
    except LoginError as error:
        return await _render_error(request, state, viewer, session, language, name, error)


async def _render_error(
    request: Request,
    state: AppState,
    viewer: ViewerSession,
    session: SessionData,
    language: Language,
    name: str,
    error: LoginError,
) -> Response:
    """The login page with the reason why a login failed.

    Args:
        request: of the failed login.
        state: of the application.
        viewer: session of the browser.
        session: the login that the browser has started.
        language: of the page.
        name: of the provider.
        error: the reason.
    """
    log.info("login_refused", method=name, error=type(error).__name__, detail=error.detail)
    return await render_login_page(
        request,
        state,
        viewer,
        session,
        language,
        next_path=session.get(NEXT_PATH_KEY),
        status=int(status_for(error)),
        error=error_message(error, language),
    )
