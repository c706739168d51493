"""`/login/join`: what a visitor has, and whether it becomes part of the account that a verified login opens.

See ADR 0013.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Response

from core.conversation.display_names import display_name
from core.db import account_merge, one_time_tokens, people
from core.db.identities import list_identities
from core.db.one_time_tokens import TokenKind
from core.errors import LoginRejectedError
from core.services import accounts
from leaderboard_web.auth.login_flow import cancel_login, confirm_login, get_pending_login
from leaderboard_web.auth.login_page import render_login_error
from leaderboard_web.auth.login_session import LoginRoute, LoginSession
from leaderboard_web.dependencies import Context, Db
from leaderboard_web.redirects import redirect_with_notice
from leaderboard_web.templating import render_page
from leaderboard_web.urls import url_for

router = APIRouter(route_class=LoginRoute)


@router.get("/login/join", name="confirm_login")
async def confirmation_page(context: Context, session: LoginSession, connection: Db) -> Response:
    """Show both sides of a verified login, and ask."""
    visitor = await context.viewer.get_person(connection)
    try:
        pending = get_pending_login(session)
    except LoginRejectedError:
        return redirect_with_notice(url_for("login"))
    if visitor is None or await one_time_tokens.get_person_id(connection, pending.id, TokenKind.PENDING_LOGIN) is None:
        return redirect_with_notice(url_for("login"))
    owner = await people.get_by_identity(connection, pending.provider, pending.subject)
    identities = await list_identities(connection, visitor.id)
    return render_page(
        context,
        "auth/confirm_login.html",
        section="login",
        method=accounts.get_login_method(pending.provider),
        owner_name=owner and display_name(owner.id, owner.name, context.language),
        visitor_name=display_name(visitor.id, visitor.name, context.language),
        chosen_name=visitor.name,
        content=await account_merge.count_content(connection, visitor.id),
        linked=tuple(accounts.find_linked_logins(identities)),
        is_erased_without=len(identities) == 1,
    )


@router.post("/login/join", name="answer_login_confirmation")
async def answer(
    context: Context, session: LoginSession, do: Annotated[Literal["join", "apart", "cancel"], Form()]
) -> Response:
    """Complete the login with what the visitor has or without it, or drop the login.

    Raises:
        StorageUnavailableError: the visitor's images cannot be deleted; nothing was done.
        PersonNotFoundError: one of the two was erased in this moment.
    """
    if do == "cancel":
        await cancel_login(context, session)
        return redirect_with_notice(url_for("login"), "denied")
    try:
        return await confirm_login(context, session, joins=do == "join")
    except LoginRejectedError as error:
        return await render_login_error(context, session, "confirmation", error)
