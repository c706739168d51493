"""Which reports and hearts are counted, of people who have only a cookie.

Three reports take a look off the leaderboard, hearts decide its order there, and anyone can have any number of cookies.
A person with a chat or a login is always counted. Of all others at one network address, the first report of a look or a
person in a day is counted and the first `HEARTS_OF_ADDRESS` hearts, which is a school class; of those in one /48 of
IPv6, which a single customer can have, twice as many. Addresses that are not public (this machine, a home network, an
untrusted proxy) do not identify anyone, so everything from them is counted. The counters are of all processes together
or of each (`leaderboard_web.limit_storage`); no address is stored.

See ADR 0014.
"""

from ipaddress import ip_address
from uuid import UUID

from fastapi import Request
from limits import RateLimitItemPerDay
from limits.aio.strategies import FixedWindowRateLimiter

from core.db.sessions import SessionOwner
from leaderboard_web.limit_storage import CounterStorage
from leaderboard_web.middleware.client_address import client_networks

REPORTS_OF_ADDRESS = 1
"""Reports of a look from one address in a day; twice as many are still fewer than take a look down."""
HEARTS_OF_ADDRESS = 30
"""Hearts for a look from one address in a day."""

ONCE_A_DAY = RateLimitItemPerDay(1)


class AnonymousLimiter:
    """Counts what people with only a cookie do to looks or people, for each network address, target and day."""

    def __init__(self, counters: CounterStorage, kind: str, *, limit: int) -> None:
        """Create a limiter.

        Args:
            counters: of all limiters.
            kind: of what is counted, unlike that of other limiters.
            limit: from one address; twice as many are counted from the larger network around it.
        """
        self._limiter, self._kind = FixedWindowRateLimiter(counters), kind
        self._limits = RateLimitItemPerDay(limit), RateLimitItemPerDay(2 * limit)

    async def acquire(self, request: Request, owner: SessionOwner | None, target_id: UUID) -> bool:
        """Count a report or a heart of a visitor; False if those of the day are used up, so that it does not count.

        The counters take connections of the database's pool: a caller that holds one meanwhile can block all others.

        Args:
            request: of the visitor.
            owner: who does it, once a day for a target; None for a visitor who is not known yet.
            target_id: the look or the person that it is done to.
        """
        if owner is not None and not owner.is_anonymous:
            return True
        networks = client_networks(request.client.host if request.client else None)
        if not _is_public(networks[0]):
            return True
        target = self._kind, str(target_id)
        own = None if owner is None else (ONCE_A_DAY, str(owner.person_id), *target)
        if own is not None and not await self._limiter.test(*own):
            return True
        for limit, network in zip(self._limits, networks, strict=False):
            if not await self._limiter.hit(limit, network, *target):
                return False
        if own is not None:
            await self._limiter.hit(*own)
        return True


def _is_public(network: str) -> bool:
    try:
        return ip_address(network).is_global
    except ValueError:
        return False
