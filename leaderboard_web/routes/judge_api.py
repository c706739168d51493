"""`POST /api/judge`: a photo in, Eva's answer out as JSON. Judged in memory; nothing of it is kept."""

import time
from functools import partial
from typing import Any

import structlog
from anyio import to_thread
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from leaderboard_web.dependencies import AppState
from leaderboard_web.forms import read_multipart, uploaded_bytes
from leaderboard_web.judge_response import JudgeResponse, judge_upload, to_json
from leaderboard_web.templating import request_language

log = structlog.get_logger()

FORM_SCHEMA = {
    "type": "object",
    "required": ["photo"],
    "properties": {
        "photo": {"type": "string", "format": "binary", "description": "JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF"},
        "echo": {"type": "string", "description": "if it is there, the photo comes back as JPEG"},
    },
}
LANGUAGE_PARAMETER = {
    "name": "lang",
    "in": "query",
    "description": "the language of the answer; Accept-Language without it",
    "schema": {"type": "string", "enum": ["ko", "en"]},
}


class ErrorResponse(BaseModel):
    """Why there is no answer."""

    error: str = Field(description="what went wrong, for programs")
    message: str = Field(description="the same in Eva's words")


ERROR_RESPONSES: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorResponse, "description": "There is no photo in the form, or it is no form."},
    403: {"model": ErrorResponse, "description": "The request comes from another site's page."},
    413: {"model": ErrorResponse, "description": "The photo is too large."},
    415: {"model": ErrorResponse, "description": "The file is no picture that Eva reads."},
    422: {"model": ErrorResponse, "description": "The photo is empty, damaged, too small or too thin."},
    429: {"model": ErrorResponse, "description": "Too many requests; Retry-After says when to come back."},
    503: {"model": ErrorResponse, "description": "Too many photos wait, or something is away; try again in a while."},
}


def judge_api_routes(site: AppState) -> APIRouter:
    """The route. It waits at the same desk as the page."""
    router = APIRouter()

    @router.post(
        "/api/judge",
        response_model=JudgeResponse,
        responses=ERROR_RESPONSES,
        openapi_extra={
            "parameters": [LANGUAGE_PARAMETER],
            "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": FORM_SCHEMA}}},
        },
    )
    async def judge(request: Request) -> JSONResponse:
        """Judge a photo."""
        form = await read_multipart(request)
        data = await uploaded_bytes(form)
        if data is None:
            raise HTTPException(400)
        work = partial(judge_upload, data, site.classifier, request_language(request), include_photo="echo" in form)
        started = time.perf_counter()
        with site.photo_slots.acquire():
            found = await to_thread.run_sync(work, limiter=site.memory.cpu_limiter)
        log.info("judged", ms=round(1000 * (time.perf_counter() - started)), band=found.band, model=found.model)
        return JSONResponse(to_json(found), headers={"Cache-Control": "no-store"})

    return router
