"""`/me`: everything that a person ever showed to Eva, the newest first, and what they can do about each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from bot.names import made_up
from bot.voice import style_name
from core.db import looks
from leaderboard_web.me.own import own
from leaderboard_web.me.owner import HISTORY, SECTION, owner, stranger
from leaderboard_web.moments import Moment, asked_moment
from leaderboard_web.pages import language_of, render
from leaderboard_web.redirects import notice_from_query
from leaderboard_web.routing import PageRoute

if TYPE_CHECKING:
    from leaderboard_web.site import Site

__all__ = ["history_routes"]

SHOWN = 12
SAID = {"deleted": "me.deleted"}


def history_routes(site: Site) -> APIRouter:
    """The page."""
    router, memory = APIRouter(route_class=PageRoute), site.memory

    @router.get("/me", response_class=Response)
    async def history(request: Request) -> Response:
        """A page of one's looks, private ones too."""
        language, before = language_of(request), asked_moment(request)
        async with memory.database.autocommit() as connection:
            me = await owner(site, connection, request)
            if me is None:
                return stranger(request)
            found = await looks.of_person(
                connection, me.id, limit=SHOWN + 1, before=(before.at, before.id) if before else None
            )
            styles = await looks.styles_of(connection, me.id) if before is None else {}
        shown, rest = found[:SHOWN], found[SHOWN:]
        older = Moment(at=shown[-1].created_at, id=shown[-1].id) if rest else None
        # Who guesses first is not told by the way what she saw most.
        favourite = None if me.guesses_first else next(iter(styles), None)
        return render(
            request,
            "me/history.html",
            section=SECTION,
            tab="history",
            name=me.name or made_up(me.id, language),
            looks=[own(each, memory, language) for each in shown],
            first=before is None,
            favourite=style_name(favourite, language) if favourite else None,
            older=f"{HISTORY}?before={older.as_text()}" if older else None,
            says=notice_from_query(request, SAID),
        )

    return router
