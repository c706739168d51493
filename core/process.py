"""A process that works until it is told to stop, and then ends in order."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["until_stopped"]

SIGNALS = (signal.SIGINT, signal.SIGTERM)


async def until_stopped(*work: Callable[[], Awaitable[None]], begin: Callable[[], None] | None = None) -> None:
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
    if begin is not None:
        begin()
    tasks = [asyncio.ensure_future(each()) for each in work]
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
