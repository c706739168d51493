"""Which reports of looks are counted.

Three reports take a look off the leaderboard, and anyone can have any number of cookies. A report by a person with a
chat or a login is always counted. Of all people at one network address who have only a cookie, the first report of a
look in a day is counted. Addresses that are not public (this machine, a home network, an untrusted proxy) do not
identify anyone, so all reports from them are counted. The counters are in the memory of each process; no address is
stored.
"""

from ipaddress import ip_address
from uuid import UUID

from fastapi import Request
from limits import RateLimitItemPerDay
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import sessions
from leaderboard_web.middleware.client_network import client_network

ONE_PER_DAY = RateLimitItemPerDay(1)


class AnonymousReportLimiter:
    """Counts one report for each network address, look and day."""

    def __init__(self) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

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
        network = client_network(request.client.host if request.client else None)
        if not _is_public(network):
            return True
        return await self._limiter.hit(ONE_PER_DAY, network, str(look_id))


def _is_public(network: str) -> bool:
    try:
        return ip_address(network).is_global
    except ValueError:
        return False
