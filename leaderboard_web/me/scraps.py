"""`/me/scraps`: looks of the board that a person keeps to find again, the latest kept first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from core.db import scraps
from leaderboard_web.cards import card
from leaderboard_web.me.owner import HISTORY, SECTION, owner, stranger
from leaderboard_web.moments import Moment, asked_moment
from leaderboard_web.pages import language_of, render
from leaderboard_web.routing import PageRoute

if TYPE_CHECKING:
    from leaderboard_web.site import Site

__all__ = ["scrap_routes"]

SCRAPS = f"{HISTORY}/scraps"
SHOWN = 12


def scrap_routes(site: Site) -> APIRouter:
    """The page."""
    router, memory = APIRouter(route_class=PageRoute), site.memory

    @router.get("/me/scraps", response_class=Response)
    async def page(request: Request) -> Response:
        """A page of one's scraps; what its owner took off the board is not there, until it is back."""
        language, before = language_of(request), asked_moment(request)
        async with memory.database.direct() as connection:
            me = await owner(site, connection, request)
            if me is None:
                return stranger(request)
            found = await scraps.of_person(
                connection,
                me.id,
                limit=SHOWN + 1,
                after=(before.at, before.id) if before else None,
                visitor=site.guests.key_of(request) or "",
            )
            shown, rest = found[:SHOWN], found[SHOWN:]
            looks = [each.shared for each in shown]
        older = Moment(at=shown[-1].created_at, id=shown[-1].shared.look.id) if rest else None
        return render(
            request,
            "me/scraps.html",
            section=SECTION,
            tab="scraps",
            cards=[card(each, links=memory.links, language=language) for each in looks],
            older=f"{SCRAPS}?before={older.as_text()}" if older else None,
        )

    return router
