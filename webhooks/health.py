"""Health checks of the host; status and metrics for those who have EVA_METRICS_TOKEN.

A process is ready if its database answers: pages need no model, and an object storage that is away affects all
processes equally, so that taking them out of service would not help.
"""

import asyncio
import hmac
import math
import time
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog
from anyio import to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bot.app import BotApplication
from core.db import queued_updates
from core.db.backups import LastBackup, get_last_backup
from core.db.database import Database
from core.errors import ModelError, PersistenceError
from core.jobs.queue import QueueStats, get_stats, list_heartbeats
from core.metrics import (
    BUILD,
    DATABASE_CONNECTIONS,
    DATABASE_REACHABLE,
    FAILED_UPDATES,
    LAST_BACKUP,
    OVERDUE_IMAGES,
    QUEUE_AGE,
    QUEUE_DEPTH,
)
from core.runtime import GracefulShutdown
from core.services.deletion import LATE_AFTER, get_longest_overdue
from core.settings import Settings
from core.version import get_version

PART_TIMEOUT = 5.0
"""Seconds after which a part of the report of `/statusz` that does not answer counts as failed, and after which
`/metrics` is served without the database: a scrape may take ten."""

Part = Mapping[str, object]

log = structlog.get_logger()
router = APIRouter(tags=["health"])
operator_router = APIRouter(tags=["health"])


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadinessTimings:
    """How often the database is checked, and for how long, in seconds."""

    cache: float = 5.0
    """For how long a result is given to everyone who asks."""
    timeout: float = 10.0
    """After which a check that does not end counts as failed."""


DEFAULT_TIMINGS = ReadinessTimings()


class ReadinessProbe:
    """Checks the database of a process."""

    def __init__(self, application: BotApplication, timings: ReadinessTimings = DEFAULT_TIMINGS) -> None:
        self._application, self._timings = application, timings
        self._expires_at = 0.0
        self._check: asyncio.Task[str | None] | None = None

    async def get_error(self) -> str | None:
        """The name of the error, None if the database answers; concurrent calls wait for one check."""
        if self._check is None or (self._check.done() and self._expires_at < time.monotonic()):
            self._check = asyncio.create_task(self._run())
        return await asyncio.shield(self._check)

    async def _run(self) -> str | None:
        try:
            async with asyncio.timeout(self._timings.timeout):
                await self._application.resources.database.check()
                return None
        except (PersistenceError, TimeoutError) as error:
            log.warning("not_ready", error=type(error).__name__)
            return type(error).__name__
        finally:
            self._expires_at = time.monotonic() + self._timings.cache


@router.api_route("/healthz", methods=["GET", "HEAD"])
async def check_liveness() -> JSONResponse:
    """Respond 200 as long as the process does."""
    return JSONResponse({"status": "ok"})


@router.api_route("/readyz", methods=["GET", "HEAD"])
async def check_readiness(request: Request) -> JSONResponse:
    """Respond 200 if the database answers, else 503; operators get the name of the error.

    A process that is about to end responds 503 although it still serves.
    """
    shutdown: GracefulShutdown = request.app.state.shutdown
    if shutdown.has_begun:
        return JSONResponse({"status": "draining"}, 503)
    application: BotApplication = request.app.state.application
    probe: ReadinessProbe = request.app.state.readiness
    error = await probe.get_error()
    if error is None:
        return JSONResponse({"status": "ok"})
    details = {"error": error} if is_operator(request, application.settings) else {}
    return JSONResponse({"status": "unavailable", **details}, 503)


@operator_router.get("/statusz")
async def get_status(request: Request) -> Response:
    """What runs, and the state of model, storage, database, queue, workers and the deletion of private photos.

    Responds 200 whatever their state, and 401 without the token of EVA_METRICS_TOKEN.
    """
    application: BotApplication = request.app.state.application
    if not is_operator(request, application.settings):
        return Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})
    shutdown: GracefulShutdown = request.app.state.shutdown
    return JSONResponse({"is_draining": shutdown.has_begun, **await report_status(application)})


@operator_router.get("/metrics", response_class=Response)
async def get_metrics(request: Request) -> Response:
    """The metrics of this process in Prometheus' text format, and the current state of the queue.

    Responds 401 without the token of EVA_METRICS_TOKEN, and 200 whatever the state of the database.
    """
    application: BotApplication = request.app.state.application
    if not is_operator(request, application.settings):
        return Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})
    # First, since the question to the database takes a connection itself.
    set_process_metrics(application)
    try:
        async with asyncio.timeout(PART_TIMEOUT):
            set_database_metrics(await read_database_state(application.resources.database))
    except (PersistenceError, TimeoutError):
        set_database_metrics(None)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseState:
    """What the database tells operators, the same to every process."""

    queue: QueueStats
    failed_updates: int
    overdue: timedelta
    """How long ago the oldest private image should have been deleted."""
    backup: LastBackup | None


