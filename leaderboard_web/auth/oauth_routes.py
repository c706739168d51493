"""`/login/{provider}`: login with an OAuth provider, to its own page and back."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Response

from core.errors import LoginError
from leaderboard_web.auth.login_flow import VerifiedLogin, complete_login, safe_next_path
from leaderboard_web.auth.login_page import render_login_error
from leaderboard_web.auth.login_session import LoginRoute, LoginSession, bind_to_browser
from leaderboard_web.auth.oauth_providers import OAuthProvider
from leaderboard_web.dependencies import Context, State
from leaderboard_web.middleware.csrf import is_same_origin
from leaderboard_web.redirects import redirect_with_notice
from leaderboard_web.urls import absolute_url, url_for

NEXT_PATH_KEY = "next_path"
"""Key in the login session of the path to continue with."""

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
    context: Context,
    name: str,
    provider: Provider,
    session: LoginSession,
    next_path: Annotated[str | None, Query(alias="next")] = None,
) -> Response:
    """Redirect the browser to the provider."""
    if not is_same_origin(context.request.scope, context.state.settings.public_url):
        # Other sites must not be able to start a login.
        return redirect_with_notice(url_for("login"))
    try:
        callback_url = absolute_url(context.request, url_for("oauth_callback", name=name))
        response = await provider.authorize_redirect(context.request, callback_url)
    except LoginError as error:
        return await render_login_error(context, session, name, error, next_path=session.get(NEXT_PATH_KEY))
    session[NEXT_PATH_KEY] = safe_next_path(next_path)
    bind_to_browser(session, context.viewer)
    response.headers["Cache-Control"] = "no-store"
    return response


@router.get("/login/{name}/back", name="oauth_callback")
async def finish_login(
    context: Context,
    name: str,
    provider: Provider,
    session: LoginSession,
    provider_error: Annotated[str | None, Query(alias="error")] = None,
) -> Response:
    """Log in the person whom the provider names."""
    next_path = safe_next_path(session.get(NEXT_PATH_KEY))
    if provider_error == "access_denied":
        session.clear()
        return redirect_with_notice(url_for("login"), "denied")
    try:
        subject = await provider.get_subject(context.request)
        login = VerifiedLogin(provider=provider.provider, subject=subject, next_path=next_path)
        return await complete_login(context, session, login)
    except LoginError as error:
        return await render_login_error(context, session, name, error, next_path=session.get(NEXT_PATH_KEY))
