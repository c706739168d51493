"""All doors of a process, those of the messengers that are on, and behind them the site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.routing import Route

from webhooks.health import health
from webhooks.kakao import kakao_door
from webhooks.kakao_unlink import unlink_door
from webhooks.metrics import metrics
from webhooks.telegram import telegram_door

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from bot.service import Service

__all__ = ["with_doors"]


def with_doors(service: Service, site: ASGIApp | None = None) -> ASGIApp:
    """The doors, and for all other paths the site, if there is one.

    Messengers do not pass through what the site needs for browsers (sessions, limits, compression): they come often,
    prove who they are in their own ways, and wait for nothing but a yes. A messenger without its settings has no door.
    """
    settings, database = service.settings, service.memory.database
    routers = [health(service.classifier, service.memory), metrics(database)]
    if settings.telegram_token is not None:
        routers.append(telegram_door(service.memory, settings))
    if service.kakao is not None:
        routers.append(kakao_door(service.kakao.conversation, settings))
    if settings.kakao_admin_key is not None:
        routers.append(unlink_door(database, settings.kakao_admin_key))
    doors = FastAPI(title="Eva's doors", docs_url=None, redoc_url=None, openapi_url=None)
    for router in routers:
        doors.include_router(router)
    if site is None:
        return doors
    paths = {route.path for router in routers for route in router.routes if isinstance(route, Route)}

    async def choose(scope: Scope, receive: Receive, send: Send) -> None:
        await (doors if scope.get("path") in paths else site)(scope, receive, send)

    return choose
