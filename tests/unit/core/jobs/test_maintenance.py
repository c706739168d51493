"""The end of the maintenance of the queue."""

import asyncio
from types import SimpleNamespace
from typing import cast

from procrastinate import App
from procrastinate.exceptions import ConnectorException

from core.jobs.maintenance import run_maintenance

NEVER = 3600.0


async def test_maintenance_ends_although_a_lost_connection_hides_its_cancellation() -> None:
    is_asked = asyncio.Event()

    async def lose_connection(*_: object, **__: object) -> None:
        is_asked.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ConnectorException from None

    app = cast("App", SimpleNamespace(connector=SimpleNamespace(execute_query_all_async=lose_connection)))
    maintenance = asyncio.create_task(run_maintenance(app, heartbeat_interval=NEVER, heartbeat_timeout=NEVER))
    async with asyncio.timeout(60):
        await is_asked.wait()
    maintenance.cancel()
    await asyncio.wait([maintenance], timeout=60)
    is_ended = maintenance.done()
    maintenance.cancel()
    assert is_ended
    assert maintenance.cancelled()
