"""The ASGI application of a process: the webhooks of the configured messengers, and the site for all other paths."""

import structlog
from fastapi import FastAPI, Request, Response
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp

from bot.app import BotApplication
from core.errors import DatabaseUnavailableError
from core.runtime import GracefulShutdown
from webhooks import health, messengers
from webhooks.health import DEFAULT_TIMINGS, ReadinessProbe, ReadinessTimings
from webhooks.request_metrics import RequestObserver

log = structlog.get_logger()


def create_webhook_app(
    application: BotApplication,
    site: ASGIApp | None = None,
    *,
    shutdown: GracefulShutdown | None = None,
    skill_deadline: float = messengers.RESPONSE_DEADLINE,
    readiness: ReadinessTimings = DEFAULT_TIMINGS,
) -> FastAPI:
    """Create the application.

    The webhooks are outside the site's middleware (sessions, rate limits, compression): messengers call often and
    authenticate in their own ways. A messenger that is not configured has no route, nor have metrics without a token.

    Args:
        application: the services of the process.
        site: serves all other paths.
        shutdown: makes `/readyz` respond 503 from SIGTERM on.
        skill_deadline: see `webhooks.messengers.RESPONSE_DEADLINE`.
        readiness: of the check behind `/readyz`.
    """
    settings = application.settings
    app = create_health_app(application, shutdown=shutdown, readiness=readiness)
    app.add_middleware(RequestObserver)
    app.state.skill_deadline = skill_deadline
    if settings.telegram_token is not None:
        app.include_router(messengers.telegram_router)
    if application.kakao is not None:
        app.include_router(messengers.skill_router)
    if settings.kakao_admin_key is not None:
        app.include_router(messengers.unlink_router)
    if site is not None:
        app.mount("/", site)
    return app


def create_health_app(
    application: BotApplication,
    *,
    shutdown: GracefulShutdown | None = None,
    readiness: ReadinessTimings = DEFAULT_TIMINGS,
) -> FastAPI:
    """Create the application of EVA_METRICS_PORT: health checks, and status and metrics if there is a token.

    Args:
        application: the services of the process.
        shutdown: makes `/readyz` respond 503 from SIGTERM on.
        readiness: of the check behind `/readyz`.
    """
    app = FastAPI(title="Eva", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.application = application
    app.state.shutdown = shutdown or GracefulShutdown()
    app.state.readiness = ReadinessProbe(application, readiness)
    app.add_exception_handler(DatabaseUnavailableError, _handle_outage)
    app.add_exception_handler(ClientDisconnect, _handle_disconnect)
    app.include_router(health.router)
    if application.settings.metrics_token is not None:
        app.include_router(health.operator_router)
    return app


async def _handle_outage(request: Request, error: Exception) -> Response:
    """Respond 503, so that a messenger sends the request again."""
    log.warning("database_unreachable", error=type(error).__name__)
    return Response(status_code=503)


async def _handle_disconnect(request: Request, error: Exception) -> Response:
    """End a request whose client closed the connection; without a response, the server would log a traceback."""
    return Response(status_code=400)
