"""`POST /telegram/webhook`: stores updates for the worker and responds immediately.

Source: https://core.telegram.org/bots/api#setwebhook.
"""

import hmac
import json

import structlog
from fastapi import APIRouter, Request, Response

from bot.telegram.ingest import store_update
from core.errors import DatabaseUnavailableError, InvalidPayloadError
from webhooks.dependencies import Application, read_body

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
MAX_UPDATE_BYTES = 1_000_000

router = APIRouter()
log = structlog.get_logger()


@router.post("/telegram/webhook", response_class=Response)
async def receive_update(request: Request, application: Application) -> Response:
    """Store an update.

    Responds 200 to stored updates, repeated and invalid ones among them; 401 without the secret of
    EVA_TELEGRAM_WEBHOOK_SECRET; 413 to more than 1 MB; 400 to a body that is not an update; 503 while the database is
    unreachable, so that Telegram sends the update again.
    """
    secret = application.settings.telegram_webhook_secret
    header = request.headers.get(SECRET_HEADER, "").encode()
    if secret is None or not hmac.compare_digest(header, secret.get_secret_value().encode()):
        return Response(status_code=401)
    body = await read_body(request, MAX_UPDATE_BYTES)
    if body is None:
        return Response(status_code=413)
    try:
        await store_update(application.resources, json.loads(body))
    except (ValueError, RecursionError, InvalidPayloadError):
        log.warning("telegram_update_invalid")
        return Response(status_code=400)
    except DatabaseUnavailableError as error:
        log.warning("database_unreachable", error=type(error).__name__)
        return Response(status_code=503)
    return Response(status_code=200)
