"""`/login/link/{token}`: log in with a one-time link that Eva sent in a chat.

GET only asks for confirmation: messengers fetch links for previews, and a person who follows a link of another person
sees whose account it opens. The anonymous visitor of the browser is merged only on request.
"""

from typing import Annotated

from fastapi import APIRouter, Form, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from core.conversation.display_names import display_name
from core.db import account_merge, one_time_tokens, people
from core.db.identities import list_identities
from core.errors import LoginRejectedError
from core.urls import LOGIN_LINK_PATH
from leaderboard_web.auth.login_flow import DEFAULT_NEXT_PATH, erase_unreachable_visitor, redirect_with_session
from leaderboard_web.dependencies import Context, RequestContext, Transaction
from leaderboard_web.redirects import redirect_with_notice
from leaderboard_web.templating import render_page
from leaderboard_web.urls import PageRoute

router = APIRouter(route_class=PageRoute)


@router.get(f"{LOGIN_LINK_PATH}/{{token}}", name="magic_link")
async def confirm_magic_link(context: Context, token: str, connection: Transaction) -> Response:
    """Show whose account the link opens, and ask for confirmation."""
    person_id = await one_time_tokens.get_person_id(connection, token)
    person = None if person_id is None else await people.get(connection, person_id)
    if person is None:
        return await _refuse(context, connection)
    visitor = await context.viewer.get_person(connection)
    if visitor is not None and visitor.id == person.id:
        return redirect_with_notice(DEFAULT_NEXT_PATH)
    has_content = has_logins = False
    content = None
    if visitor is not None:
        has_content = not await account_merge.has_no_content(connection, visitor.id)
        content = await account_merge.count_content(connection, visitor.id)
        identities = await list_identities(connection, visitor.id)
        has_logins = len(identities) > 1
    return render_page(
        context,
        "auth/magic_link.html",
        section="login",
        display_name=display_name(person.id, person.name, context.language),
        visitor_name=visitor and display_name(visitor.id, visitor.name, context.language),
        chosen_name=visitor and visitor.name,
        content=content,
        has_content=has_content,
        has_logins=has_logins,
    )


@router.post(f"{LOGIN_LINK_PATH}/{{token}}", name="use_magic_link")
async def use_magic_link(context: Context, token: str, bring: Annotated[str | None, Form()] = None) -> Response:
    """Log in; with the field `bring`, the visitor of this browser is merged into the person.

    Raises:
        StorageUnavailableError: the visitor's images cannot be deleted; nothing was done.
        PersonNotFoundError: one of the two was erased in this moment.
    """
    async with context.state.resources.database.transaction() as connection:
        person_id = await one_time_tokens.get_person_id(connection, token)
        if person_id is None:
            return await _refuse(context, connection)
        visitor_id = await context.viewer.get_person_id(connection)
    if bring is None:
        await erase_unreachable_visitor(context, unless=person_id)
    try:
        async with context.state.resources.database.transaction() as connection:
            # People are locked before what belongs to them, as an erasure does.
            if visitor_id is not None and visitor_id != person_id and bring is not None:
                await account_merge.merge_people(connection, source=visitor_id, target=person_id)
            else:
                await people.lock(connection, person_id)
            if await one_time_tokens.consume(connection, token) != person_id:
                raise LoginRejectedError("link used before")
            await context.viewer.start(connection, person_id)
    except LoginRejectedError:
        async with context.state.resources.database.connection() as connection:
            return await _refuse(context, connection)
    return redirect_with_session(context.viewer, DEFAULT_NEXT_PATH)


async def _refuse(context: RequestContext, connection: AsyncConnection) -> Response:
    """Answer a used, expired or invented token, without saying which it is; who is logged in reads who they are."""
    owner = await context.viewer.get_owner(connection)
    if owner is not None and not owner.is_anonymous:
        return redirect_with_notice(DEFAULT_NEXT_PATH, "link")
    return render_page(context, "auth/link_expired.html", status=410, section="login")
