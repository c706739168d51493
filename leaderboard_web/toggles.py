"""Buttons that are on or off for each visitor: hearts, scraps, follows. The first one pressed makes a person."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from fastapi import HTTPException
from fastapi.responses import JSONResponse, RedirectResponse

from leaderboard_web.errors import wants_json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fastapi import Request, Response
    from sqlalchemy.ext.asyncio import AsyncConnection

    from leaderboard_web.site import Site

    Deed = Callable[[AsyncConnection, UUID], Awaitable[dict[str, int] | None]]

__all__ = ["toggle"]

NOBODY = UUID(int=0)
"""Takes back what a stranger never gave."""


async def toggle(site: Site, request: Request, deed: Deed, *, given: bool, back: str) -> Response:
    """Press a button for whoever asks.

    Args:
        site: where.
        request: whose visitor it is.
        deed: does it in a unit of work for a person, and gives the numbers that changed, e.g. `{"count": 3}`; None
            where there is nothing to do it to.
        given: whether it is on after that.
        back: the page to which the form leads without JavaScript; with it the answer is `given` and the numbers.

    Raises:
        HTTPException: 404, there is nothing to do it to.
    """
    token = site.guests.token_for(request)
    async with site.memory.database.begin() as connection:
        if given:
            visitor = await site.guests.meet(connection, request, token)
        else:
            visitor = await site.guests.known(connection, request) or NOBODY
        numbers = await deed(connection, visitor)
        if numbers is None:
            # Raised in here, so that nobody is kept who only met what is gone.
            raise HTTPException(404)
    answer: Response
    if wants_json(request):
        answer = JSONResponse({"given": given, **numbers}, headers={"Cache-Control": "no-store"})
    else:
        answer = RedirectResponse(back, 303)
    if given:
        site.guests.remember(request, answer, token)
    return answer
