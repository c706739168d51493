"""Whose pages these are: the person who asks, or somebody whom Eva does not know yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import HTTPException

from core.db import looks
from leaderboard_web.addresses import as_id
from leaderboard_web.pages import render

if TYPE_CHECKING:
    from fastapi import Request, Response
    from sqlalchemy.ext.asyncio import AsyncConnection

    from core.db.looks import Look
    from core.db.people import Person
    from leaderboard_web.site import Site

__all__ = ["HISTORY", "SECTION", "own_look", "owner", "stranger"]

SECTION = "me"
HISTORY = "/me"


async def owner(site: Site, connection: AsyncConnection, request: Request) -> Person | None:
    """The person who asks; None if Eva does not know them."""
    return await site.guests.person(connection, request)


async def own_look(site: Site, connection: AsyncConnection, request: Request, look_id: str) -> tuple[Person, Look]:
    """The person who asks, and one of their looks.

    Raises:
        HTTPException: 404, there is no such look, or it is somebody else's: the two are not told apart.
    """
    me = await owner(site, connection, request)
    look = await looks.get(connection, as_id(look_id)) if me else None
    if me is None or look is None or look.person_id != me.id:
        raise HTTPException(404)
    return me, look


def stranger(request: Request) -> Response:
    """What these pages are for, for somebody of whom there is nothing to show yet."""
    return render(request, "me/stranger.html", section=SECTION)
