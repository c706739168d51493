"""Which reports of looks are counted.

Three reports take a look off the leaderboard, and anyone can have any number of cookies. A report by a person with a
chat or a login is always counted. Of all people at one network address who have only a cookie, the first report of a
look in a day is counted, and of those in one /48 of IPv6, which a single customer can have, the first two. Addresses
that are not public (this machine, a home network, an untrusted proxy) do not identify anyone, so all reports from them
are counted. The counters are of all processes together or of each (`leaderboard_web.limit_storage`); no address is
stored.

See ADR 0014.
"""

from ipaddress import ip_address
from uuid import UUID

from fastapi import Request
from limits import RateLimitItemPerDay
from limits.aio.strategies import FixedWindowRateLimiter
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import sessions
from leaderboard_web.limit_storage import CounterStorage
from leaderboard_web.middleware.client_address import client_networks

LIMITS = (RateLimitItemPerDay(1), RateLimitItemPerDay(2))
"""Reports of a look from one address, and from the larger network around it: fewer than take a look down."""


class AnonymousReportLimiter:
    """Counts reports for each network address, look and day."""

    def __init__(self, counters: CounterStorage) -> None:
        self._limiter = FixedWindowRateLimiter(counters)

    async def is_counted(self, connection: AsyncConnection, request: Request, person_id: UUID, look_id: UUID) -> bool:
        """Whether a person's report of a look counts; each call is one report.

        Args:
            connection: of the database.
            request: of the report.
            person_id: who reports.
            look_id: the reported look.
        """
        if not await sessions.is_anonymous(connection, person_id):
            return True
        networks = client_networks(request.client.host if request.client else None)
        if not _is_public(networks[0]):
            return True
        counted = [(limit, network, str(look_id)) for limit, network in zip(LIMITS, networks, strict=False)]
        if not all([await self._limiter.test(*counter) for counter in counted]):
            return False
        for counter in counted:
            await self._limiter.hit(*counter)
        return True


def _is_public(network: str) -> bool:
    try:
        return ip_address(network).is_global
    except ValueError:
        return False
