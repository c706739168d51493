"""`POST /kakao/skill`: KakaoTalk's chatbot calls here for every message, and waits five seconds for the answer."""

import asyncio
import hmac
from urllib.parse import parse_qsl

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import SecretStr

from bot.kakao.payload import SkillRequest, parse_request
from bot.kakao.replies import SkillResponse, text_reply
from bot.kakao.reply_rules import validate_reply
from bot.kakao.skill import SkillHandler
from core.conversation.narration import error_message
from core.db.database import Database
from core.db.schema import IdentityProvider
from core.errors import EvaError, InvalidPayloadError
from core.i18n.translations import Language, translate
from core.jobs.queue import enqueue
from core.services import accounts
from core.services.retention import ERASE_PERSON_TASK
from core.settings import Settings

log = structlog.get_logger()

MAX_SKILL_BYTES = 1024 * 1024
RESPONSE_DEADLINE = 4.3
"""Seconds from its arrival after which a call is answered, if only with an apology."""


def create_skill_router(skill_handler: SkillHandler, settings: Settings) -> APIRouter:
    """The route; whoever does not know EVA_KAKAO_SKILL_KEY is refused, and without one everybody is.

    Args:
        conversation: answers.
        settings: the key, the bot's id and the hosts of photos.
    """
    router = APIRouter()

    @router.post("/kakao/skill")
    async def skill(request: Request) -> Response:
        arrived = asyncio.get_running_loop().time()
        if not _has_skill_key(request, settings):
            return Response(status_code=401)
        language = Language.KO
        try:
            async with asyncio.timeout_at(arrived + RESPONSE_DEADLINE):
                body = await _read_skill_body(request)
                if body is None:
                    return Response(status_code=413)
                call = parse_request(body, settings.kakao_image_hosts)
                if not _is_our_bot(call, settings):
                    return Response(status_code=403)
                language = call.language
                reply = await skill_handler.handle_request(call, arrived)
            validate_reply(reply)
        except InvalidPayloadError:
            log.warning("malformed call of the skill")
            reply = text_reply(translate("kakao.hello", language), language=language)
        except (EvaError, TimeoutError) as error:
            log.warning("call of the skill not answered", error=type(error).__name__)
            sorry = error if isinstance(error, EvaError) else EvaError()
            reply = _error_reply(sorry, language)
        except Exception:
            log.exception("skill request failed")
            reply = _error_reply(EvaError(), language)
        return JSONResponse(reply)

    return router


def _has_skill_key(request: Request, settings: Settings) -> bool:
    if settings.kakao_skill_key is None:
        return False
    shown = request.headers.get("x-skill-key", "").encode("latin-1")
    return hmac.compare_digest(shown, settings.kakao_skill_key.get_secret_value().encode())


def _is_our_bot(request: SkillRequest, settings: Settings) -> bool:
    return settings.kakao_bot_id is None or request.bot_id == settings.kakao_bot_id.removesuffix("!")


def _error_reply(error: EvaError, language: Language) -> SkillResponse:
    return text_reply(error_message(error, language), language=language)


async def _read_skill_body(request: Request) -> bytes | None:
    """The body, or None if it is longer than any call is."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_SKILL_BYTES:
            return None
    return bytes(body)


log = structlog.get_logger()

MAX_UNLINK_BYTES = 8 * 1024


def create_unlink_router(database: Database, admin_key: SecretStr) -> APIRouter:
    """The route, by GET and POST, since Kakao's form lets one choose; whoever does not know the key is refused."""
    router = APIRouter()
    wanted = f"KakaoAK {admin_key.get_secret_value()}".encode()

    @router.api_route("/kakao/unlink", methods=["GET", "POST"])
    async def unlink(request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get("authorization", "").encode("latin-1"), wanted):
            return Response(status_code=401)
        user = (request.query_params.get("user_id") or await _read_user_id(request)).replace("\0", "")
        if user:
            async with database.transaction() as connection:
                lost = await accounts.revoke_login(connection, IdentityProvider.KAKAO_LOGIN, user)
                if lost is not None:
                    await enqueue(connection, ERASE_PERSON_TASK, lock=None, person_id=str(lost))
            log.info("a login was disconnected", by="kakao", forgets=lost is not None)
        # Also where nobody is known: Kakao takes everything else for a failure.
        return Response(status_code=200)

    return router


async def _read_user_id(request: Request) -> str:
    """The field `user_id` of a form; empty if there is none."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_UNLINK_BYTES:
            return ""
    return dict(parse_qsl(body.decode("utf-8", "replace"))).get("user_id", "")
