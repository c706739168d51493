"""Running a process: the event loop, and shutdown on a signal."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

Result = TypeVar("Result")

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run_event_loop(main: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine in a new event loop: uvloop, or asyncio's own on Windows, which uvloop does not support."""
    if sys.platform == "win32":
        return asyncio.run(main)
    import uvloop  # noqa: PLC0415

    result: Result = uvloop.run(main)
    return result


async def run_until_signalled(
    *services: Callable[[], Awaitable[None]], on_started: Callable[[], None] | None = None
) -> None:
    """Run services concurrently until SIGINT or SIGTERM, or until one of them ends; then cancel the others.

    A second signal ends the process immediately.

    Args:
        services: what runs.
        on_started: called when the signal handlers are installed.

    Raises:
        Exception: the first service that failed.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    # The event loop of Windows has no signal handlers; there, Ctrl-C cancels the main task, with the same result.
    with suppress(NotImplementedError):
        for number in SIGNALS:
            loop.add_signal_handler(number, stop.set)
    if on_started is not None:
        on_started()
    tasks = [asyncio.ensure_future(service()) for service in services]
    stopped = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait([*tasks, stopped], return_when=asyncio.FIRST_COMPLETED)
    finally:
        with suppress(NotImplementedError):
            for number in SIGNALS:
                loop.remove_signal_handler(number)
        for task in (*tasks, stopped):
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result
