"""Limits on how much one network address and one visitor may write.

A school class or a mobile carrier has one address for everybody, so the limits of an address are a multiple of those of
one person. The counters are sliding windows, of all processes together or of each (`leaderboard_web.limit_storage`);
nothing is logged. Webhooks of messengers authenticate with secrets and are not counted here.
"""

import math
from collections.abc import Iterable, Iterator

from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.settings import Settings
from core.signing import VisitorTokenSigner
from leaderboard_web.cookies import LOGIN_PATH
from leaderboard_web.errors import LocalizedHTTPError
from leaderboard_web.limit_storage import CounterStorage, get_retry_after
from leaderboard_web.middleware.body_limit import UPLOAD_PATHS
from leaderboard_web.middleware.client_address import client_networks
from leaderboard_web.viewer import NEW_SESSION_KEY, ViewerSession

PATHS_WITHOUT_NEW_VISITORS = ("/api/", f"{LOGIN_PATH}/")
"""Starts of paths that create no visitor: the API has none, and who logs in is known to a chat or a provider."""
PEOPLE_PER_NETWORK = 10
"""How many people at once the writes of one address are for."""
HOUSEHOLDS_PER_SITE = 8
"""The limit of a /48 as a multiple of that of a /64."""
ENDED_SESSION_USES = 10
"""How often the cookie of a session that ended makes a new visitor until its own limit of writes is reached."""

CountedLimit = tuple[RateLimitItem, str, str]
"""A limit, the key of its message, and who is counted."""


class RateLimitMiddleware:
    """ASGI middleware, for unsafe methods, that refuses requests beyond the limits of the settings."""

    def __init__(
        self, app: ASGIApp, *, settings: Settings, token_signer: VisitorTokenSigner, counters: CounterStorage
    ) -> None:
        """Create the middleware.

        Args:
            app: what requests within the limits are passed to.
            settings: the limits.
            token_signer: recognizes the visitors of the website.
            counters: where requests are counted.
        """
        self.app, self._token_signer, self._is_https = app, token_signer, settings.is_https
        self._limiter = SlidingWindowCounterRateLimiter(counters)
        self._writes, self._network_writes = (
            (RateLimitItemPerMinute(writes), RateLimitItemPerHour(10 * writes))
            for writes in (settings.writes_per_minute, PEOPLE_PER_NETWORK * settings.writes_per_minute)
        )
        self._photos = (RateLimitItemPerDay(settings.photos_per_ip_per_day),)
        self._new_visitors = (RateLimitItemPerHour(settings.new_visitors_per_ip_per_hour),)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count a request and pass it on.

        Raises:
            LocalizedHTTPError: 429 with Retry-After, a limit is exceeded.
        """
        request = Request(scope)
        host = request.client.host if request.client else None
        session_key = ViewerSession(request, self._token_signer, is_https=self._is_https).key
        for limit in self._applicable_limits(scope["path"], host, session_key):
            if not await self._limiter.hit(*limit):
                await self._refuse(*limit)
        if scope["path"].startswith(PATHS_WITHOUT_NEW_VISITORS):
            await self.app(scope, receive, send)
            return
        new_visitors = list(_network_limits(self._new_visitors, "limits.new_visitors", host))
        if not session_key:
            for limit in new_visitors:
                if not await self._limiter.test(*limit):
                    await self._refuse(*limit)

        async def send_and_count(message: Message) -> None:
            if message["type"] == "http.response.start" and (new_key := scope.get(NEW_SESSION_KEY)) is not None:
                await self._count_new_visitor(new_key, session_key, new_visitors)
            await send(message)

        await self.app(scope, receive, send_and_count)

    async def _count_new_visitor(self, new_key: str, ended_key: str, new_visitors: Iterable[CountedLimit]) -> None:
        """Count the visitor whose session a response begins.

        Args:
            new_key: of the session that the response sends.
            ended_key: of the session that the browser sent, which has ended. A request that sends it again makes a new
                visitor each time, so that it uses up its own limit faster.
            new_visitors: limits of the visitor's network.
        """
        for limit in new_visitors:
            await self._limiter.hit(*limit)
        for write_limit in self._writes:
            await self._limiter.hit(write_limit, "limits.writes", new_key)
            if not ended_key:
                continue
            of_session = write_limit, "limits.writes", ended_key
            if not await self._limiter.hit(*of_session, cost=math.ceil(write_limit.amount / ENDED_SESSION_USES)):
                # A limit takes the whole cost or nothing of it.
                await self._limiter.hit(*of_session, cost=(await self._limiter.get_window_stats(*of_session)).remaining)

    def _applicable_limits(self, path: str, host: str | None, session_key: str) -> Iterator[CountedLimit]:
        """The limits that a request counts for."""
        if session_key:
            for limit in self._writes:
                yield limit, "limits.writes", session_key
        yield from _network_limits(self._network_writes, "limits.writes", host)
        if path in UPLOAD_PATHS:
            yield from _network_limits(self._photos, "limits.photos", host)

    async def _refuse(self, limit: RateLimitItem, message_key: str, identifier: str) -> None:
        retry_after = await get_retry_after(self._limiter, limit, message_key, identifier)
        raise LocalizedHTTPError(429, "TooManyRequests", message_key, headers={"Retry-After": retry_after})


def _network_limits(limits: Iterable[RateLimitItem], message_key: str, host: str | None) -> Iterator[CountedLimit]:
    """The limits of an address, and wider ones of the larger network that it belongs to."""
    for number, network in enumerate(client_networks(host)):
        for limit in limits:
            amount = limit.amount * HOUSEHOLDS_PER_SITE**number
            yield type(limit)(amount, limit.multiples), message_key, network
