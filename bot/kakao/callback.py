"""The later answer, sent to the callback address of a call: once, within a minute, and only after the promise.

The address is a secret and good for one use. Kakao's answer says in its body, not in its status, whether the reply
was shown. Source: Kakao Business, chatbot guide, "ai_chatbot_callback_guide".
"""

from dataclasses import dataclass
from enum import StrEnum

import httpx

from bot.kakao.photo_fetcher import parse_allowed_url
from bot.kakao.replies import SkillResponse
from bot.kakao.reply_rules import validate_reply
from core.errors import DeliveryError, ForbiddenUrlError
from core.settings import Environment, Settings

CALLBACK_HOSTS = (".kakao.com",)


class CallbackStatus(StrEnum):
    """What became of a later answer."""

    ACCEPTED = "taken"
    REFUSED = "refused"
    UNKNOWN = "unsure"
    """It was sent, and no answer came that can be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackResult:
    """Kakao's answer to a later answer."""

    status: CallbackStatus
    message: str = ""
    """Kakao's reason for a refusal; nothing about a person."""


def is_callback_url(url: str, settings: Settings) -> bool:
    """Whether an address is one that takes callbacks: Kakao's, or in development that of a fake."""
    parts = parse_allowed_url(url, CALLBACK_HOSTS)
    if parts is not None and parts.scheme == "https":
        return True
    return settings.env is Environment.DEVELOPMENT and parse_allowed_url(url, settings.kakao_image_hosts) is not None


async def post_callback(
    client: httpx.AsyncClient, url: str, reply: SkillResponse, settings: Settings
) -> CallbackResult:
    """Send the later answer. Whatever it returns, the address is used up: never call it again.

    Args:
        client: makes the connection; its time-outs are those of the answer.
        url: the call's `callback_url`.
        reply: a whole reply, with its template.
        settings: in development, the hosts of pictures may take callbacks too.

    Raises:
        ForbiddenUrlError: the address is not Kakao's. Nothing was sent.
        InvalidReplyError: Kakao would not show the reply. Nothing was sent.
        DeliveryError: there was no connection. Nothing was sent; a later try may succeed.
    """
    if not is_callback_url(url, settings):
        raise ForbiddenUrlError("callback")
    validate_reply(reply)
    try:
        answer = await client.post(url, json=reply, follow_redirects=False)
        body = answer.json()
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise DeliveryError(type(error).__name__) from error
    except (httpx.TransportError, ValueError):
        return CallbackResult(status=CallbackStatus.UNKNOWN)
    status = body.get("status") if isinstance(body, dict) else None
    if status == "SUCCESS":
        return CallbackResult(status=CallbackStatus.ACCEPTED)
    if status is None:
        return CallbackResult(status=CallbackStatus.UNKNOWN)
    return CallbackResult(status=CallbackStatus.REFUSED, message=str(body.get("message", "")))
