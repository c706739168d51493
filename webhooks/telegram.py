"""`POST /telegram/webhook`: Telegram's door. It checks who knocks, keeps what they bring, and answers at once."""

from __future__ import annotations

import hmac
import json
from typing import TYPE_CHECKING

import structlog
from fastapi import APIRouter, Request, Response

from bot.telegram.mailbox import take_in
from core.db.engine import DATABASE_FAULTS
from core.errors import MalformedCall

if TYPE_CHECKING:
    from core.memory import Memory
    from core.settings import Settings

__all__ = ["telegram_door"]

HEADER = "X-Telegram-Bot-Api-Secret-Token"
MOST_BYTES = 1_000_000

log = structlog.get_logger()


def telegram_door(memory: Memory, settings: Settings) -> APIRouter:
    """The route.

    It answers 200 to what it kept, now or before, and to what makes no sense; 401 to strangers, and to all while
    EVA_TELEGRAM_SECRET is not set; 413 to more than 1 MB; 400 to what is no update at all; 503 while the database is
    away, so that Telegram comes again.

    Args:
        memory: where updates are kept.
        settings: the secret.
    """
    secret = settings.telegram_secret.get_secret_value().encode() if settings.telegram_secret else None
    router = APIRouter()

    async def webhook(request: Request) -> Response:
        given = request.headers.get(HEADER, "").encode()
        if secret is None or not hmac.compare_digest(given, secret):
            return Response(status_code=401)
        body = await _read(request)
        if body is None:
            return Response(status_code=413)
        try:
            await take_in(memory, json.loads(body))
        except (ValueError, RecursionError, MalformedCall):
            log.warning("telegram's door was brought no update")
            return Response(status_code=400)
        except DATABASE_FAULTS as fault:
            log.warning("the database cannot be reached", fault=type(fault).__name__)
            return Response(status_code=503)
        return Response(status_code=200)

    # A plain route: FastAPI's would prepare for parameters and models that there are none of.
    router.add_route("/telegram/webhook", webhook, methods=["POST"])
    return router


async def _read(request: Request) -> bytes | None:
    """The body; None if it is too long."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            return None
    return bytes(body)
