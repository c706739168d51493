"""Two questions that a host asks: does the process live, and can Eva work?"""

import structlog
from anyio import to_thread
from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from core.db.database import Database
from core.errors import ModelError, PersistenceError
from core.jobs.queue import get_stats
from core.metrics import QUEUE_AGE, QUEUE_DEPTH
from core.resources import Resources
from core.vision.classifier import StyleClassifier

log = structlog.get_logger()


def create_health_router(classifier: StyleClassifier, resources: Resources) -> APIRouter:
    """`/healthz` answers 200 while the process does; `/readyz` 200 if model, database and storage work, else 503."""
    router = APIRouter(tags=["health"])

    @router.api_route("/healthz", methods=["GET", "HEAD"])
    async def healthz() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    @router.api_route("/readyz", methods=["GET", "HEAD"])
    async def readyz() -> JSONResponse:
        try:
            await to_thread.run_sync(classifier.probe)
            await resources.database.check()
            await resources.storage.check()
            async with resources.database.transaction() as connection:
                queue = await get_stats(connection)
        except (ModelError, PersistenceError, SQLAlchemyError, OSError) as error:
            log.warning("not ready", error=type(error).__name__)
            return JSONResponse({"status": "unavailable", "error": type(error).__name__}, 503)
        return JSONResponse(
            {
                "status": "ok",
                "model": classifier.model_card.version,
                "engine": classifier.backend.name,
                "queue": {"waiting": queue.waiting, "running": queue.running},
            }
        )

    return router


def create_metrics_router(database: Database) -> APIRouter:
    """The route; it asks the database about the queue at each call."""
    router = APIRouter(tags=["health"])

    @router.get("/metrics", response_class=Response)
    async def show() -> Response:
        async with database.transaction() as connection:
            now = await get_stats(connection)
        QUEUE_DEPTH.labels("waiting").set(now.waiting)
        QUEUE_DEPTH.labels("running").set(now.running)
        QUEUE_AGE.set(now.oldest.total_seconds())
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router
