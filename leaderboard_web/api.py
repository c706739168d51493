"""`POST /api/judge`: a photo in, Eva's answer out as JSON. Judged in memory; nothing of it is kept."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from anyio import to_thread
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from leaderboard_web.answer import Answer, answer, as_json
from leaderboard_web.pages import language_of
from leaderboard_web.upload import read_form, uploaded

if TYPE_CHECKING:
    from leaderboard_web.site import Site

__all__ = ["Refusal", "api_routes"]

log = structlog.get_logger()

FORM = {
    "type": "object",
    "required": ["photo"],
    "properties": {
        "photo": {"type": "string", "format": "binary", "description": "JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF"},
        "echo": {"type": "string", "description": "if it is there, the photo comes back as JPEG"},
    },
}
LANGUAGE = {
    "name": "lang",
    "in": "query",
    "description": "the language of the answer; Accept-Language without it",
    "schema": {"type": "string", "enum": ["ko", "en"]},
}


class Refusal(BaseModel):
    """Why there is no answer."""

    error: str = Field(description="what went wrong, for programs")
    message: str = Field(description="the same in Eva's words")


REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": Refusal, "description": "There is no photo in the form, or it is no form."},
    403: {"model": Refusal, "description": "The request comes from another site's page."},
    413: {"model": Refusal, "description": "The photo is too large."},
    415: {"model": Refusal, "description": "The file is no picture that Eva reads."},
    422: {"model": Refusal, "description": "The photo is empty, damaged, too small or too thin."},
    429: {"model": Refusal, "description": "Too many requests; Retry-After says when to come back."},
    503: {"model": Refusal, "description": "Too many photos wait, or something is away; try again in a while."},
}


def api_routes(site: Site) -> APIRouter:
    """The route. It waits at the same desk as the page."""
    router = APIRouter()

    @router.post(
        "/api/judge",
        response_model=Answer,
        responses=REFUSALS,
        openapi_extra={
            "parameters": [LANGUAGE],
            "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": FORM}}},
        },
    )
    async def judge(request: Request) -> JSONResponse:
        """Judge a photo."""
        form = await read_form(request)
        data = await uploaded(form)
        if data is None:
            raise HTTPException(400)
        work = partial(answer, data, site.classifier, language_of(request), with_photo="echo" in form)
        started = time.perf_counter()
        with site.desk.seat():
            found = await to_thread.run_sync(work, limiter=site.memory.cores)
        log.info("judged", ms=round(1000 * (time.perf_counter() - started)), band=found.band, model=found.model)
        return JSONResponse(as_json(found), headers={"Cache-Control": "no-store"})

    return router
