"""Where counters of rate limits are: the database, for all processes together, or the memory of this one.

See ADR 0026.
"""

import math
import time

from limits import RateLimitItem
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.storage.base import SlidingWindowCounterSupport
from limits.aio.strategies import RateLimiter

from core.db import rate_limits
from core.db.database import Database
from core.settings import LimitStorageName
from core.signing import LimitKeySigner


class DatabaseStorage(Storage, SlidingWindowCounterSupport):
    """Counters in the database. Keys hold addresses and session keys, so only their signatures are stored."""

    STORAGE_SCHEME = None

    def __init__(self, database: Database, signer: LimitKeySigner) -> None:
        super().__init__()
        self._database, self._sign = database, signer.sign

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        """Nothing is wrapped: the callers handle `DatabaseUnavailableError`."""
        return ()

    async def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count events unless the window is full.

        Args:
            key: who is counted, by which limit.
            limit: events in a window.
            expiry: the window in seconds.
            amount: number of events.
        """
        async with self._database.connection() as connection:
            return await rate_limits.acquire(connection, self._sign(key), limit=limit, window=expiry, amount=amount)

    async def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """The counts of the last and the current window, with the seconds that they count on."""
        async with self._database.connection() as connection:
            previous, current, rest = await rate_limits.get_window(connection, self._sign(key), window=expiry)
        return previous, rest, current, expiry + rest

    async def clear_sliding_window(self, key: str, expiry: int) -> None:
        """Forget a key."""
        await self.clear(key)

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count events in a window that begins with its first event."""
        async with self._database.connection() as connection:
            return await rate_limits.increment(connection, self._sign(key), window=expiry, amount=amount)

    async def get(self, key: str) -> int:
        """The events of such a window."""
        async with self._database.connection() as connection:
            return await rate_limits.get_count(connection, self._sign(key))

    async def get_expiry(self, key: str) -> float:
        """When it ends."""
        async with self._database.connection() as connection:
            return await rate_limits.get_expiry(connection, self._sign(key))

    async def check(self) -> bool:
        """The readiness of the process tells whether the database answers."""
        return True

    async def reset(self) -> int | None:
        """Forget all keys."""
        async with self._database.connection() as connection:
            return await rate_limits.clear(connection)

    async def clear(self, key: str) -> None:
        """Forget a key."""
        async with self._database.connection() as connection:
            await rate_limits.clear(connection, self._sign(key))


CounterStorage = MemoryStorage | DatabaseStorage
"""Any storage."""


def create_storage(name: LimitStorageName, database: Database, signer: LimitKeySigner) -> CounterStorage:
    """The storage that EVA_RATE_LIMITS names."""
    return DatabaseStorage(database, signer) if name is LimitStorageName.DATABASE else MemoryStorage()


async def get_retry_after(limiter: RateLimiter, limit: RateLimitItem, *identifiers: str) -> str:
    """The Retry-After header of a refused request: the seconds until the window of its limit ends."""
    stats = await limiter.get_window_stats(limit, *identifiers)
    return str(max(1, math.ceil(stats.reset_time - time.time())))
