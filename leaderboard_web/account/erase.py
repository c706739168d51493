"""`/me/forget`: everything of a person is deleted, after they were asked."""

from fastapi import APIRouter, Request, Response

from core.services.retention import erase_person
from leaderboard_web.account.current_person import ACCOUNT_PATH, SECTION, current_person, render_anonymous
from leaderboard_web.dependencies import AppState
from leaderboard_web.language import request_language
from leaderboard_web.redirects import redirect_with_notice
from leaderboard_web.routing import PageRoute
from leaderboard_web.templating import render_page


def erase_routes(state: AppState) -> APIRouter:
    """The question, the deed and the goodbye."""
    router, memory, guests = APIRouter(route_class=PageRoute), state.resources, state.visitor_sessions

    @router.get("/me/forget", response_class=Response)
    async def ask(request: Request) -> Response:
        """Ask before anything is deleted."""
        async with memory.database.connection() as connection:
            me = await current_person(state, connection, request)
        return (
            render_anonymous(request)
            if me is None
            else render_page(request, "me/forget.html", request_language(request), section=SECTION, look=None)
        )

    @router.post("/me/forget", response_class=Response)
    async def leave(request: Request) -> Response:
        """Delete it all, in every chat of the same person too, and let the browser forget who it was.

        Raises:
            StorageUnavailableError: the pictures cannot be reached; nothing was deleted.
        """
        async with memory.database.connection() as connection:
            me = await current_person(state, connection, request)
        if me is not None:
            await erase_person(memory, me.id)
        answer = redirect_with_notice(f"{ACCOUNT_PATH}/goodbye")
        guests.clear_cookie(answer)
        return answer

    @router.get("/me/goodbye", response_class=Response)
    async def goodbye(request: Request) -> Response:
        """What Eva says at the end."""
        return render_page(request, "me/goodbye.html", request_language(request), section=SECTION)

    return router
