"""All doors of a process, those of the messengers that are on, and behind them the site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI

from webhooks.health import health
from webhooks.kakao import kakao_door
from webhooks.kakao_unlink import unlink_door
from webhooks.metrics import metrics
from webhooks.telegram import telegram_door

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from bot.service import Service

__all__ = ["with_doors"]


def with_doors(service: Service, site: ASGIApp | None = None) -> FastAPI:
    """The doors, and for all other requests the site, if there is one.

    Messengers do not pass through what the site needs for browsers (sessions, limits, compression): they come often,
    prove who they are in their own ways, and wait for nothing but a yes. A messenger without its settings has no door.
    """
    app = FastAPI(title="Eva's doors", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(health(service.classifier, service.memory))
    app.include_router(metrics(service.memory.database))
    if service.settings.telegram_token is not None:
        app.include_router(telegram_door(service.memory, service.settings))
    if service.kakao is not None:
        app.include_router(kakao_door(service.kakao.conversation, service.settings))
    if service.settings.kakao_admin_key is not None:
        app.include_router(unlink_door(service.memory.database, service.settings.kakao_admin_key))
    if site is not None:
        app.mount("/", site)
    return app
