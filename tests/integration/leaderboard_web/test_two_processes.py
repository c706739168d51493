"""What is counted in the memory of a process: with two processes, each lets its own share pass."""

from contextlib import AsyncExitStack
from pathlib import Path

import httpx

from core.resources import Resources
from tests.html import attributes
from tests.integration.leaderboard_web.test_rate_limit import create_site, share_look

HEADERS = {"Accept": "application/json", "Sec-Fetch-Site": "same-origin"}


async def test_each_process_counts_writes_of_an_address_for_itself(resources: Resources, samples: Path) -> None:
    path = await share_look(resources)
    async with AsyncExitStack() as stack:
        clients = []
        for _ in range(2):
            app = create_site(resources, samples, writes_per_minute=2)
            transport = httpx.ASGITransport(app)
            client = httpx.AsyncClient(transport=transport, base_url="http://eva", headers=HEADERS)
            clients.append(await stack.enter_async_context(client))
        statuses = [(await client.post(f"{path}/heart")).status_code for client in clients for _ in range(3)]
    limited = [status == 429 for status in statuses]
    assert limited == [False, False, True] * 2


async def test_a_reaction_in_one_process_is_seen_by_the_other(resources: Resources, samples: Path) -> None:
    path = await share_look(resources)
    apps = [create_site(resources, samples) for _ in range(2)]
    async with (
        httpx.AsyncClient(transport=httpx.ASGITransport(apps[0]), base_url="http://eva", headers=HEADERS) as first,
        httpx.AsyncClient(transport=httpx.ASGITransport(apps[1]), base_url="http://eva") as second,
    ):
        assert (await first.post(f"{path}/heart")).status_code < 400
        second.cookies.update(first.cookies)
        page = await second.get(path)
    assert attributes(page, ".heart button", "aria-pressed") == ["true"]
