"""How much one address and one visitor may write: enough for people, too little for machines.

Counted in the memory of each process, by a sliding window; nothing of it is stored or logged. What messengers call
has secrets of its own and is not counted here.
"""

from __future__ import annotations

import math
import re
import time
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

from limits import RateLimitItemPerDay, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette.requests import Request

from bot.texts import text
from leaderboard_web.errors import refuse
from leaderboard_web.origins import SAFE
from leaderboard_web.pages import language_of
from leaderboard_web.visitors import SECURE_COOKIE, VISITOR_COOKIE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import Response
    from limits import RateLimitItem
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from core.settings import Settings
    from leaderboard_web.visitors import Guests

__all__ = ["Limits", "network_of"]

PHOTOS = {"/try", "/api/judge"}
"""Where photos come in."""
API = "/api/"
"""Makes nobody a visitor."""
GIVEN = re.compile(rf"({VISITOR_COOKIE}|{SECURE_COOKIE})=[^\";]".encode())
"""How a cookie begins that makes a visitor; one that is taken away is empty, in quotation marks."""


class Limits:
    """ASGI middleware that answers 429, with Retry-After and in Eva's words, where somebody writes too much."""

    def __init__(self, app: ASGIApp, *, settings: Settings, guests: Guests) -> None:
        self.app, self._guests = app, guests
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._writes = (
            RateLimitItemPerMinute(settings.writes_per_minute),
            RateLimitItemPerHour(10 * settings.writes_per_minute),
        )
        self._photos = RateLimitItemPerDay(settings.daily_photos_per_address)
        self._newcomers = RateLimitItemPerHour(settings.newcomers_per_hour)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] != "http" or scope["method"] in SAFE:
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        network = network_of(request.client.host if request.client else None)
        visitor = self._guests.key_of(request)
        for limit, sentence, who in self._counted(request, network, visitor):
            if not await self._limiter.hit(limit, sentence, who):
                answer = await self._refusal(request, limit, sentence, who)
                await answer(scope, receive, send)
                return
        if visitor is not None or scope["path"].startswith(API):
            await self.app(scope, receive, send)
            return
        if not await self._limiter.test(self._newcomers, "limits.newcomers", network):
            answer = await self._refusal(request, self._newcomers, "limits.newcomers", network)
            await answer(scope, receive, send)
            return

        async def send_and_count(message: Message) -> None:
            if message["type"] == "http.response.start" and _makes_a_visitor(message):
                await self._limiter.hit(self._newcomers, "limits.newcomers", network)
            await send(message)

        await self.app(scope, receive, send_and_count)

    def _counted(self, request: Request, network: str, visitor: str | None) -> Iterator[tuple[RateLimitItem, str, str]]:
        """What this request counts for: the limit, the sentence where it is passed, and whose it is."""
        for limit in self._writes:
            yield limit, "limits.writes", network
            if visitor is not None:
                yield limit, "limits.writes", visitor
        if request.url.path in PHOTOS:
            yield self._photos, "limits.photos", network

    async def _refusal(self, request: Request, limit: RateLimitItem, sentence: str, who: str) -> Response:
        again = (await self._limiter.get_window_stats(limit, sentence, who)).reset_time
        answer = refuse(request, 429, "TooManyRequests", text(sentence, language_of(request)))
        answer.headers["Retry-After"] = str(max(1, math.ceil(again - time.time())))
        return answer


def network_of(host: str | None) -> str:
    """Whom an address stands for: itself, or of IPv6 the first 64 bits, of which one household has all that follow."""
    try:
        address = ip_address(host or "")
    except ValueError:
        return host or "nowhere"
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(address.ipv4_mapped or ip_network((address.packed, 64), strict=False).network_address)


def _makes_a_visitor(start: Message) -> bool:
    return any(name.lower() == b"set-cookie" and GIVEN.match(value) for name, value in start["headers"])
