"""`/login/telegram`: people come back from Telegram's login widget here, or open this as a Mini App."""

import hmac

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from core.conversation.narration import error_message
from core.conversation.service import LOGIN_LINK_PATH
from core.db import one_time_tokens, people
from core.db.schema import IdentityProvider
from core.errors import LoginError, LoginRejectedError
from core.i18n.translations import negotiate_language
from leaderboard_web.auth.login_flow import DEFAULT_NEXT_PATH, complete_login, safe_next_path
from leaderboard_web.auth.login_page import LOGIN_PATH, TELEGRAM_STATE_KEY, LoginPage
from leaderboard_web.auth.telegram_signature import MAX_AGE, MAX_CLOCK_SKEW, verify_init_data, verify_login_widget
from leaderboard_web.dependencies import AppState
from leaderboard_web.errors import status_for
from leaderboard_web.forms import read_urlencoded
from leaderboard_web.language import request_language
from leaderboard_web.middleware.csp import extend_csp
from leaderboard_web.routing import PageRoute
from leaderboard_web.templating import render_page

log = structlog.get_logger()

TELEGRAM_WEB_ORIGIN = "https://web.telegram.org"
"""Telegram in a browser, which shows Mini Apps in frames."""
PROOF_LIFETIME = MAX_AGE + MAX_CLOCK_SKEW
"""How long a proof could be shown again, at most."""


def telegram_login_routes(app_state: AppState, page: LoginPage) -> APIRouter:
    """The two ways in; without a token of a bot's there is none."""
    router, memory, guests = APIRouter(route_class=PageRoute), app_state.resources, app_state.visitor_sessions
    if app_state.settings.telegram_token is None:
        return router
    token = app_state.settings.telegram_token.get_secret_value()

    @router.get(f"{LOGIN_PATH}/telegram/back/{{state}}", response_class=Response)
    async def back(request: Request, state: str) -> Response:
        """Let in whom Telegram's widget vouches for, if this browser asked it to: all parameters are Telegram's."""
        kept = request.session.pop(TELEGRAM_STATE_KEY, None) or {}
        try:
            if not hmac.compare_digest(state.encode(), str(kept.get("state", "")).encode()):
                raise LoginRejectedError("state")
            proof = verify_login_widget(request.query_params.multi_items(), token)
            once = f"telegram {proof.signature}", PROOF_LIFETIME
            return await complete_login(
                app_state,
                request,
                IdentityProvider.TELEGRAM,
                proof.user_id,
                next_path=safe_next_path(kept.get("on")),
                used_proof=once,
            )
        except LoginError as error:
            log.info("login refused", by="telegram", error=type(error).__name__, detail=error.detail)
            sentence = error_message(error, request_language(request))
            return await page.render(request, next_path=kept.get("on"), status=int(status_for(error)), error=sentence)

    @router.get(f"{LOGIN_PATH}/telegram/app", response_class=Response)
    async def app(request: Request) -> Response:
        """The page that Telegram opens as a Mini App; its script brings what Telegram gave it.

        It is the only page that somebody else may frame. Where Telegram Web does, the way goes on in a tab of its own:
        the browser gives our cookies to no frame, and the pages that the link leads to may be in none.
        """
        page = render_page(
            request,
            "login/app.html",
            request_language(request),
            section="login",
            bot=app_state.settings.telegram_bot_username,
            frame=TELEGRAM_WEB_ORIGIN,
        )
        extend_csp(page, {"frame-ancestors": [TELEGRAM_WEB_ORIGIN]})
        return page

    @router.post(f"{LOGIN_PATH}/telegram/app", response_class=JSONResponse)
    async def enter(request: Request) -> JSONResponse:
        """Where to go on, for the field `init_data`.

        That is a page which asks first: anybody can make a browser open a Mini App's page with what is theirs.

        Raises:
            LoginRejectedError: it does not prove anything, or was used before.
        """
        proof = verify_init_data((await read_urlencoded(request)).get("init_data", ""), token)
        language = request_language(request) if proof.language is None else negotiate_language(proof.language)
        async with memory.database.transaction() as connection:
            person = await people.get_or_create_by_identity(
                connection, IdentityProvider.TELEGRAM, proof.user_id, language=language
            )
            if await guests.get_person_id(connection, request) == person.id:
                return JSONResponse({"next": DEFAULT_NEXT_PATH})
            if not await one_time_tokens.record_used_proof(
                connection, f"telegram {proof.signature}", person.id, lifetime=PROOF_LIFETIME
            ):
                raise LoginRejectedError("used before")
            link = await one_time_tokens.create(connection, person.id)
        return JSONResponse({"next": f"{LOGIN_LINK_PATH}/{link}"}, headers={"Cache-Control": "no-store"})

    return router
