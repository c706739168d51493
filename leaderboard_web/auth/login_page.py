"""`/login`: the available logins, the linked logins of the person, and logout."""

import secrets
from typing import Annotated, Literal
from uuid import UUID

import structlog
from fastapi import APIRouter, Form, HTTPException, Query, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from core.conversation.display_names import display_name
from core.conversation.narration import error_message
from core.db import account_merge, people
from core.db.identities import list_identities
from core.db.schema import IdentityProvider
from core.errors import LoginError
from core.seoul_time import SEOUL
from core.services import accounts
from core.services.accounts import LOGIN_METHODS
from core.services.deletion import erase_person
from leaderboard_web.auth.login_flow import DEFAULT_NEXT_PATH, connected_path, safe_next_path
from leaderboard_web.auth.login_session import LoginRoute, LoginSession, SessionData, bind_to_browser
from leaderboard_web.dependencies import Context, RequestContext, Transaction
from leaderboard_web.errors import status_for
from leaderboard_web.middleware.security import extend_csp
from leaderboard_web.redirects import NoticeQuery, redirect_with_notice
from leaderboard_web.templating import render_page
from leaderboard_web.urls import absolute_url, url_for
from leaderboard_web.viewer import ViewerSession, leave_browser

TELEGRAM_STATE_KEY = "telegram"
"""Key in the login session of the `state` of Telegram's widget and the path to continue with."""
WIDGET_SCRIPT = "https://telegram.org/js/telegram-widget.js?22"
WIDGET_SOURCES = {"script-src": ["https://telegram.org"], "frame-src": ["https://oauth.telegram.org"]}
LOGIN_NOTICES = {
    notice: f"login.said.{notice}" for notice in ("out", "everywhere", "connected", "disconnected", "denied")
}
"""Translation keys of the notices."""

Confirmation = Annotated[str | None, Form(alias="sure")]
"""Set when the person has confirmed that everything is deleted."""

log = structlog.get_logger()
router = APIRouter(route_class=LoginRoute)


@router.get("/login", name="login")
async def login_page(
    context: Context,
    session: LoginSession,
    next_path: Annotated[str | None, Query(alias="next")] = None,
    notice: NoticeQuery = "",
) -> Response:
    """The login page."""
    return await render_login_page(context, session, next_path=next_path, notice=notice)


@router.post("/login/out", name="log_out")
async def log_out(context: Context, confirmation: Confirmation = None) -> Response:
    """Log out this browser; a person without another login has to confirm, since their data is deleted."""
    return await _end_sessions(context, "out", is_confirmed=confirmation is not None)


@router.post("/login/everywhere", name="log_out_everywhere")
async def log_out_everywhere(context: Context, confirmation: Confirmation = None) -> Response:
    """Log out all browsers of the person."""
    return await _end_sessions(context, "everywhere", is_confirmed=confirmation is not None)


@router.post("/login/disconnect/{method}", name="unlink_login")
async def unlink_login(
    context: Context, method: str, connection: Transaction, confirmation: Confirmation = None
) -> Response:
    """Unlink a login; the last one has to be confirmed.

    Raises:
        HTTPException: 404, for an unknown method.
    """
    if method not in LOGIN_METHODS:
        raise HTTPException(404)
    person_id = await _lock_person(connection, context.viewer)
    if person_id is None:
        return redirect_with_notice(url_for("login"))
    linked = accounts.find_linked_logins(await list_identities(connection, person_id))
    if set(linked) == {method} and confirmation is None:
        return _render_confirmation(context, "disconnect", method)
    await accounts.unlink_login(connection, person_id, method)
    return redirect_with_notice(url_for("login"), "disconnected")


