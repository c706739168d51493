"""`/login/telegram/...`: the callback of Telegram's login widget, and the page of the Mini App."""

import hmac
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Response
from fastapi.responses import JSONResponse

from core.db import one_time_tokens, people
from core.db.schema import IdentityProvider
from core.errors import LoginError, LoginRejectedError
from core.i18n.translations import negotiate_language
from leaderboard_web.auth.login_flow import (
    DEFAULT_NEXT_PATH,
    SingleUseProof,
    VerifiedLogin,
    complete_login,
    safe_next_path,
)
from leaderboard_web.auth.login_page import TELEGRAM_STATE_KEY, render_login_error
from leaderboard_web.auth.login_session import LoginRoute, LoginSession
from leaderboard_web.auth.telegram_signature import (
    MAX_AGE,
    MAX_CLOCK_SKEW,
    TelegramLogin,
    verify_init_data,
    verify_login_widget,
)
from leaderboard_web.dependencies import Context, State, Transaction
from leaderboard_web.middleware.security import extend_csp
from leaderboard_web.templating import render_page
from leaderboard_web.urls import url_for

TELEGRAM_WEB_ORIGIN = "https://web.telegram.org"
"""Telegram in the browser, which shows Mini Apps in frames."""
PROOF_LIFETIME = MAX_AGE + MAX_CLOCK_SKEW
"""How long a proof could be replayed at most."""

router = APIRouter(route_class=LoginRoute)


def get_bot_token(state: State) -> str:
    """The token of the bot, whose hash signs Telegram's data about a person.

    Raises:
        HTTPException: 404, Telegram is not configured.
    """
    if state.settings.telegram_token is None:
        raise HTTPException(404)
    return state.settings.telegram_token.get_secret_value()


BotToken = Annotated[str, Depends(get_bot_token)]


@router.get("/login/telegram/back/{login_state}", name="telegram_widget_callback")
async def finish_widget_login(
    context: Context, login_state: str, bot_token: BotToken, session: LoginSession
) -> Response:
    """Log in the person whom Telegram's widget names, if this browser started the login.

    All query parameters are Telegram's.
    """
    stored = session.pop(TELEGRAM_STATE_KEY, None) or {}
    try:
        if not hmac.compare_digest(login_state.encode(), str(stored.get("state", "")).encode()):
            raise LoginRejectedError("state")
        login = verify_login_widget(context.request.query_params.multi_items(), bot_token)
        return await complete_login(
            context,
            session,
            VerifiedLogin(
                provider=IdentityProvider.TELEGRAM,
                subject=login.user_id,
                next_path=safe_next_path(stored.get("next_path")),
            ),
            proof=SingleUseProof(text=_proof_text(login), lifetime=PROOF_LIFETIME),
        )
    except LoginError as error:
        return await render_login_error(context, session, "telegram", error, next_path=stored.get("next_path"))


@router.get("/login/telegram/app", name="telegram_mini_app", dependencies=[Depends(get_bot_token)])
async def telegram_mini_app(context: Context) -> Response:
    """The page that Telegram opens as a Mini App; its script posts Telegram's signed data.

    It is the only page that another site may show in a frame. In Telegram Web, the login continues in a new tab:
    browsers send our cookies to no frame, and the other pages forbid frames.
    """
    response = render_page(
        context,
        "auth/telegram_mini_app.html",
        section="login",
        bot_username=context.state.settings.telegram_bot_username,
        frame_origin=TELEGRAM_WEB_ORIGIN,
    )
    extend_csp(response, {"frame-ancestors": [TELEGRAM_WEB_ORIGIN]})
    return response


@router.post("/login/telegram/app", name="telegram_mini_app_login")
async def start_mini_app_login(
    context: Context, bot_token: BotToken, connection: Transaction, init_data: Annotated[str, Form()] = ""
) -> JSONResponse:
    """Return the path to continue with: a magic link, whose page asks for confirmation.

    Any site could make a browser open the page of the Mini App with the site's own data.

    Raises:
        LoginRejectedError: the data is invalid or was used before.
    """
    login = verify_init_data(init_data, bot_token)
    person_language = context.language if login.language is None else negotiate_language(login.language)
    person = await people.get_or_create_by_identity(
        connection, IdentityProvider.TELEGRAM, login.user_id, language=person_language
    )
    if await context.viewer.get_person_id(connection) == person.id:
        return JSONResponse({"next": DEFAULT_NEXT_PATH})
    if not await one_time_tokens.record_used_proof(connection, _proof_text(login), person.id, lifetime=PROOF_LIFETIME):
        raise LoginRejectedError("proof used before")
    token = await one_time_tokens.create(connection, person.id)
    return JSONResponse({"next": url_for("magic_link", token=token)}, headers={"Cache-Control": "no-store"})


def _proof_text(login: TelegramLogin) -> str:
    return f"telegram {login.signature}"
