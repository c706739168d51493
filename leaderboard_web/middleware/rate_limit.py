"""How much one address and one visitor may write: enough for people, too little for machines.

Counted in the memory of each process, by a sliding window; nothing of it is stored or logged. What messengers call
has secrets of its own and is not counted here.
"""

import math
import re
import time
from collections.abc import Iterator
from ipaddress import IPv6Address, ip_address, ip_network

from fastapi import Response
from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.i18n.translations import translate
from core.settings import Settings
from leaderboard_web.errors import error_response
from leaderboard_web.middleware.csrf import SAFE_METHODS
from leaderboard_web.sessions import SECURE_VISITOR_COOKIE, VISITOR_COOKIE, VisitorSessions
from leaderboard_web.templating import request_language

PHOTO_UPLOAD_PATHS = {"/try", "/api/judge"}
"""Where photos come in."""
API_PREFIX = "/api/"
"""Makes nobody a visitor."""
NEW_VISITOR_COOKIE = re.compile(rf"({VISITOR_COOKIE}|{SECURE_VISITOR_COOKIE})=[^\";]".encode())
"""How a cookie begins that makes a visitor; one that is taken away is empty, in quotation marks."""


class RateLimitMiddleware:
    """ASGI middleware that answers 429, with Retry-After and in Eva's words, where somebody writes too much."""

    def __init__(self, app: ASGIApp, *, settings: Settings, visitor_sessions: VisitorSessions) -> None:
        self.app, self._visitor_sessions = app, visitor_sessions
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._writes = (
            RateLimitItemPerMinute(settings.writes_per_minute),
            RateLimitItemPerHour(10 * settings.writes_per_minute),
        )
        self._photos = RateLimitItemPerDay(settings.photos_per_ip_per_day)
        self._new_visitors = RateLimitItemPerHour(settings.new_visitors_per_ip_per_hour)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS:
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        network = client_network(request.client.host if request.client else None)
        visitor = self._visitor_sessions.session_key(request)
        for limit, sentence, who in self._applicable_limits(request, network, visitor):
            if not await self._limiter.hit(limit, sentence, who):
                answer = await self._too_many_requests(request, limit, sentence, who)
                await answer(scope, receive, send)
                return
        if visitor is not None or scope["path"].startswith(API_PREFIX):
            await self.app(scope, receive, send)
            return
        if not await self._limiter.test(self._new_visitors, "limits.newcomers", network):
            answer = await self._too_many_requests(request, self._new_visitors, "limits.newcomers", network)
            await answer(scope, receive, send)
            return

        async def send_and_count(message: Message) -> None:
            if message["type"] == "http.response.start" and _sets_visitor_cookie(message):
                await self._limiter.hit(self._new_visitors, "limits.newcomers", network)
            await send(message)

        await self.app(scope, receive, send_and_count)

    def _applicable_limits(
        self, request: Request, network: str, visitor: str | None
    ) -> Iterator[tuple[RateLimitItem, str, str]]:
        """What this request counts for: the limit, the sentence where it is passed, and whose it is."""
        for limit in self._writes:
            yield limit, "limits.writes", network
            if visitor is not None:
                yield limit, "limits.writes", visitor
        if request.url.path in PHOTO_UPLOAD_PATHS:
            yield self._photos, "limits.photos", network

    async def _too_many_requests(self, request: Request, limit: RateLimitItem, sentence: str, who: str) -> Response:
        again = (await self._limiter.get_window_stats(limit, sentence, who)).reset_time
        answer = error_response(request, 429, "TooManyRequests", translate(sentence, request_language(request)))
        answer.headers["Retry-After"] = str(max(1, math.ceil(again - time.time())))
        return answer


def client_network(host: str | None) -> str:
    """Whom an address stands for: itself, or of IPv6 the first 64 bits, of which one household has all that follow."""
    try:
        address = ip_address(host or "")
    except ValueError:
        return host or "nowhere"
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(address.ipv4_mapped or ip_network((address.packed, 64), strict=False).network_address)


def _sets_visitor_cookie(start: Message) -> bool:
    return any(name.lower() == b"set-cookie" and NEW_VISITOR_COOKIE.match(value) for name, value in start["headers"])
