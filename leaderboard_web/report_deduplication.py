"""Whose reports count: everybody's, but of those who are nothing but a cookie only one for each place and look.

Anybody can have any number of cookies, and three reports take a look off the board. Who has a chat or a login counts
wherever they are; of all others at one address the first one does, once a day. An address of no use outside (this
machine's own, a home's, that of a proxy which is not believed) says nothing about who it is, so there everybody counts.
As with all limits, this is counted in the memory of each process, and no address is stored or logged.
"""

from ipaddress import ip_address
from uuid import UUID

from fastapi import Request
from limits import RateLimitItemPerDay
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import sessions
from leaderboard_web.middleware.rate_limit import client_network

ONE_PER_DAY = RateLimitItemPerDay(1)


class AnonymousReportLimiter:
    """Knows whose report counts."""

    def __init__(self) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    async def is_counted(self, connection: AsyncConnection, request: Request, person_id: UUID, look_id: UUID) -> bool:
        """Whether a person's report of a look counts; asking once is reporting once."""
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
