"""Two questions that a host asks: does the process live, and can Eva work?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from anyio import to_thread
from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from core.errors import MemoryFault, ModelError
from core.queue import load

if TYPE_CHECKING:
    from core.memory import Memory
    from core.vision.classifier import StyleClassifier

__all__ = ["health"]

log = structlog.get_logger()


def health(classifier: StyleClassifier, memory: Memory) -> APIRouter:
    """`/healthz` answers 200 while the process does; `/readyz` 200 if model, database and storage work, else 503."""
    router = APIRouter(tags=["health"])

    @router.api_route("/healthz", methods=["GET", "HEAD"])
    async def healthz() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    @router.api_route("/readyz", methods=["GET", "HEAD"])
    async def readyz() -> JSONResponse:
        try:
            await to_thread.run_sync(classifier.probe)
            await memory.database.check()
            await memory.storage.check()
            async with memory.database.begin() as connection:
                queue = await load(connection)
        except (ModelError, MemoryFault, SQLAlchemyError, OSError) as error:
            log.warning("not ready", error=type(error).__name__)
            return JSONResponse({"status": "unavailable", "error": type(error).__name__}, 503)
        return JSONResponse(
            {
                "status": "ok",
                "model": classifier.card.version,
                "engine": classifier.engine.name,
                "queue": {"waiting": queue.waiting, "running": queue.running},
            }
        )

    return router
