"""`/try`: one drops a photo, Eva answers in the chat and shows on the photo what she saw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anyio import to_thread
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import FileResponse, JSONResponse

from bot.voice import describe, style_name
from core.styles import STYLES
from leaderboard_web.answer import Answer, as_json
from leaderboard_web.desk import Desk
from leaderboard_web.pages import language_of, render
from leaderboard_web.upload import read_form, uploaded

if TYPE_CHECKING:
    from leaderboard_web.site import Site

__all__ = ["TRY", "chat_page", "chat_routes"]

TRY = "/try"


def chat_page(
    request: Request, *, status: int = 200, answer: Answer | None = None, refusal: str | None = None
) -> Response:
    """The page, with Eva's answer or her refusal in the chat where there is one."""
    language = language_of(request)
    return render(
        request,
        "chat.html",
        status=status,
        section="try",
        styles=[(style, style_name(style, language), describe(style, language)) for style in STYLES],
        samples=request.app.state.samples,
        answer=answer,
        refusal=refusal,
    )


def chat_routes(site: Site) -> APIRouter:
    """The page, its form, its API, and the samples for people who have no photo at hand."""
    router, desk, samples = APIRouter(), Desk(site.classifier), site.samples
    names = {path.stem for path in samples.glob("*.jpg")}

    @router.get(TRY, response_class=Response)
    async def page(request: Request) -> Response:
        """The page, with nothing in the chat but Eva's greeting."""
        return chat_page(request)

    @router.post(TRY, response_class=Response)
    async def judge_form(request: Request) -> Response:
        """The page's form without JavaScript: a photo, or the name of a sample; the answer is the page."""
        form = await read_form(request)
        data = await uploaded(form)
        if (sample := form.get("sample")) in names:
            data = await to_thread.run_sync((samples / f"{sample}.jpg").read_bytes)
        if data is None:
            raise HTTPException(400)
        return chat_page(request, answer=await desk.judge(request, data, with_photo=True))

    @router.post("/api/judge")
    async def judge(request: Request) -> JSONResponse:
        """A multipart form with the file `photo`; with the field `echo` the photo comes back as JPEG, too."""
        form = await read_form(request)
        data = await uploaded(form)
        if data is None:
            raise HTTPException(400)
        found = await desk.judge(request, data, with_photo="echo" in form)
        return JSONResponse(as_json(found), headers={"Cache-Control": "no-store"})

    @router.get("/samples/{name}.jpg", response_class=FileResponse)
    async def sample(name: str) -> FileResponse:
        """A sample picture."""
        if name not in names:
            raise HTTPException(404)
        return FileResponse(samples / f"{name}.jpg")

    return router
