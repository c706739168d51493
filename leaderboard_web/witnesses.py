"""Whose reports count: everybody's, but of those who are nothing but a cookie only one for each place and look.

Anybody can have any number of cookies, and three reports take a look off the board. Who has a chat or a login counts
wherever they are; of all others at one address the first one does, once a day. An address of no use outside (this
machine's own, a home's, that of a proxy which is not believed) says nothing about who it is, so there everybody counts.
As with all limits, this is counted in the memory of each process, and no address is stored or logged.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from limits import RateLimitItemPerDay
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter

from core.db import sessions
from leaderboard_web.limits import network_of

if TYPE_CHECKING:
    from uuid import UUID

    from fastapi import Request
    from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ["Witnesses"]

ONE = RateLimitItemPerDay(1)


class Witnesses:
    """Knows whose report counts."""

    def __init__(self) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    async def counts(self, connection: AsyncConnection, request: Request, person_id: UUID, look_id: UUID) -> bool:
        """Whether a person's report of a look counts; asking once is reporting once."""
        if not await sessions.is_cookie_alone(connection, person_id):
            return True
        network = network_of(request.client.host if request.client else None)
        if not _is_public(network):
            return True
        return await self._limiter.hit(ONE, network, str(look_id))


def _is_public(network: str) -> bool:
    try:
        return ip_address(network).is_global
    except ValueError:
        return False
