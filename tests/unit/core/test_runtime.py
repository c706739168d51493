import asyncio
import os
import signal

import pytest

from core.runtime import run_until_signalled


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_signal_cancels_all_services(number: signal.Signals) -> None:
    ended: list[str] = []

    async def work(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append(name)

    asyncio.get_running_loop().call_later(0.05, os.kill, os.getpid(), number)
    await run_until_signalled(lambda: work("web"), lambda: work("worker"))
    assert sorted(ended) == ["web", "worker"]


async def test_failure_cancels_the_others_and_is_raised() -> None:
    ended = asyncio.Event()

    async def fail() -> None:
        raise OSError("port in use")

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with pytest.raises(OSError, match="port in use"):
        await run_until_signalled(fail, work)
    assert ended.is_set()
