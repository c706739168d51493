"""Whose pages these are: the person who asks, or somebody whom Eva does not know yet."""

from fastapi import HTTPException, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import looks
from core.db.looks import Look
from core.db.people import Person
from leaderboard_web.dependencies import AppState
from leaderboard_web.language import request_language
from leaderboard_web.parameters import parse_canonical_uuid
from leaderboard_web.templating import render_page

SECTION = "me"
ACCOUNT_PATH = "/me"


async def current_person(state: AppState, connection: AsyncConnection, request: Request) -> Person | None:
    """The person who asks; None if Eva does not know them."""
    return await state.visitor_sessions.get_person(connection, request)


async def get_own_look(
    state: AppState, connection: AsyncConnection, request: Request, look_id: str
) -> tuple[Person, Look]:
    """The person who asks, and one of their looks.

    Raises:
        HTTPException: 404, there is no such look, or it is somebody else's: the two are not told apart.
    """
    me = await current_person(state, connection, request)
    look = await looks.get(connection, parse_canonical_uuid(look_id)) if me else None
    if me is None or look is None or look.person_id != me.id:
        raise HTTPException(404)
    return me, look


def render_anonymous(request: Request) -> Response:
    """What these pages are for, for somebody of whom there is nothing to show yet."""
    return render_page(request, "me/stranger.html", request_language(request), section=SECTION)
