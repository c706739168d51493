"""Two questions that a host asks: does the process live, and can Eva judge?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from anyio import to_thread
from fastapi import APIRouter
from fastapi.responses import JSONResponse
from PIL import Image

from core.errors import ModelError
from core.photos import Picture

if TYPE_CHECKING:
    from core.vision.classifier import StyleClassifier

__all__ = ["health"]

log = structlog.get_logger()

PROBE = Picture(image=Image.new("RGB", (64, 64), (124, 117, 104)), width=64, height=64, format="PNG")


def health(classifier: StyleClassifier) -> APIRouter:
    """`/healthz` answers 200 while the process does; `/readyz` 200 if the model judges, else 503."""
    router = APIRouter(tags=["health"])

    @router.get("/healthz")
    async def healthz() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    @router.get("/readyz")
    async def readyz() -> JSONResponse:
        try:
            verdict = await to_thread.run_sync(classifier.judge, PROBE)
        except ModelError as error:
            log.warning("not ready", error=type(error).__name__)
            return JSONResponse({"status": "unavailable"}, 503)
        return JSONResponse({"status": "ok", "model": verdict.model, "engine": verdict.engine})

    return router
