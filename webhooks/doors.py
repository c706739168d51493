"""All doors of a process, those of the messengers that are on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhooks.health import health
from webhooks.metrics import metrics

if TYPE_CHECKING:
    from fastapi import APIRouter

    from bot.service import Service

__all__ = ["doors"]


def doors(service: Service) -> list[APIRouter]:
    """The routes; a messenger without its settings has none."""
    return [health(service.classifier, service.memory), metrics(service.memory.database)]
