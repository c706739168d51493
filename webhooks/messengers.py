"""The webhooks of the messengers: Telegram's updates, and KakaoTalk's skill and its notice that a person unlinked.

`POST /telegram/webhook` stores updates for the worker and responds immediately.

Sources: https://core.telegram.org/bots/api#setwebhook,
https://kakaobusiness.gitbook.io/main/tool/chatbot/skill_guide/answer_json_format and
https://developers.kakao.com/docs/latest/en/kakaologin/callback.
"""

import asyncio
import hmac
import json
from typing import Annotated
from urllib.parse import parse_qsl

import structlog
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from bot.app import BotApplication
from bot.kakao.payload import parse_request
from bot.kakao.replies import SkillResponse, text_reply
from bot.kakao.reply_rules import validate_reply
from bot.telegram.ingest import store_update
from core.conversation.narration import error_message
from core.db.schema import IdentityProvider
from core.errors import EvaError, InvalidPayloadError
from core.i18n.translations import Language, translate
from core.jobs.queue import enqueue
from core.services import accounts
from core.services.deletion import ERASE_PERSON_TASK

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
MAX_UPDATE_BYTES = 1_000_000
MAX_SKILL_BYTES = 1024 * 1024
MAX_UNLINK_BYTES = 8 * 1024
RESPONSE_DEADLINE = 4.3
"""Seconds after which a skill request is answered with an apology: KakaoTalk waits for five."""

telegram_router = APIRouter()
skill_router = APIRouter()
unlink_router = APIRouter()
log = structlog.get_logger()


@telegram_router.post("/telegram/webhook", response_class=Response)
async def receive_update(request: Request) -> Response:
    """Store an update.

    Responds 200 to every update, also to one that cannot be handled: repeated, invalid, or over 1 MB. Telegram would
    send it again and again. Responds 401 without the secret of EVA_TELEGRAM_WEBHOOK_SECRET; 503 while the database is
    unreachable, so that Telegram sends the update again.
    """
    application: BotApplication = request.app.state.application
    secret = application.settings.telegram_webhook_secret
    header = request.headers.get(SECRET_HEADER, "").encode()
    if secret is None or not hmac.compare_digest(header, secret.get_secret_value().encode()):
        return Response(status_code=401)
    body = await read_body(request, MAX_UPDATE_BYTES)
    try:
        await store_update(application.resources, json.loads(body or b""))
    except (ValueError, RecursionError, InvalidPayloadError):
        log.warning("telegram_update_invalid")
    return Response(status_code=200)


@skill_router.post("/kakao/skill", response_class=JSONResponse)
async def handle_skill_request(request: Request) -> Response:
    """Reply to a message of the chatbot's user.

    Every authenticated request of our bot gets a valid reply, if only an apology. Responds 401 without the key of
    EVA_KAKAO_SKILL_KEY, 413 to more than 1 MB, 403 to another bot than EVA_KAKAO_BOT_ID; a request may name no bot.
    """
    received_at = asyncio.get_running_loop().time()
    application: BotApplication = request.app.state.application
    settings, kakao = application.settings, application.kakao
    key = request.headers.get("x-skill-key", "").encode("latin-1")
    if (
        kakao is None
        or settings.kakao_skill_key is None
        or not hmac.compare_digest(key, settings.kakao_skill_key.get_secret_value().encode())
    ):
        return Response(status_code=401)
    language = Language.KO
    try:
        async with asyncio.timeout_at(received_at + request.app.state.skill_deadline):
            body = await read_body(request, MAX_SKILL_BYTES)
            if body is None:
                return Response(status_code=413)
            skill_request = parse_request(body, settings.kakao_image_hosts)
            own_bot_id = (settings.kakao_bot_id or "").removesuffix("!")
            if own_bot_id and skill_request.bot_id not in {"", own_bot_id}:
                return Response(status_code=403)
            language = skill_request.language
            reply = await kakao.skill_handler.handle_request(skill_request, received_at)
        validate_reply(reply)
    except InvalidPayloadError:
        log.warning("skill_request_invalid")
        reply = text_reply(translate("kakao.hello", language), language=language)
    except (EvaError, TimeoutError) as error:
        log.warning("skill_request_unanswered", error=type(error).__name__)
        reply = _error_reply(error if isinstance(error, EvaError) else EvaError(), language)
    except ClientDisconnect:
        raise
    except Exception:
        # A bug; KakaoTalk shows nothing at all for an error status.
        log.exception("skill_request_failed")
        reply = _error_reply(EvaError(), language)
    return JSONResponse(reply)


@unlink_router.api_route("/kakao/unlink", methods=["GET", "POST"], response_class=Response)
async def unlink_login(request: Request, user_id: Annotated[str, Query()] = "") -> Response:
    """Remove a Kakao Login, and erase the person if they have no other identity.

    Kakao sends `user_id` in the query or in a form, as configured in its console. Responds 401 without
    EVA_KAKAO_ADMIN_KEY, 503 while the database is unreachable, else 200, also for an unknown user: Kakao counts
    everything else as a failure.
    """
    application: BotApplication = request.app.state.application
    admin_key = application.settings.kakao_admin_key
    header = request.headers.get("authorization", "").encode("latin-1")
    if admin_key is None or not hmac.compare_digest(header, f"KakaoAK {admin_key.get_secret_value()}".encode()):
        return Response(status_code=401)
    if not user_id:
        body = await read_body(request, MAX_UNLINK_BYTES) or b""
        user_id = dict(parse_qsl(body.decode("utf-8", "replace"))).get("user_id", "")
    user_id = user_id.replace("\0", "")
    if user_id:
        async with application.resources.database.transaction() as connection:
            person_id = await accounts.revoke_login(connection, IdentityProvider.KAKAO_LOGIN, user_id)
            if person_id is not None:
                await enqueue(connection, ERASE_PERSON_TASK, lock=None, person_id=str(person_id))
        log.info("login_unlinked", provider="kakao", erases_person=person_id is not None)
    return Response(status_code=200)


async def read_body(request: Request, max_bytes: int) -> bytes | None:
    """Read the body of a request; None if it is longer than `max_bytes`."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            return None
    return bytes(body)


def _error_reply(error: EvaError, language: Language) -> SkillResponse:
    return text_reply(error_message(error, language), language=language)
