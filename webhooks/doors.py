"""All doors of a process, those of the messengers that are on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhooks.health import health
from webhooks.kakao import kakao_door
from webhooks.kakao_unlink import unlink_door
from webhooks.metrics import metrics
from webhooks.telegram import telegram_door

if TYPE_CHECKING:
    from fastapi import APIRouter

    from bot.service import Service

__all__ = ["doors"]


def doors(service: Service) -> list[APIRouter]:
    """The routes; a messenger without its settings has none."""
    opened = [health(service.classifier, service.memory), metrics(service.memory.database)]
    if service.settings.telegram_token is not None:
        opened.append(telegram_door(service.memory, service.settings))
    if service.kakao is not None:
        opened.append(kakao_door(service.kakao.conversation, service.settings))
    if service.settings.kakao_admin_key is not None:
        opened.append(unlink_door(service.memory.database, service.settings.kakao_admin_key))
    return opened
