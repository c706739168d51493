"""`/people/{name}`: somebody's shared looks, the styles in them, and a button to follow.

Who has no look on the board, or is banned, has a page for nobody but themselves.
"""

from uuid import UUID

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from core.conversation.narration import style_name
from core.db import follows, leaderboard, people
from core.db.people import Person
from leaderboard_web.dependencies import AppState
from leaderboard_web.pagination import TimeCursor, before_cursor
from leaderboard_web.parameters import person_path
from leaderboard_web.routing import PageRoute
from leaderboard_web.templating import render_page, request_language
from leaderboard_web.toggle import toggle_reaction
from leaderboard_web.view_models import build_card

PAGE_SIZE = 12
"""Looks on a page: whole rows of two, three and four."""
MAX_NAME_LENGTH = 40


def people_routes(site: AppState) -> APIRouter:
    """The pages of people."""
    router, memory, guests = APIRouter(route_class=PageRoute), site.memory, site.visitor_sessions

    # Names are written by people, and any character may be in one that came before there were rules for them.
    @router.get("/people/{name:path}", response_class=Response)
    async def page(request: Request, name: str) -> Response:
        """A page of somebody's looks, the latest shared first."""
        language, before = request_language(request), before_cursor(request)
        visitor = guests.session_key(request) or ""
        async with memory.database.connection() as connection:
            seen = (
                await leaderboard.get_person_for_viewer(connection, name, visitor) if _is_possible_name(name) else None
            )
            if seen is None:
                raise HTTPException(404)
            person, visit = seen
            found = await leaderboard.list_for_person(
                connection,
                person.id,
                limit=PAGE_SIZE + 1,
                after=(before.at, before.id) if before else None,
                viewer_key=visitor,
            )
            shown, rest = found[:PAGE_SIZE], found[PAGE_SIZE:]
            styles = await leaderboard.count_styles(connection, person.id)
        whole = sum(styles.values())
        own = visit.person_id == person.id
        if not own and (person.banned_at is not None or whole == 0):
            raise HTTPException(404)
        if person.name != name:
            return RedirectResponse(f"{person_path(person.name or '')}?{request.url.query}".rstrip("?"), 302)
        older = TimeCursor(at=at, id=shown[-1].look.id) if rest and (at := shown[-1].look.shared_at) else None
        return render_page(
            request,
            "person.html",
            name=person.name,
            path=person_path(person.name),
            own=own,
            followers=person.followers,
            following=person.following,
            followed=visit.is_following,
            styles=[
                (each, style_name(each, language), times, round(100 * times / whole)) for each, times in styles.items()
            ],
            looks_shared=whole,
            cards=[build_card(each, signer=memory.url_signer, language=language) for each in shown],
            first=before is None,
            more=f"{person_path(person.name)}?before={older.encode()}" if older else None,
        )

    @router.post("/people/{name:path}/follow", response_class=Response)
    async def follow(request: Request, name: str) -> Response:
        """Follow them; nobody follows themselves."""

        async def deed(connection: AsyncConnection, visitor: UUID) -> dict[str, int] | None:
            count = await follows.follow(connection, visitor, (await _find_visible_person(connection, name)).id)
            return None if count is None else {"count": count}

        return await toggle_reaction(site, request, deed, is_on=True, redirect_to=person_path(name))

    @router.post("/people/{name:path}/unfollow", response_class=Response)
    async def unfollow(request: Request, name: str) -> Response:
        """Follow them no longer, whether they still have a page or not."""

        async def deed(connection: AsyncConnection, visitor: UUID) -> dict[str, int] | None:
            person = await _find_person(connection, name)
            count = None if person is None else await follows.unfollow(connection, visitor, person.id)
            return None if count is None else {"count": count}

        return await toggle_reaction(site, request, deed, is_on=False, redirect_to=person_path(name))

    return router


async def _find_visible_person(connection: AsyncConnection, name: str) -> Person:
    """Who has this name, if everybody may see them.

    Raises:
        HTTPException: 404, nobody whom everybody may see.
    """
    person = await _find_person(connection, name)
    if person is None or person.banned_at is not None or not await leaderboard.count_styles(connection, person.id):
        raise HTTPException(404)
    return person


async def _find_person(connection: AsyncConnection, name: str) -> Person | None:
    return await people.get_by_display_name(connection, name) if _is_possible_name(name) else None


def _is_possible_name(name: str) -> bool:
    """Whether it can be anybody's."""
    return len(name) <= MAX_NAME_LENGTH and name.isprintable()
