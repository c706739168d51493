"""`/login/join`: what a visitor has, and whether it becomes part of the account that a verified login opens.

See ADR 0013.
"""

from typing import Annotated, Literal

import structlog
from fastapi import APIRouter, Form, Request, Response

from core.conversation.display_names import display_name
from core.conversation.narration import error_message
from core.db import account_merge, people
from core.errors import LoginRejectedError
from core.i18n.translations import Language
from core.services import accounts
from leaderboard_web.auth.login_flow import confirm_login, get_pending_login
from leaderboard_web.auth.login_page import render_login_page
from leaderboard_web.auth.login_session import LoginRoute, LoginSession, SessionData
from leaderboard_web.dependencies import AppState, Db, Lang, State, Viewer
from leaderboard_web.errors import status_for
from leaderboard_web.redirects import redirect_with_notice
from leaderboard_web.templating import render_page
from leaderboard_web.urls import url_for
from leaderboard_web.viewer import ViewerSession

log = structlog.get_logger()
router = APIRouter(route_class=LoginRoute)


@router.get("/login/join", name="confirm_login")
async def confirmation_page(
    request: Request, session: LoginSession, connection: Db, viewer: Viewer, language: Lang
) -> Response:
    """Show both sides of a verified login, and ask."""
    visitor = await viewer.get_person(connection)
    try:
        pending = get_pending_login(session)
    except LoginRejectedError:
        return redirect_with_notice(url_for("login"))
    if visitor is None:
        return redirect_with_notice(url_for("login"))
    owner = await people.get_by_identity(connection, pending.provider, pending.subject)
    identities = await people.list_identities(connection, visitor.id)
    return render_page(
        request,
        "auth/confirm_login.html",
        language,
        section="login",
        method=accounts.get_login_method(pending.provider),
        owner_name=owner and display_name(owner.id, owner.name, language),
        visitor_name=display_name(visitor.id, visitor.name, language),
        chosen_name=visitor.name,
        content=await account_merge.count_content(connection, visitor.id),
        linked=tuple(accounts.find_linked_logins(identities)),
        is_erased_without=len(identities) == 1,
    )


@router.post("/login/join", name="answer_login_confirmation")
async def answer(
    request: Request,
    session: LoginSession,
    viewer: Viewer,
    language: Lang,
    state: State,
    do: Annotated[Literal["join", "apart", "cancel"], Form()],
) -> Response:
    """Complete the login with what the visitor has or without it, or drop the login.

    Raises:
        StorageUnavailableError: the visitor's images cannot be deleted; nothing was done.
        PersonNotFoundError: one of the two was erased in this moment.
    """
    if do == "cancel":
        session.clear()
        return redirect_with_notice(url_for("login"), "denied")
    try:
        return await confirm_login(state, viewer, session, joins=do == "join", language=language)
    except LoginRejectedError as error:
        return await _render_refusal(request, state, viewer, session, language, error)


async def _render_refusal(
    request: Request,
    state: AppState,
    viewer: ViewerSession,
    session: SessionData,
    language: Language,
    error: LoginRejectedError,
) -> Response:
    """The login page with the reason why the login was not completed.

    Args:
        request: of the form.
        state: of the application.
        viewer: session of the browser.
        session: the login that the browser has started.
        language: of the page.
        error: the reason.
    """
    log.info("login_refused", method="confirmation", error=type(error).__name__, detail=error.detail)
    return await render_login_page(
        request, state, viewer, session, language, status=int(status_for(error)), error=error_message(error, language)
    )
