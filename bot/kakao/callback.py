"""The later answer, sent to the callback address of a call: once, within a minute, and only after the promise.

The address is a secret and good for one use. Kakao's answer says in its body, not in its status, whether the reply
was shown. Source: Kakao Business, chatbot guide, "ai_chatbot_callback_guide".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import httpx

from bot.kakao.hosts import split_allowed
from bot.kakao.validator import check
from core.errors import AddressRefused, NotDelivered
from core.settings import Environment

if TYPE_CHECKING:
    from bot.kakao.replies import Reply
    from core.settings import Settings

__all__ = ["Acknowledgement", "Reception", "call_back", "may_call_back"]

HOSTS = (".kakao.com",)


class Reception(StrEnum):
    """What became of a later answer."""

    TAKEN = "taken"
    REFUSED = "refused"
    UNSURE = "unsure"
    """It was sent, and no answer came that can be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """Kakao's answer to a later answer."""

    reception: Reception
    message: str = ""
    """Kakao's reason for a refusal; nothing about a person."""


def may_call_back(url: str, settings: Settings) -> bool:
    """Whether an address is one that takes callbacks: Kakao's, or in development that of a fake."""
    parts = split_allowed(url, HOSTS)
    if parts is not None and parts.scheme == "https":
        return True
    return settings.env is Environment.DEVELOPMENT and split_allowed(url, settings.kakao_image_hosts) is not None


async def call_back(client: httpx.AsyncClient, url: str, reply: Reply, settings: Settings) -> Acknowledgement:
    """Send the later answer. Whatever it returns, the address is used up: never call it again.

    Args:
        client: makes the connection; its time-outs are those of the answer.
        url: the call's `callback_url`.
        reply: a whole reply, with its template.
        settings: in development, the hosts of pictures may take callbacks too.

    Raises:
        AddressRefused: the address is not Kakao's. Nothing was sent.
        MalformedReply: Kakao would not show the reply. Nothing was sent.
        NotDelivered: there was no connection. Nothing was sent; a later try may succeed.
    """
    if not may_call_back(url, settings):
        raise AddressRefused("callback")
    check(reply)
    try:
        answer = await client.post(url, json=reply, follow_redirects=False)
        body = answer.json()
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise NotDelivered(type(error).__name__) from error
    except (httpx.TransportError, ValueError):
        return Acknowledgement(reception=Reception.UNSURE)
    status = body.get("status") if isinstance(body, dict) else None
    if status == "SUCCESS":
        return Acknowledgement(reception=Reception.TAKEN)
    if status is None:
        return Acknowledgement(reception=Reception.UNSURE)
    return Acknowledgement(reception=Reception.REFUSED, message=str(body.get("message", "")))
