"""Buttons that are on or off for each visitor: hearts, scraps, follows. The first one pressed makes a person."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from fastapi import HTTPException, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from leaderboard_web.dependencies import AppState
from leaderboard_web.errors import wants_json

Deed = Callable[[AsyncConnection, UUID], Awaitable[dict[str, int] | None]]


UNKNOWN_PERSON = UUID(int=0)
"""Takes back what a stranger never gave."""


async def toggle_reaction(
    site: AppState, request: Request, operation: Deed, *, is_on: bool, redirect_to: str
) -> Response:
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
    token = site.visitor_sessions.token_or_new(request)
    async with site.memory.database.transaction() as connection:
        if is_on:
            visitor = await site.visitor_sessions.get_or_create_person_id(connection, request, token)
        else:
            visitor = await site.visitor_sessions.get_person_id(connection, request) or UNKNOWN_PERSON
        numbers = await operation(connection, visitor)
        if numbers is None:
            # Raised in here, so that nobody is kept who only met what is gone.
            raise HTTPException(404)
    answer: Response
    if wants_json(request):
        answer = JSONResponse({"given": is_on, **numbers}, headers={"Cache-Control": "no-store"})
    else:
        answer = RedirectResponse(redirect_to, 303)
    if is_on:
        site.visitor_sessions.set_cookie(request, answer, token)
    return answer
