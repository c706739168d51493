"""What an owner does with a look of theirs: take it off the board, or delete it after being asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from bot.voice import style_name
from core.db import looks
from core.retention import delete_look
from leaderboard_web.addresses import as_id, look_path
from leaderboard_web.pages import language_of, render
from leaderboard_web.pictures import picture_path

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from core.db.looks import Look
    from leaderboard_web.site import Site

__all__ = ["owner_routes"]

HOME = "/me"
"""Where owners go on from a look that is no longer there."""


def owner_routes(site: Site) -> APIRouter:
    """The forms; for everybody else they do not exist."""
    router, memory = APIRouter(), site.memory

    @router.post("/looks/{look_id}/unshare", response_class=Response)
    async def unshare(request: Request, look_id: str) -> Response:
        """Take it off the board."""
        async with memory.database.begin() as connection:
            look = await own(connection, request, look_id)
            await looks.unshare(connection, look.id)
        return RedirectResponse(HOME, 303)

    @router.get("/looks/{look_id}/delete", response_class=Response)
    async def ask(request: Request, look_id: str) -> Response:
        """Ask whether it shall be deleted."""
        async with memory.database.begin() as connection:
            look = await own(connection, request, look_id)
        language = language_of(request)
        return render(
            request,
            "delete.html",
            section="me",
            look=look,
            style_name=style_name(look.verdict.style, language),
            photo=None if look.photo_key is None else picture_path(memory.links, look.photo_key),
            back=look_path(look.id) if look.on_board else HOME,
        )

    @router.post("/looks/{look_id}/delete", response_class=Response)
    async def delete(request: Request, look_id: str) -> Response:
        """Delete it with its pictures, hearts, scraps and reports.

        Raises:
            StorageUnavailable: the pictures cannot be reached; nothing was deleted.
        """
        async with memory.database.begin() as connection:
            look = await own(connection, request, look_id)
        await delete_look(memory, look.id)
        return RedirectResponse(HOME, 303)

    async def own(connection: AsyncConnection, request: Request, look_id: str) -> Look:
        """The visitor's look, on the board or not.

        Raises:
            HTTPException: 404, they have no such look.
        """
        look = await looks.get(connection, as_id(look_id))
        if look is None or look.person_id != await site.guests.known(connection, request):
            raise HTTPException(404)
        return look

    return router
