"""`POST /kakao/skill`: KakaoTalk's chatbot calls here for every message, and waits five seconds for the answer."""

from __future__ import annotations

import asyncio
import hmac
from typing import TYPE_CHECKING

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from bot.kakao.payload import read_call
from bot.kakao.replies import say
from bot.kakao.validator import check
from bot.texts import Language, text
from bot.voice import apologise
from core.errors import EvaError, MalformedCall

if TYPE_CHECKING:
    from bot.kakao.conversation import Conversation
    from bot.kakao.payload import SkillCall
    from bot.kakao.replies import Reply
    from core.settings import Settings

__all__ = ["kakao_door"]

log = structlog.get_logger()

MOST_BYTES = 1024 * 1024
WITHIN = 4.3
"""Seconds from its arrival after which a call is answered, if only with an apology."""


def kakao_door(conversation: Conversation, settings: Settings) -> APIRouter:
    """The route; whoever does not know EVA_KAKAO_KEY is refused, and without one everybody is.

    Args:
        conversation: answers.
        settings: the key, the bot's id and the hosts of photos.
    """
    router = APIRouter()

    @router.post("/kakao/skill")
    async def skill(request: Request) -> Response:
        arrived = asyncio.get_running_loop().time()
        if not _knows_key(request, settings):
            return Response(status_code=401)
        language = Language.KO
        try:
            async with asyncio.timeout_at(arrived + WITHIN):
                body = await _read(request)
                if body is None:
                    return Response(status_code=413)
                call = read_call(body, settings.kakao_image_hosts)
                if not _is_for_us(call, settings):
                    return Response(status_code=403)
                language = call.language
                reply = await conversation.answer(call, arrived)
            check(reply)
        except MalformedCall:
            log.warning("malformed call of the skill")
            reply = say(text("kakao.hello", language), language=language)
        except (EvaError, TimeoutError) as error:
            log.warning("call of the skill not answered", error=type(error).__name__)
            sorry = error if isinstance(error, EvaError) else EvaError()
            reply = _apology(sorry, language)
        except Exception:
            log.exception("skill request failed")
            reply = _apology(EvaError(), language)
        return JSONResponse(reply)

    return router


def _knows_key(request: Request, settings: Settings) -> bool:
    if settings.kakao_key is None:
        return False
    shown = request.headers.get("x-skill-key", "").encode("latin-1")
    return hmac.compare_digest(shown, settings.kakao_key.get_secret_value().encode())


def _is_for_us(call: SkillCall, settings: Settings) -> bool:
    return settings.kakao_bot_id is None or call.bot == settings.kakao_bot_id.removesuffix("!")


def _apology(error: EvaError, language: Language) -> Reply:
    return say(apologise(error, language), language=language)


async def _read(request: Request) -> bytes | None:
    """The body, or None if it is longer than any call is."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return None
    return bytes(body)
