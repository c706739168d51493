"""Jobs that note what happens, and the queue that runs them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import pytest
from procrastinate import App, JobContext
from structlog.contextvars import get_contextvars

from core.db.database import Database
from core.jobs.worker import ExponentialBackoff, JobQueue

Notes = list[str]


def register_tasks(app: App) -> None:
    for task in (note, slow, fail):
        app.task(name=f"test.{task.__name__}", pass_context=True, retry=ExponentialBackoff())(task)
    app.task(name="test.fail_fast", pass_context=True, retry=ExponentialBackoff((0, 0, 0)))(fail)


async def note(context: JobContext, word: str) -> None:
    assert get_contextvars() == {"job": context.job.id, "task": "test.note"}
    context.additional_context["notes"].append(word)


async def slow(context: JobContext, word: str) -> None:
    notes = context.additional_context["notes"]
    notes.append(f"{word} started")
    await asyncio.sleep(0.2)
    notes.append(f"{word} ended")


async def fail(context: JobContext, times: int) -> None:
    notes = context.additional_context["notes"]
    notes.append("try")
    if notes.count("try") <= times:
        raise RuntimeError


@pytest.fixture
async def worker(database: Database) -> AsyncIterator[JobQueue]:
    async with JobQueue(database.conninfo, register_tasks) as opened:
        yield opened


async def wait_until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def running(worker: JobQueue, notes: Notes) -> AsyncIterator[None]:
    task = asyncio.create_task(worker.run_worker({"notes": notes}))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
