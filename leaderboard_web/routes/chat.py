"""`/try`: one shows Eva a photo, she answers and remembers, as in the messengers; one decides what becomes of it."""

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import FileResponse

from leaderboard_web.chat_controller import CHAT_PATH, ChatController
from leaderboard_web.dependencies import AppState
from leaderboard_web.routing import PageRoute


def chat_routes(site: AppState) -> APIRouter:
    """The page, its three forms, and the samples for people who have no photo at hand."""
    router, room = APIRouter(route_class=PageRoute), ChatController(site)

    @router.get(CHAT_PATH, response_class=Response)
    async def page(request: Request) -> Response:
        """The conversation so far: about the latest look, or Eva's greeting."""
        return await room.render_chat(request)

    @router.post(CHAT_PATH, response_class=Response)
    async def show(request: Request) -> Response:
        """A photo: `photo` or `camera`, or `sample`; with `guess`, Eva asks before she tells."""
        return await room.respond(request, room.handle_photo)

    @router.post(f"{CHAT_PATH}/words", response_class=Response)
    async def hear(request: Request) -> Response:
        """Words."""
        return await room.respond(request, room.handle_text)

    @router.post(f"{CHAT_PATH}/act", response_class=Response)
    async def press(request: Request) -> Response:
        """A button under a look: `look`, and `do` as verb or verb and style."""
        return await room.respond(request, room.handle_action)

    @router.get("/samples/{name}.jpg", response_class=FileResponse)
    async def sample(name: str) -> FileResponse:
        """A sample picture."""
        if name not in room.samples:
            raise HTTPException(404)
        return FileResponse(site.samples / f"{name}.jpg")

    return router
