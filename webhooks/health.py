"""Health checks of the host, and metrics for Prometheus."""

import structlog
from anyio import to_thread
from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from core.db import dead_letters
from core.errors import ModelError, PersistenceError
from core.jobs.queue import get_stats
from core.metrics import FAILED_UPDATES, OVERDUE_IMAGES, QUEUE_AGE, QUEUE_DEPTH
from core.services.retention_watch import LATE_AFTER, longest_overdue
from webhooks.dependencies import Application

router = APIRouter(tags=["health"])
log = structlog.get_logger()


@router.api_route("/healthz", methods=["GET", "HEAD"])
async def check_liveness() -> JSONResponse:
    """Respond 200 as long as the process does."""
    return JSONResponse({"status": "ok"})


@router.api_route("/readyz", methods=["GET", "HEAD"])
async def check_readiness(application: Application) -> JSONResponse:
    """Respond 200 if model, database and object storage work, else 503. The model is probed once."""
    classifier, resources = application.classifier, application.resources
    try:
        await to_thread.run_sync(classifier.probe)
        await resources.storage.check()
        async with resources.database.connection() as connection:
            queue = await get_stats(connection)
            overdue = await longest_overdue(connection)
    except (ModelError, PersistenceError) as error:
        log.warning("not_ready", error=type(error).__name__)
        return JSONResponse({"status": "unavailable", "error": type(error).__name__}, 503)
    return JSONResponse(
        {
            "status": "ok",
            "model": classifier.model_card.version,
            "engine": classifier.backend.name,
            "queue": {"waiting": queue.waiting, "running": queue.running},
            "retention": {"overdue_seconds": round(overdue.total_seconds()), "is_late": overdue >= LATE_AFTER},
        }
    )


@router.get("/metrics", response_class=Response)
async def get_metrics(application: Application) -> Response:
    """The metrics of this process in Prometheus' text format, and the current state of the queue."""
    async with application.resources.database.connection() as connection:
        queue = await get_stats(connection)
        failed = await dead_letters.count_failed(connection)
        overdue = await longest_overdue(connection)
    QUEUE_DEPTH.labels("waiting").set(queue.waiting)
    QUEUE_DEPTH.labels("running").set(queue.running)
    QUEUE_AGE.set(queue.oldest.total_seconds())
    FAILED_UPDATES.set(failed)
    OVERDUE_IMAGES.set(overdue.total_seconds())
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