async def render_login_page(
    context: RequestContext,
    session: SessionData,
    *,
    next_path: str | None = None,
    notice: str = "",
    error: LoginError | None = None,
) -> Response:
    """The login page, also after a failed login.

    Args:
        context: of the request.
        session: the login that the browser has started.
        next_path: where a login leads; None for the default.
        notice: one of `LOGIN_NOTICES`; empty for none.
        error: why a login failed, shown instead of a notice.
    """
    async with context.state.resources.database.transaction() as connection:
        person = await context.viewer.get_person(connection)
        identities = [] if person is None else await list_identities(connection, person.id)
    linked_since = {
        method: identity.created_at.astimezone(SEOUL).date()
        for method, identity in accounts.find_linked_logins(identities).items()
    }
    default_path = connected_path() if linked_since else DEFAULT_NEXT_PATH
    next_path = safe_next_path(next_path, default_path)
    state = context.state
    widget_bot = None if "telegram" in linked_since else state.widget_bot
    response = render_page(
        context,
        "auth/login.html",
        status=200 if error is None else int(status_for(error)),
        section="login",
        person=person,
        display_name=person and display_name(person.id, person.name, context.language),
        linked_since=linked_since,
        methods=[method for method in state.login_methods if method not in linked_since],
        chats=[chat for chat in state.login_chats if chat not in linked_since],
        next_path=next_path,
        widget=_telegram_widget(context, session, widget_bot, next_path) if widget_bot else None,
        notice_key=LOGIN_NOTICES.get(notice),
        error=error and error_message(error, context.language),
    )
    if widget_bot:
        extend_csp(response, WIDGET_SOURCES, allow_popups=True)
    return response


async def render_login_error(
    context: RequestContext, session: SessionData, method: str, error: LoginError, *, next_path: str | None = None
) -> Response:
    """The login page with the reason why a login failed.

    Args:
        context: of the request.
        session: the login that the browser has started.
        method: of the login, for the log.
        error: the reason.
        next_path: where a login leads; None for the default.
    """
    log.info("login_refused", method=method, error=type(error).__name__, detail=error.detail)
    return await render_login_page(context, session, next_path=next_path, error=error)


def _telegram_widget(context: RequestContext, session: SessionData, bot: str, next_path: str) -> dict[str, str]:
    """The attributes of Telegram's login button; the `state` in its callback URL binds the login to this browser."""
    stored = session.get(TELEGRAM_STATE_KEY) or {"state": secrets.token_urlsafe(16)}
    session[TELEGRAM_STATE_KEY] = {**stored, "next_path": next_path}
    bind_to_browser(session, context.viewer)
    callback_url = absolute_url(context.request, url_for("telegram_widget_callback", login_state=stored["state"]))
    return {"script": WIDGET_SCRIPT, "bot": bot, "callback_url": callback_url}


async def _end_sessions(
    context: RequestContext, scope: Literal["out", "everywhere"], *, is_confirmed: bool
) -> Response:
    """End this session or all sessions of a person; erase the person if no login would be left."""
    async with context.state.resources.database.transaction() as connection:
        person_id = await _lock_person(connection, context.viewer)
        identities = [] if person_id is None else await list_identities(connection, person_id)
        ended = {identity.subject for identity in identities if identity.provider is IdentityProvider.WEB}
        if scope == "out":
            ended &= {context.viewer.key}
        is_last_login = len(ended) == len(identities)
        if person_id is not None and not is_last_login:
            await _end_sessions_of_scope(connection, person_id, context.viewer, scope)
        elif (
            person_id is not None and not is_confirmed and not await account_merge.has_no_content(connection, person_id)
        ):
            return _render_confirmation(context, scope)
    is_erased = False
    if person_id is not None and is_last_login:
        # The person could never log in again to erase the data: erase it now, unless they have just connected a login.
        is_erased = await erase_person(context.state.resources, person_id, only_visitor=True)
        if not is_erased:
            async with context.state.resources.database.transaction() as connection:
                # The login may have joined the person with another one.
                person_id = await _lock_person(connection, context.viewer)
                if person_id is not None:
                    await _end_sessions_of_scope(connection, person_id, context.viewer, scope)
    if is_erased and is_confirmed:
        response = redirect_with_notice(url_for("account_erased"))
    else:
        response = redirect_with_notice(url_for("login"), scope)
    leave_browser(response)
    return response


async def _end_sessions_of_scope(
    connection: AsyncConnection, person_id: UUID, viewer: ViewerSession, scope: Literal["out", "everywhere"]
) -> None:
    if scope == "everywhere":
        await accounts.end_all_sessions(connection, person_id)
    elif viewer.key:
        await accounts.end_session(connection, viewer.key)


def _render_confirmation(
    context: RequestContext, operation: Literal["out", "everywhere", "disconnect"], method: str | None = None
) -> Response:
    return render_page(context, "auth/confirm_logout.html", section="login", operation=operation, method=method)


async def _lock_person(connection: AsyncConnection, viewer: ViewerSession) -> UUID | None:
    """The id of the viewer's person, locked against concurrent changes of their identities."""
    person_id = await viewer.get_person_id(connection)
    return person_id if person_id is not None and await people.lock(connection, person_id) else None
