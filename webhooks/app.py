"""The ASGI application of a process: the webhooks of the configured messengers, and the site for all other paths."""

from collections.abc import Iterable

import structlog
from fastapi import FastAPI, Request, Response
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.app import BotApplication
from core.errors import DatabaseUnavailableError
from core.runtime import GracefulShutdown
from webhooks import health, messengers
from webhooks.health import DEFAULT_TIMINGS, ReadinessProbe, ReadinessTimings
from webhooks.request_metrics import RequestObserver

log = structlog.get_logger()


class SiteMiddleware:
    """ASGI middleware that sends all requests to the site but those of some routes.

    Mounted as a route, the site would be behind the middleware of FastAPI twice.
    """

    def __init__(self, app: ASGIApp, *, site: ASGIApp, routes: Iterable[BaseRoute]) -> None:
        """Wrap an application; `routes` are those that it serves, with paths without parameters."""
        self._app, self._site = app, site
        self._served = {
            (method, route.path) for route in routes if isinstance(route, Route) for method in route.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        is_served = scope["type"] != "http" or (scope["method"], scope["path"]) in self._served
        await (self._app if is_served else self._site)(scope, receive, send)


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
    app.state.skill_deadline = skill_deadline
    if settings.telegram_token is not None:
        app.router.routes.extend(messengers.telegram_router.routes)
    if application.kakao is not None:
        app.router.routes.extend(messengers.skill_router.routes)
    if settings.kakao_admin_key is not None:
        app.router.routes.extend(messengers.unlink_router.routes)
    if site is not None:
        # Added before the observer, so inside of it.
        app.add_middleware(SiteMiddleware, site=site, routes=app.routes)
    app.add_middleware(RequestObserver)
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
    app.router.routes.extend(health.router.routes)
    if application.settings.metrics_token is not None:
        app.router.routes.extend(health.operator_router.routes)
    return app


async def _handle_outage(request: Request, error: Exception) -> Response:
    """Respond 503, so that a messenger sends the request again."""
    log.warning("database_unreachable", error=type(error).__name__)
    return Response(status_code=503)


async def _handle_disconnect(request: Request, error: Exception) -> Response:
    """End a request whose client closed the connection; without a response, the server would log a traceback."""
    return Response(status_code=400)
