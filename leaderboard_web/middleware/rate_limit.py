"""Limits on how much one network address and one visitor may write.

The counters are sliding windows in the memory of each process; nothing is stored or logged. Webhooks of messengers
authenticate with secrets and are not counted here.
"""

import math
import re
import time
from collections.abc import Iterator
from ipaddress import IPv6Address, ip_address, ip_network

from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.settings import Settings
from core.signing import VisitorTokenSigner
from leaderboard_web.errors import LocalizedHTTPError
from leaderboard_web.middleware.body_limit import UPLOAD_PATHS
from leaderboard_web.sessions import SECURE_VISITOR_COOKIE, VISITOR_COOKIE, ViewerSession

API_PREFIX = "/api/"
"""Paths that never create a visitor."""
NEW_VISITOR_COOKIE = re.compile(rf"({VISITOR_COOKIE}|{SECURE_VISITOR_COOKIE})=[^\";]".encode())
"""Start of a Set-Cookie header that creates a visitor; a deleted cookie has an empty value in quotation marks."""


class RateLimitMiddleware:
    """ASGI middleware, for unsafe methods, that refuses requests beyond the limits of the settings."""

    def __init__(self, app: ASGIApp, *, settings: Settings, token_signer: VisitorTokenSigner) -> None:
        self.app, self._token_signer, self._is_https = app, token_signer, settings.is_https
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._writes = (
            RateLimitItemPerMinute(settings.writes_per_minute),
            RateLimitItemPerHour(10 * settings.writes_per_minute),
        )
        self._photos = RateLimitItemPerDay(settings.photos_per_ip_per_day)
        self._new_visitors = RateLimitItemPerHour(settings.new_visitors_per_ip_per_hour)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count a request and pass it on.

        Raises:
            LocalizedHTTPError: 429 with Retry-After, a limit is exceeded.
        """
        request = Request(scope)
        network = client_network(request.client.host if request.client else None)
        session_key = ViewerSession(request, self._token_signer, is_https=self._is_https).key
        for limit, message_key, identifier in self._applicable_limits(scope["path"], network, session_key):
            if not await self._limiter.hit(limit, message_key, identifier):
                await self._refuse(limit, message_key, identifier)
        if session_key is not None or scope["path"].startswith(API_PREFIX):
            await self.app(scope, receive, send)
            return
        new_visitors = self._new_visitors, "limits.newcomers", network
        if not await self._limiter.test(*new_visitors):
            await self._refuse(*new_visitors)

        async def send_and_count(message: Message) -> None:
            if message["type"] == "http.response.start" and _sets_visitor_cookie(message):
                await self._limiter.hit(*new_visitors)
            await send(message)

        await self.app(scope, receive, send_and_count)

    def _applicable_limits(
        self, path: str, network: str, session_key: str | None
    ) -> Iterator[tuple[RateLimitItem, str, str]]:
        """The limits that a request counts for: the limit, the key of its message, and who is counted."""
        for limit in self._writes:
            yield limit, "limits.writes", network
            if session_key is not None:
                yield limit, "limits.writes", session_key
        if path in UPLOAD_PATHS:
            yield self._photos, "limits.photos", network

    async def _refuse(self, limit: RateLimitItem, message_key: str, identifier: str) -> None:
        reset_time = (await self._limiter.get_window_stats(limit, message_key, identifier)).reset_time
        retry_after = max(1, math.ceil(reset_time - time.time()))
        raise LocalizedHTTPError(429, "TooManyRequests", message_key, headers={"Retry-After": str(retry_after)})


def client_network(host: str | None) -> str:
    """The network that is counted for an address: itself, or the /64 of IPv6, which one household has for itself."""
    try:
        address = ip_address(host or "")
    except ValueError:
        return host or "unknown"
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(address.ipv4_mapped or ip_network((address.packed, 64), strict=False).network_address)


def _sets_visitor_cookie(start: Message) -> bool:
    return any(name.lower() == b"set-cookie" and NEW_VISITOR_COOKIE.match(value) for name, value in start["headers"])
