"""`/people/{name}`: somebody's shared looks, the styles in them, and a button to follow.

Who has no look on the board, or is banned, has a page for nobody but themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from bot.voice import style_name
from core.db import boards, follows, people, visits
from leaderboard_web.addresses import person_path
from leaderboard_web.cards import card
from leaderboard_web.moments import Moment, asked_moment
from leaderboard_web.pages import language_of, render
from leaderboard_web.routing import PageRoute
from leaderboard_web.toggles import toggle

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncConnection

    from core.db.people import Person
    from leaderboard_web.site import Site

__all__ = ["people_routes"]

SHOWN = 12
"""Looks on a page: whole rows of two, three and four."""
LONGEST_NAME = 40


def people_routes(site: Site) -> APIRouter:
    """The pages of people."""
    router, memory, guests = APIRouter(route_class=PageRoute), site.memory, site.guests

    # Names are written by people, and any character may be in one that came before there were rules for them.
    @router.get("/people/{name:path}", response_class=Response)
    async def page(request: Request, name: str) -> Response:
        """A page of somebody's looks, the latest shared first."""
        language, before = language_of(request), asked_moment(request)
        visitor = guests.key_of(request) or ""
        async with memory.database.direct() as connection:
            seen = await visits.of_person(connection, name, visitor) if _may_be(name) else None
            if seen is None:
                raise HTTPException(404)
            person, visit = seen
            found = await boards.of_person(
                connection,
                person.id,
                limit=SHOWN + 1,
                after=(before.at, before.id) if before else None,
                visitor=visitor,
            )
            shown, rest = found[:SHOWN], found[SHOWN:]
            styles = await boards.styles_of(connection, person.id)
        whole = sum(styles.values())
        own = visit.person_id == person.id
        if not own and (person.banned_at is not None or whole == 0):
            raise HTTPException(404)
        if person.name != name:
            return RedirectResponse(f"{person_path(person.name or '')}?{request.url.query}".rstrip("?"), 302)
        older = Moment(at=at, id=shown[-1].look.id) if rest and (at := shown[-1].look.shared_at) else None
        return render(
            request,
            "person.html",
            name=person.name,
            path=person_path(person.name),
            own=own,
            followers=person.followers,
            following=person.following,
            followed=visit.follows,
            styles=[
                (each, style_name(each, language), times, round(100 * times / whole)) for each, times in styles.items()
            ],
            looks_shared=whole,
            cards=[card(each, links=memory.links, language=language) for each in shown],
            first=before is None,
            more=f"{person_path(person.name)}?before={older.as_text()}" if older else None,
        )

    @router.post("/people/{name:path}/follow", response_class=Response)
    async def follow(request: Request, name: str) -> Response:
        """Follow them; nobody follows themselves."""

        async def deed(connection: AsyncConnection, visitor: UUID) -> dict[str, int] | None:
            count = await follows.follow(connection, visitor, (await _seen(connection, name)).id)
            return None if count is None else {"count": count}

        return await toggle(site, request, deed, given=True, back=person_path(name))

    @router.post("/people/{name:path}/unfollow", response_class=Response)
    async def unfollow(request: Request, name: str) -> Response:
        """Follow them no longer, whether they still have a page or not."""

        async def deed(connection: AsyncConnection, visitor: UUID) -> dict[str, int] | None:
            person = await _named(connection, name)
            count = None if person is None else await follows.unfollow(connection, visitor, person.id)
            return None if count is None else {"count": count}

        return await toggle(site, request, deed, given=False, back=person_path(name))

    return router


async def _seen(connection: AsyncConnection, name: str) -> Person:
    """Who has this name, if everybody may see them.

    Raises:
        HTTPException: 404, nobody whom everybody may see.
    """
    person = await _named(connection, name)
    if person is None or person.banned_at is not None or not await boards.styles_of(connection, person.id):
        raise HTTPException(404)
    return person


async def _named(connection: AsyncConnection, name: str) -> Person | None:
    return await people.by_name(connection, name) if _may_be(name) else None


def _may_be(name: str) -> bool:
    """Whether it can be anybody's."""
    return len(name) <= LONGEST_NAME and name.isprintable()
