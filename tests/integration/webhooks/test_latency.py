"""A webhook is acknowledged quickly while many arrive; the exact figures are those of `make bench-chat`."""

import asyncio
import time
from copy import deepcopy

from core.resources import Resources
from tests.integration.webhooks.test_telegram import SECRET, UPDATE, count_inbox_and_jobs, create_client

UPDATES = 100
MAX_MEDIAN_SECONDS = 0.5
"""Far above a good value, far below what serving one update after another on a loaded machine takes."""


async def test_a_burst_of_updates_is_acknowledged_and_stored(resources: Resources) -> None:
    durations: list[float] = []

    async def post(number: int) -> None:
        update = deepcopy(UPDATE) | {"update_id": number}
        started = time.perf_counter()
        response = await client.post("/telegram/webhook", json=update, headers=SECRET)
        durations.append(time.perf_counter() - started)
        assert response.status_code == 200

    async with create_client(resources) as client:
        await post(0)
        limit = asyncio.Semaphore(8)

        async def post_limited(number: int) -> None:
            async with limit:
                await post(number)

        await asyncio.gather(*(post_limited(number) for number in range(1, UPDATES)))
    assert sorted(durations)[UPDATES // 2] < MAX_MEDIAN_SECONDS
    assert await count_inbox_and_jobs(resources) == (UPDATES, UPDATES)
