"""Health checks of the host; status and metrics for those who have EVA_METRICS_TOKEN."""

import hmac

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bot.app import BotApplication
from core.db import dead_letters
from core.jobs.queue import get_stats
from core.metrics import BUILD, DATABASE_CONNECTIONS, FAILED_UPDATES, OVERDUE_IMAGES, QUEUE_AGE, QUEUE_DEPTH
from core.release import get_version
from core.runtime import Drain
from core.services.retention_watch import longest_overdue
from core.settings import Settings
from webhooks.messengers import Application
from webhooks.readiness import ReadinessProbe
from webhooks.status import report_status

router = APIRouter(tags=["health"])
operator_router = APIRouter(tags=["health"])


@router.api_route("/healthz", methods=["GET", "HEAD"])
async def check_liveness() -> JSONResponse:
    """Respond 200 as long as the process does."""
    return JSONResponse({"status": "ok"})


@router.api_route("/readyz", methods=["GET", "HEAD"])
async def check_readiness(request: Request, application: Application) -> JSONResponse:
    """Respond 200 if the database answers, else 503; operators get the name of the error.

    A process that is about to end responds 503 although it still serves.
    """
    drain: Drain = request.app.state.drain
    if drain.has_begun:
        return JSONResponse({"status": "draining"}, 503)
    probe: ReadinessProbe = request.app.state.readiness
    readiness = await probe.get()
    content: dict[str, object] = {"status": "ok" if readiness.error is None else "unavailable"}
    if readiness.error is not None and is_operator(request, application.settings):
        content["error"] = readiness.error
    return JSONResponse(content, 200 if readiness.error is None else 503)


@operator_router.get("/statusz")
async def get_status(request: Request, application: Application) -> Response:
    """What runs, and the state of model, storage, database, queue, workers and the deletion of private photos.

    Responds 200 whatever their state, and 401 without the token of EVA_METRICS_TOKEN.
    """
    if not is_operator(request, application.settings):
        return Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})
    drain: Drain = request.app.state.drain
    return JSONResponse({"is_draining": drain.has_begun, **await report_status(application)})


@operator_router.get("/metrics", response_class=Response)
async def get_metrics(request: Request, application: Application) -> Response:
    """The metrics of this process in Prometheus' text format, and the current state of the queue.

    Responds 401 without the token of EVA_METRICS_TOKEN.
    """
    if not is_operator(request, application.settings):
        return Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})
    async with application.resources.database.connection() as connection:
        queue = await get_stats(connection)
        failed = await dead_letters.count_failed(connection)
        overdue = await longest_overdue(connection)
    set_process_metrics(application)
    QUEUE_DEPTH.labels("waiting").set(queue.waiting)
    QUEUE_DEPTH.labels("running").set(queue.running)
    QUEUE_AGE.set(queue.oldest.total_seconds())
    FAILED_UPDATES.set(failed)
    OVERDUE_IMAGES.set(overdue.total_seconds())
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def set_process_metrics(application: BotApplication) -> None:
    """Set the gauges that every process knows without asking the database."""
    classifier = application.classifier
    BUILD.labels(get_version(), classifier.model_card.version, classifier.backend.name).set(1)
    usage = application.resources.database.pool_usage()
    DATABASE_CONNECTIONS.labels("used").set(usage.used)
    DATABASE_CONNECTIONS.labels("idle").set(usage.idle)
    DATABASE_CONNECTIONS.labels("limit").set(usage.limit)


def is_operator(request: Request, settings: Settings) -> bool:
    """Whether a request has the token of EVA_METRICS_TOKEN, in `Authorization: Bearer`."""
    if settings.metrics_token is None:
        return False
    header = request.headers.get("authorization", "").encode("latin-1")
    return hmac.compare_digest(header, f"Bearer {settings.metrics_token.get_secret_value()}".encode())
