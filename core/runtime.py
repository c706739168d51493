"""Running a process: its cores, the event loop, and shutdown on a signal.

See ADR 0021.
"""

import asyncio
import faulthandler
import logging
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import structlog


class ProcessKind(StrEnum):
    """What a process is for; the name by which the database server shows it is `eva` and this."""

    COMMAND = "command"
    """A command that ends by itself, or `eva chat`."""
    RUN = "run"
    SERVE = "serve"
    WORKER = "worker"

    @property
    def is_server(self) -> bool:
        """Whether it runs until it is stopped, and waits for a database that starts at the same time."""
        return self is not ProcessKind.COMMAND

    @property
    def has_queue(self) -> bool:
        """Whether it runs jobs."""
        return self in {ProcessKind.RUN, ProcessKind.WORKER}

    @property
    def only_checks_schema(self) -> bool:
        """Whether the migrations of a configured database are a step of their own, before it starts."""
        return self in {ProcessKind.SERVE, ProcessKind.WORKER}


Result = TypeVar("Result")

SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""They end a process."""

EXIT_SECONDS = 9.4
"""Seconds after the signal in which a process ends; hosts kill it after ten."""
LONGEST_CLOSING = 6.4
"""Of them, those that begin when `GracefulShutdown.wait` ends: open requests get five."""

WATCHDOG_SECONDS = 0.5
"""After `exit_seconds`, until the process is ended without Python, with exit code 1 and the stacks of its threads."""

log = structlog.get_logger()


def available_cpus() -> int:
    """Number of processors that this process may use: its affinity, limited by a container's quota."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text("ascii").split()
    except OSError:
        return cpus
    return cpus if quota == "max" else max(1, min(cpus, round(int(quota) / int(period))))


class GracefulShutdown:
    """The time between SIGTERM and the end of a process, in which a web process serves although it is no longer ready.

    Load balancers learn from `/readyz` that the process is about to end, and send new requests elsewhere.
    """

    def __init__(self, seconds: float = 0.0, *, has_exit_limit: bool = False) -> None:
        """Configure it.

        Args:
            seconds: how long `wait` takes; more than the interval of the load balancer's checks.
            has_exit_limit: whether the process is ended if it has not ended by itself `exit_seconds` after the signal.
                Jobs that run then are taken over as those of a killed worker.
        """
        self.seconds = seconds
        self.has_begun = False
        self.has_exit_limit = has_exit_limit
        self._callbacks: list[Callable[[], None]] = []

    @property
    def exit_seconds(self) -> float:
        """Seconds between the signal and the end of the process at the latest."""
        return max(EXIT_SECONDS, self.seconds + LONGEST_CLOSING)

    def when_begun(self, callback: Callable[[], None]) -> None:
        """Call this at SIGTERM, for what would not end by itself."""
        self._callbacks.append(callback)

    def begin(self, number: signal.Signals) -> None:
        """Make the process unready. Ctrl-C (SIGINT) skips the waiting: a terminal has no load balancer."""
        self.has_begun = True
        if number is not signal.SIGTERM:
            self.seconds = 0.0
        log.info("process_draining", seconds=self.seconds)
        if self.has_exit_limit:
            limit = threading.Timer(self.exit_seconds, _end_process, [asyncio.get_running_loop(), self.exit_seconds])
            limit.daemon = True
            limit.start()
            # Ends the process where no Python code can: in a call that does not return.
            faulthandler.dump_traceback_later(self.exit_seconds + WATCHDOG_SECONDS, exit=True)
        for callback in self._callbacks:
            callback()

    async def wait(self) -> None:
        """Wait until load balancers have noticed."""
        if self.has_begun:
            await asyncio.sleep(self.seconds)

    def end_process(self) -> None:
        """After a signal, end the process with exit code 0 once everything is closed; without one, do nothing.

        The interpreter would free all its memory first, which takes seconds where processors are busy.
        """
        if self.has_begun:
            try:
                logging.shutdown()
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                os._exit(0)


def _end_process(loop: asyncio.AbstractEventLoop, seconds: float) -> None:
    """End the process with exit code 0, as after a stop in time: what it leaves behind is what a kill leaves."""
    try:
        waiting = {str(getattr(task.get_coro(), "__qualname__", "")) for task in asyncio.all_tasks(loop)}
        log.warning("process_end_forced", seconds=seconds, tasks=sorted(waiting))
        sys.stdout.flush()
    finally:
        os._exit(0)


def run_event_loop(main: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine in a new event loop of uvloop."""
    import uvloop  # noqa: PLC0415

    result: Result = uvloop.run(main)
    return result


async def run_until_signalled(
    *services: Callable[[], Awaitable[None]],
    on_started: Callable[[], None] | None = None,
    shutdown: GracefulShutdown | None = None,
) -> None:
    """Run services concurrently until SIGINT or SIGTERM, or until one of them ends; then cancel the others.

    A second signal ends the process immediately.

    Args:
        services: what runs.
        on_started: called when the signal handlers are installed.
        shutdown: begins with the signal; the services that wait for it are canceled at the same time as the others.

    Raises:
        Exception: the first service that failed.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def handle_signal(number: signal.Signals) -> None:
        if shutdown is not None:
            shutdown.begin(number)
        stop.set()

    for number in SIGNALS:
        loop.add_signal_handler(number, handle_signal, number)
    if on_started is not None:
        on_started()
    tasks = [asyncio.ensure_future(service()) for service in services]
    stopped = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait([*tasks, stopped], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
        for task in (*tasks, stopped):
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result