async def read_database_state(database: Database) -> DatabaseState:
    """Ask the database, over one connection.

    Raises:
        DatabaseUnavailableError: it does not answer.
    """
    async with database.connection() as connection:
        return DatabaseState(
            queue=await get_stats(connection),
            failed_updates=await queued_updates.count_failed(connection),
            overdue=await get_longest_overdue(connection),
            backup=await get_last_backup(connection),
        )


def set_database_metrics(state: DatabaseState | None) -> None:
    """Set the gauges that the database knows; None means that it did not answer."""
    DATABASE_REACHABLE.set(state is not None)
    values = dict.fromkeys((FAILED_UPDATES, OVERDUE_IMAGES, QUEUE_AGE, LAST_BACKUP), math.nan)
    depths = dict.fromkeys(("waiting", "running"), math.nan)
    if state is not None:
        depths = {"waiting": state.queue.waiting, "running": state.queue.running}
        values = {
            FAILED_UPDATES: state.failed_updates,
            OVERDUE_IMAGES: state.overdue.total_seconds(),
            QUEUE_AGE: state.queue.oldest.total_seconds(),
            LAST_BACKUP: 0.0 if state.backup is None else state.backup.taken_at.timestamp(),
        }
    for name, value in depths.items():
        QUEUE_DEPTH.labels(name).set(value)
    for gauge, value in values.items():
        gauge.set(value)


def set_process_metrics(application: BotApplication) -> None:
    """Set the gauges that every process knows without asking the database."""
    classifier = application.classifier
    BUILD.labels(get_version(), classifier.model_card.version, classifier.backend.name).set(1)
    usage = application.resources.database.get_pool_usage()
    DATABASE_CONNECTIONS.labels("used").set(usage.used)
    DATABASE_CONNECTIONS.labels("idle").set(usage.idle)
    DATABASE_CONNECTIONS.labels("limit").set(usage.limit)


def is_operator(request: Request, settings: Settings) -> bool:
    """Whether a request has the token of EVA_METRICS_TOKEN, in `Authorization: Bearer`."""
    if settings.metrics_token is None:
        return False
    header = request.headers.get("authorization", "").encode("latin-1")
    return hmac.compare_digest(header, f"Bearer {settings.metrics_token.get_secret_value()}".encode())


async def report_status(application: BotApplication) -> Mapping[str, object]:
    """The report as a JSON object; a part that fails has the name of the error in `error`."""
    model, database, storage = await asyncio.gather(
        _attempt(_report_model(application)),
        _attempt(_report_database(application)),
        _attempt(_report_storage(application)),
    )
    return {"version": get_version(), "model": model, "storage": storage, "database": database}


async def _attempt(part: Awaitable[Part]) -> Part:
    try:
        async with asyncio.timeout(PART_TIMEOUT):
            return await part
    except (ModelError, PersistenceError, TimeoutError) as error:
        return {"status": "unavailable", "error": type(error).__name__}


async def _report_model(application: BotApplication) -> Part:
    classifier = application.classifier
    if not classifier.has_passed_probe:
        await to_thread.run_sync(classifier.probe, limiter=application.resources.cpu_limiter)
    return {"status": "ok", "version": classifier.model_card.version, "engine": classifier.backend.name}


async def _report_storage(application: BotApplication) -> Part:
    await application.resources.storage.check()
    return {"status": "ok"}


async def _report_database(application: BotApplication) -> Part:
    database = application.resources.database
    usage = database.get_pool_usage()
    state = await read_database_state(database)
    async with database.connection() as connection:
        heartbeats = await list_heartbeats(connection)
    return {
        "status": "ok",
        "connections": {"used": usage.used, "idle": usage.idle, "limit": usage.limit},
        "queue": {
            "waiting": state.queue.waiting,
            "running": state.queue.running,
            "oldest_seconds": round(state.queue.oldest.total_seconds()),
        },
        "workers": [{"heartbeat_seconds": round(age.total_seconds())} for age in heartbeats],
        "failed_updates": state.failed_updates,
        "retention": {"overdue_seconds": round(state.overdue.total_seconds()), "is_late": state.overdue >= LATE_AFTER},
        "backup": None
        if state.backup is None
        else {"age_seconds": round(state.backup.age.total_seconds()), "is_late": state.backup.is_late},
    }
