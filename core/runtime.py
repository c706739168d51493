"""A process that works until it is told to stop, and then ends in order; on libuv where there is one."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

Result = TypeVar("Result")

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run_event_loop(main: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine in an event loop of its own: uvloop's, or asyncio's on Windows, which it does not know."""
    if sys.platform == "win32":
        return asyncio.run(main)
    import uvloop  # noqa: PLC0415

    result: Result = uvloop.run(main)
    return result


async def run_until_signalled(
    *services: Callable[[], Awaitable[None]], on_started: Callable[[], None] | None = None
) -> None:
    """Do several things side by side until SIGINT or SIGTERM, or until one of them ends; then cancel the others.

    A second signal ends the process at once, as it would have without this.

    Args:
        work: what is done.
        begin: called when signals are heeded, e.g. to say so.

    Raises:
        Exception: the first of them that failed.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    # Windows has no handlers in its event loop; there, Ctrl-C cancels the main task, which comes to the same.
    with suppress(NotImplementedError):
        for each in SIGNALS:
            loop.add_signal_handler(each, stop.set)
    if on_started is not None:
        on_started()
    tasks = [asyncio.ensure_future(each()) for each in services]
    told = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait([*tasks, told], return_when=asyncio.FIRST_COMPLETED)
    finally:
        with suppress(NotImplementedError):
            for each in SIGNALS:
                loop.remove_signal_handler(each)
        for task in (*tasks, told):
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for result in ended:
        if isinstance(result, Exception):
            raise result
