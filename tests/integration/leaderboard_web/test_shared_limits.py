"""Limits hold over all processes: their counters are in the database."""

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from fastapi import Request
from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from limits.aio.strategies import FixedWindowRateLimiter, SlidingWindowCounterRateLimiter
from sqlalchemy import func, select, update

from core.db import rate_limits, schema
from core.resources import Resources
from core.services.deletion import delete_overdue_data
from leaderboard_web.anonymous_limits import AnonymousLimiter
from leaderboard_web.limit_storage import DatabaseStorage
from tests.integration.leaderboard_web.test_rate_limit import create_site, share_look

HEADERS = {"Accept": "application/json", "Sec-Fetch-Site": "same-origin", "X-Forwarded-For": "203.0.113.7"}
LIMIT = RateLimitItemPerMinute(4)


async def test_processes_count_together(resources: Resources, samples: Path) -> None:
    path = await share_look(resources)
    settings = {"writes_per_minute": 3, "rate_limits": "database"}
    async with AsyncExitStack() as stack:
        transports = [httpx.ASGITransport(create_site(resources, samples, **settings)) for _ in range(2)]
        clients = [httpx.AsyncClient(transport=each, base_url="http://eva", headers=HEADERS) for each in transports]
        for client in clients:
            await stack.enter_async_context(client)
        assert (await clients[0].post(f"{path}/heart")).status_code == 200
        clients[1].cookies.update(clients[0].cookies)
        statuses = [(await clients[turn % 2].post(f"{path}/heart")).status_code for turn in range(4)]
        assert statuses == [200, 200, 429, 429]
        refused = await clients[0].post(f"{path}/heart")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
    async with resources.database.connection() as connection:
        keys = (await connection.execute(select(schema.rate_limits.c.key))).scalars().all()
    assert keys
    assert not [key for key in keys if b"203.0" in key or b"127.0" in key], "no address is stored"
    assert {len(key) for key in keys} == {32}


async def test_reports_at_the_same_time_do_not_pass_the_limit_together(resources: Resources) -> None:
    limiter = AnonymousLimiter(DatabaseStorage(resources.database, resources.limit_signer), "reports", limit=1)
    request = Request({"type": "http", "client": ("8.8.8.8", 1)})
    counted = await asyncio.gather(*(limiter.acquire(request, None, UUID(int=1)) for _ in range(4)))
    assert sorted(counted) == [False, False, False, True]


@pytest.mark.parametrize("jump", [-3600, 3600])
async def test_a_process_whose_clock_was_set_counts_like_the_others(
    resources: Resources, monkeypatch: pytest.MonkeyPatch, jump: int
) -> None:
    limiter = SlidingWindowCounterRateLimiter(DatabaseStorage(resources.database, resources.limit_signer))
    limit, now = RateLimitItemPerHour(4), time.time
    assert [await limiter.hit(limit, "a") for _ in range(4)] == [True] * 4
    monkeypatch.setattr(time, "time", lambda: now() + jump)
    assert not await limiter.hit(limit, "a")
    rest = (await limiter.get_window_stats(limit, "a")).reset_time - time.time()
    assert 0 < rest <= 3600


async def test_windows_slide_and_end(resources: Resources) -> None:
    storage = DatabaseStorage(resources.database, resources.limit_signer)
    sliding, fixed = SlidingWindowCounterRateLimiter(storage), FixedWindowRateLimiter(storage)
    assert [await sliding.hit(LIMIT, "a") for _ in range(5)] == [True] * 4 + [False]
    assert [await fixed.hit(LIMIT, "b") for _ in range(5)] == [True] * 4 + [False]
    assert (await sliding.test(LIMIT, "a"), await fixed.test(LIMIT, "b")) == (False, False)
    assert await sliding.hit(LIMIT, "another")
    table = schema.rate_limits
    async with resources.database.connection() as connection:
        # A window later, the events count by the share of it that has not passed.
        await connection.execute(update(table).where(table.c.period > 0).values(period=table.c.period - 1))
        (previous, current, _) = await rate_limits.get_window(connection, storage._sign(LIMIT.key_for("a")), window=60)
        assert (previous, current) == (4, 0)
        await connection.execute(update(table).values(period=table.c.period - 1, expires_at=func.now()))
    assert await sliding.test(LIMIT, "a")
    assert await fixed.hit(LIMIT, "b")
    await delete_overdue_data(resources)
    async with resources.database.connection() as connection:
        assert await connection.scalar(select(func.count()).select_from(table)) == 1
    await storage.clear(LIMIT.key_for("b"))
    assert await storage.get(LIMIT.key_for("b")) == 0
