"""Post a later reply to the callback URL of a skill request: once, within a minute, and only after its promise.

The URL is a secret for a single use. The body of Kakao's response, not its status code, says whether the reply was
shown. Source: Kakao Business, chatbot guide, "ai_chatbot_callback_guide".
"""

from dataclasses import dataclass

import httpx

from bot.kakao.photo_fetcher import parse_allowed_url
from bot.kakao.replies import SkillResponse
from bot.kakao.reply_rules import validate_reply
from core.errors import DeliveryError, ForbiddenUrlError
from core.metrics import DeliveryOutcome
from core.settings import Environment, Settings

CALLBACK_HOSTS = (".kakao.com",)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackResult:
    """Kakao's response to a callback."""

    outcome: DeliveryOutcome
    """Sent, refused, or unsure: no valid response was received."""
    message: str = ""
    """Kakao's reason for a refusal, without personal data."""


def is_callback_url(url: str, settings: Settings) -> bool:
    """Whether a URL is a callback URL of Kakao, or in development one of a fake."""
    parts = parse_allowed_url(url, CALLBACK_HOSTS)
    if parts is not None and parts.scheme == "https":
        return True
    return settings.env is Environment.DEVELOPMENT and parse_allowed_url(url, settings.kakao_image_hosts) is not None


async def post_callback(
    client: httpx.AsyncClient, url: str, reply: SkillResponse, settings: Settings
) -> CallbackResult:
    """Post a reply. If this returns, the URL is used up and must not be called again.

    Args:
        client: opens the connection, with its own timeouts.
        url: the `callback_url` of the skill request.
        reply: a reply with a template.
        settings: the environment; in development the image hosts accept callbacks as well.

    Raises:
        ForbiddenUrlError: the URL is not one of Kakao. Nothing was sent.
        InvalidReplyError: Kakao would not show the reply. Nothing was sent.
        DeliveryError: there was no connection. Nothing was sent; another attempt may succeed.
    """
    if not is_callback_url(url, settings):
        raise ForbiddenUrlError("callback")
    validate_reply(reply)
    try:
        response = await client.post(url, json=reply, follow_redirects=False)
        body = response.json()
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise DeliveryError(type(error).__name__) from error
    except (httpx.TransportError, ValueError):
        return CallbackResult(outcome=DeliveryOutcome.UNSURE)
    status = body.get("status") if isinstance(body, dict) else None
    if status == "SUCCESS":
        return CallbackResult(outcome=DeliveryOutcome.SENT)
    if status is None:
        return CallbackResult(outcome=DeliveryOutcome.UNSURE)
    return CallbackResult(outcome=DeliveryOutcome.REFUSED, message=str(body.get("message", "")))
