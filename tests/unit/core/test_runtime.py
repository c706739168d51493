import asyncio
import os
import signal

import pytest

from bot.telegram.client import RECORD_SECONDS, RESPONSE_SECONDS
from core.jobs.worker import DEFAULT_TIMINGS
from core.runtime import EXIT_SECONDS, WATCHDOG_SECONDS, GracefulShutdown, available_cpus, run_until_signalled


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


def test_the_exit_limit_follows_the_drain() -> None:
    assert GracefulShutdown().exit_seconds < 10
    assert GracefulShutdown(3.0).exit_seconds < 10
    assert GracefulShutdown(60.0).exit_seconds > 66


def test_a_worker_that_ends_is_not_taken_for_a_dead_one() -> None:
    slowest_end = EXIT_SECONDS + WATCHDOG_SECONDS
    since_heartbeat = DEFAULT_TIMINGS.heartbeat_interval + slowest_end
    assert since_heartbeat < DEFAULT_TIMINGS.heartbeat_timeout - DEFAULT_TIMINGS.heartbeat_interval
    assert DEFAULT_TIMINGS.shutdown_grace + RESPONSE_SECONDS + RECORD_SECONDS < EXIT_SECONDS


def test_a_process_without_a_signal_goes_on() -> None:
    shutdown = GracefulShutdown()
    shutdown.end_process()
    assert not shutdown.has_begun


def test_available_cpus_is_positive() -> None:
    assert available_cpus() >= 1
