"""`/try`: one shows Eva a photo, she answers and remembers, as in the messengers; one decides what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import FileResponse

from leaderboard_web.room import TRY, Room
from leaderboard_web.routing import PageRoute

if TYPE_CHECKING:
    from leaderboard_web.site import Site

__all__ = ["chat_routes"]


def chat_routes(site: Site) -> APIRouter:
    """The page, its three forms, and the samples for people who have no photo at hand."""
    router, room = APIRouter(route_class=PageRoute), Room(site)

    @router.get(TRY, response_class=Response)
    async def page(request: Request) -> Response:
        """The conversation so far: about the latest look, or Eva's greeting."""
        return await room.page(request)

    @router.post(TRY, response_class=Response)
    async def show(request: Request) -> Response:
        """A photo: `photo` or `camera`, or `sample`; with `guess`, Eva asks before she tells."""
        return await room.reply(request, room.show)

    @router.post(f"{TRY}/words", response_class=Response)
    async def hear(request: Request) -> Response:
        """Words."""
        return await room.reply(request, room.hear)

    @router.post(f"{TRY}/act", response_class=Response)
    async def press(request: Request) -> Response:
        """A button under a look: `look`, and `do` as verb or verb and style."""
        return await room.reply(request, room.press)

    @router.get("/samples/{name}.jpg", response_class=FileResponse)
    async def sample(name: str) -> FileResponse:
        """A sample picture."""
        if name not in room.samples:
            raise HTTPException(404)
        return FileResponse(site.samples / f"{name}.jpg")

    return router
