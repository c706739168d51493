"""The local page: one drops a photo, Eva answers in the chat and shows on the photo what she saw."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import structlog
from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles

from core.vision.engines import usable_cores
from leaderboard_web.answer import Answer, answer, as_json
from leaderboard_web.errors import answer_errors
from leaderboard_web.pages import STATIC, language_of, render
from leaderboard_web.pictures import picture_routes
from leaderboard_web.security import SecurityHeaders
from leaderboard_web.upload import read_form, uploaded

if TYPE_CHECKING:
    from pathlib import Path

    from core.memory import Memory
    from core.vision.classifier import StyleClassifier

__all__ = ["create_app"]

log = structlog.get_logger()

QUEUE_PER_CORE = 8
"""Photos that may wait for each core, a second or two; more are asked to come back."""


class Desk:
    """Where photos wait for their turn: as many at a time as there are cores, and a short queue."""

    def __init__(self, classifier: StyleClassifier) -> None:
        self.classifier = classifier
        self.cores = CapacityLimiter(usable_cores())
        self.present = 0

    async def judge(self, request: Request, data: bytes, *, with_photo: bool) -> Answer:
        """Judge a photo on a thread of its own.

        Raises:
            PhotoError: the bytes are no photo that Eva can judge.
            HTTPException: 503, too many photos are waiting.
        """
        if self.present >= self.cores.total_tokens * (1 + QUEUE_PER_CORE):
            raise HTTPException(503, headers={"Retry-After": "3"})
        started = time.perf_counter()
        self.present += 1
        try:
            work = partial(answer, data, self.classifier, language_of(request), with_photo=with_photo)
            found = await to_thread.run_sync(work, limiter=self.cores)
        finally:
            self.present -= 1
        log.info("judged", ms=round(1000 * (time.perf_counter() - started)), band=found.band, model=found.model)
        return found


def create_app(classifier: StyleClassifier, *, samples: Path, memory: Memory | None = None) -> FastAPI:
    """The page and its API.

    Args:
        classifier: judges the photos; stays the caller's to close.
        samples: a folder of JPEGs for people who have no photo at hand; may be missing.
        memory: whose pictures are shown to those with a link; None for a site that shows none.
    """
    app = FastAPI(title="Eva", docs_url=None, redoc_url=None)
    app.add_middleware(SecurityHeaders)
    app.state.samples = sorted(path.stem for path in samples.glob("*.jpg"))
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    answer_errors(app)
    desk = Desk(classifier)
    if memory is not None:
        app.include_router(picture_routes(memory))

    @app.get("/", response_class=Response)
    async def page(request: Request) -> Response:
        """The page, with nothing in the chat but Eva's greeting."""
        return render(request)

    @app.post("/", response_class=Response)
    async def judge_form(request: Request) -> Response:
        """The page's form without JavaScript: a photo, or the name of a sample; the answer is the page."""
        form = await read_form(request)
        data = await uploaded(form)
        if (sample := form.get("sample")) in app.state.samples:
            data = await to_thread.run_sync((samples / f"{sample}.jpg").read_bytes)
        if data is None:
            raise HTTPException(400)
        return render(request, answer=await desk.judge(request, data, with_photo=True))

    @app.post("/api/judge")
    async def judge(request: Request) -> JSONResponse:
        """A multipart form with the file `photo`; with the field `echo` the photo comes back as JPEG, too."""
        form = await read_form(request)
        data = await uploaded(form)
        if data is None:
            raise HTTPException(400)
        found = await desk.judge(request, data, with_photo="echo" in form)
        return JSONResponse(as_json(found), headers={"Cache-Control": "no-store"})

    @app.get("/samples/{name}.jpg", response_class=FileResponse)
    async def sample(name: str) -> FileResponse:
        """A sample picture."""
        if name not in app.state.samples:
            raise HTTPException(404)
        return FileResponse(samples / f"{name}.jpg")

    return app
