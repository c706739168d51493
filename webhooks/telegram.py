"""`POST /telegram/webhook`: Telegram's door. It checks who knocks, keeps what they bring, and answers at once."""

import hmac
import json

import structlog
from fastapi import APIRouter, Request, Response

from bot.telegram.ingest import store_update
from core.db.database import CONNECTION_ERRORS
from core.errors import InvalidPayloadError
from core.resources import Resources
from core.settings import Settings

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
MAX_UPDATE_BYTES = 1_000_000

log = structlog.get_logger()


def create_telegram_router(resources: Resources, settings: Settings) -> APIRouter:
    """The route.

    It answers 200 to what it kept, now or before, and to what makes no sense; 401 to strangers, and to all while
    EVA_TELEGRAM_WEBHOOK_SECRET is not set; 413 to more than 1 MB; 400 to what is no update; 503 while the database is
    away, so that Telegram comes again.

    Args:
        memory: where updates are kept.
        settings: the secret.
    """
    secret = settings.telegram_webhook_secret.get_secret_value().encode() if settings.telegram_webhook_secret else None
    router = APIRouter()

    async def webhook(request: Request) -> Response:
        given = request.headers.get(SECRET_HEADER, "").encode()
        if secret is None or not hmac.compare_digest(given, secret):
            return Response(status_code=401)
        body = await _read_body(request)
        if body is None:
            return Response(status_code=413)
        try:
            await store_update(resources, json.loads(body))
        except (ValueError, RecursionError, InvalidPayloadError):
            log.warning("telegram's door was brought no update")
            return Response(status_code=400)
        except CONNECTION_ERRORS as fault:
            log.warning("the database cannot be reached", fault=type(fault).__name__)
            return Response(status_code=503)
        return Response(status_code=200)

    # A plain route: FastAPI's would prepare for parameters and models that there are none of.
    router.add_route("/telegram/webhook", webhook, methods=["POST"])
    return router


async def _read_body(request: Request) -> bytes | None:
    """The body; None if it is too long."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_UPDATE_BYTES:
            return None
    return bytes(body)
