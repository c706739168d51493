"""`/login/link/...`: the way from a chat to a person's own page, by a link that works once.

A GET only asks: messengers fetch every link for a preview, and whoever follows one that somebody else sent should
read whose page it opens. What the browser did before comes along only if that is asked for.
"""

from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from core.conversation.display_names import display_name
from core.conversation.service import LOGIN_LINK_PATH
from core.db import account_merge, one_time_tokens, people
from core.db.schema import IdentityProvider
from core.services.retention import erase_person
from leaderboard_web.auth.login_flow import DEFAULT_NEXT_PATH, redirect_with_session
from leaderboard_web.dependencies import AppState
from leaderboard_web.forms import read_urlencoded
from leaderboard_web.language import request_language
from leaderboard_web.redirects import redirect_with_notice
from leaderboard_web.routing import PageRoute
from leaderboard_web.templating import render_page

GONE = 410


def magic_link_routes(state: AppState) -> APIRouter:
    """The question and the deed."""
    router, memory, guests = APIRouter(route_class=PageRoute), state.resources, state.visitor_sessions

    @router.get(f"{LOGIN_LINK_PATH}/{{token}}", response_class=Response)
    async def ask(request: Request, token: str) -> Response:
        """Say whose page it is, and ask."""
        language = request_language(request)
        async with memory.database.transaction() as connection:
            person_id = await one_time_tokens.get_person_id(connection, token)
            person = None if person_id is None else await people.get(connection, person_id)
            if person is None:
                return render_expired(request)
            visitor = await guests.get_person_id(connection, request)
            if visitor == person.id:
                return redirect_with_notice(DEFAULT_NEXT_PATH)
            other = None if visitor is None else await people.get(connection, visitor)
            has_things = other is not None and not await account_merge.has_no_content(connection, other.id)
            has_logins = other is not None and await _has_logins(connection, other.id)
        return render_page(
            request,
            "login/link.html",
            request_language(request),
            section="login",
            name=display_name(person.id, person.name, language),
            other=None if other is None else display_name(other.id, other.name, language),
            has_things=has_things,
            has_logins=has_logins,
        )

    @router.post(f"{LOGIN_LINK_PATH}/{{token}}", response_class=Response)
    async def enter(request: Request, token: str) -> Response:
        """Log in; the field `bring` makes what the visitor did here this person's.

        Raises:
            StorageUnavailableError: what was to be left behind cannot be deleted; nothing was done.
            PersonNotFoundError: somebody was forgotten this moment.
        """
        bring = "bring" in await read_urlencoded(request)
        async with memory.database.transaction() as connection:
            person_id = await one_time_tokens.get_person_id(connection, token)
            visitor = await guests.get_person_id(connection, request)
            other = visitor if visitor != person_id else None
            left = other is not None and not bring and len(await people.list_identities(connection, other)) == 1
        if person_id is None:
            return render_expired(request)
        if left and other is not None:
            # Nobody could ever come back to it, and so nobody could ever delete it.
            await erase_person(memory, other)
        async with memory.database.transaction() as connection:
            person_id = await one_time_tokens.consume(connection, token)
            if person_id is None:
                return render_expired(request)
            if other is not None and bring:
                await account_merge.merge_people(connection, source=other, target=person_id)
            session = await guests.start_session(connection, request, person_id)
        return redirect_with_session(state, request, session, next_path=DEFAULT_NEXT_PATH)

    return router


def render_expired(request: Request) -> Response:
    """What is to be said about a link that was used, or is too old, or never was one: which, nobody is told."""
    return render_page(request, "login/over.html", request_language(request), status=GONE, section="login")


async def _has_logins(connection: AsyncConnection, person_id: UUID) -> bool:
    return any(
        each.provider is not IdentityProvider.WEB for each in await people.list_identities(connection, person_id)
    )
