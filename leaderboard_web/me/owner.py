"""Whose pages these are: the person who asks, or somebody whom Eva does not know yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import HTTPException
from fastapi.responses import RedirectResponse

from bot.texts import text
from core.db import looks
from leaderboard_web.addresses import as_id
from leaderboard_web.pages import language_of, render

if TYPE_CHECKING:
    from fastapi import Request, Response
    from sqlalchemy.ext.asyncio import AsyncConnection

    from core.db.direct import Connection
    from core.db.looks import Look
    from core.db.people import Person
    from leaderboard_web.site import Site

__all__ = ["SECTION", "go", "own_look", "owner", "said_in", "stranger"]

SECTION = "me"


async def owner(site: Site, connection: Connection, request: Request) -> Person | None:
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


def go(path: str, said: str | None = None) -> Response:
    """Send the browser on to a page after something was done, which says so."""
    place = path if said is None else f"{path}?said={said}"
    return RedirectResponse(place, 303, headers={"Cache-Control": "no-store"})


def said_in(request: Request, texts: dict[str, str], **values: object) -> tuple[str, ...]:
    """What Eva says on this page about what was just done, if it is one of the things that she can say here.

    Args:
        request: of the page; its query may name, under `said`, what was done.
        texts: keys of texts by those names.
        values: what the texts may hold.
    """
    key = texts.get(request.query_params.get("said", ""))
    return () if key is None else (text(key, language_of(request), **values),)
