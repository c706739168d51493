"""All doors of a process, those of the messengers that are on, and behind them the site."""

from fastapi import FastAPI
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.app import BotApplication
from webhooks.health import create_health_router, create_metrics_router
from webhooks.kakao import create_skill_router, create_unlink_router
from webhooks.telegram import create_telegram_router


def create_webhook_app(application: BotApplication, site: ASGIApp | None = None) -> ASGIApp:
    """The doors, and for all other paths the site, if there is one.

    Messengers do not pass through what the site needs for browsers (sessions, limits, compression): they come often,
    prove who they are in their own ways, and wait for nothing but a yes. A messenger without its settings has no door.
    """
    settings, database = application.settings, application.resources.database
    routers = [create_health_router(application.classifier, application.resources), create_metrics_router(database)]
    if settings.telegram_token is not None:
        routers.append(create_telegram_router(application.resources, settings))
    if application.kakao is not None:
        routers.append(create_skill_router(application.kakao.skill_handler, settings))
    if settings.kakao_admin_key is not None:
        routers.append(create_unlink_router(database, settings.kakao_admin_key))
    doors = FastAPI(title="Eva's doors", docs_url=None, redoc_url=None, openapi_url=None)
    for router in routers:
        doors.include_router(router)
    if site is None:
        return doors
    paths = {route.path for router in routers for route in router.routes if isinstance(route, Route)}

    async def choose(scope: Scope, receive: Receive, send: Send) -> None:
        await (doors if scope.get("path") in paths else site)(scope, receive, send)

    return choose
