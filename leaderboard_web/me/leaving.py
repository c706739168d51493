"""`/me/forget`: everything of a person is deleted, after they were asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from core.retention import forget
from leaderboard_web.me.owner import HISTORY, SECTION, owner, stranger
from leaderboard_web.pages import render
from leaderboard_web.redirects import redirect_with_notice
from leaderboard_web.routing import PageRoute

if TYPE_CHECKING:
    from leaderboard_web.site import Site

__all__ = ["leaving_routes"]


def leaving_routes(site: Site) -> APIRouter:
    """The question, the deed and the goodbye."""
    router, memory, guests = APIRouter(route_class=PageRoute), site.memory, site.guests

    @router.get("/me/forget", response_class=Response)
    async def ask(request: Request) -> Response:
        """Ask before anything is deleted."""
        async with memory.database.autocommit() as connection:
            me = await owner(site, connection, request)
        return stranger(request) if me is None else render(request, "me/forget.html", section=SECTION, look=None)

    @router.post("/me/forget", response_class=Response)
    async def leave(request: Request) -> Response:
        """Delete it all, in every chat of the same person too, and let the browser forget who it was.

        Raises:
            StorageUnavailable: the pictures cannot be reached; nothing was deleted.
        """
        async with memory.database.autocommit() as connection:
            me = await owner(site, connection, request)
        if me is not None:
            await forget(memory, me.id)
        answer = redirect_with_notice(f"{HISTORY}/goodbye")
        guests.part(answer)
        return answer

    @router.get("/me/goodbye", response_class=Response)
    async def goodbye(request: Request) -> Response:
        """What Eva says at the end."""
        return render(request, "me/goodbye.html", section=SECTION)

    return router
