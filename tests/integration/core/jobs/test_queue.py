"""The rules of the queue, with its real worker."""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
from procrastinate import App, JobContext
from sqlalchemy import text

from core.db.database import Database
from core.jobs import queue
from core.jobs.queue import ExponentialBackoff, JobQueue, cancel_pending, enqueue, get_stats
from tests.conftest import ROOT

Notes = list[str]


def tasks(app: App) -> None:
    for task in (note, slow, fail):
        app.task(name=f"test.{task.__name__}", pass_context=True, retry=ExponentialBackoff())(task)


async def note(context: JobContext, word: str) -> None:
    context.additional_context["notes"].append(word)


async def slow(context: JobContext, word: str) -> None:
    notes = context.additional_context["notes"]
    notes.append(f"{word} begins")
    await asyncio.sleep(0.2)
    notes.append(f"{word} ends")


async def fail(context: JobContext, times: int) -> None:
    notes = context.additional_context["notes"]
    notes.append("try")
    if len([each for each in notes if each == "try"]) <= times:
        raise RuntimeError


@pytest.fixture
async def worker(database: Database) -> AsyncIterator[JobQueue]:
    async with JobQueue(database.conninfo, tasks) as opened:
        yield opened


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def working(worker: JobQueue, notes: Notes) -> AsyncIterator[None]:
    task = asyncio.create_task(worker.run_worker({"notes": notes}))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def jobs(database: Database) -> int:
    async with database.transaction() as connection:
        statement = text("SELECT count(*) FROM procrastinate_jobs WHERE task_name NOT LIKE 'queue.%'")
        number: int = (await connection.execute(statement)).scalar_one()
        return number


async def test_a_job_is_there_exactly_if_its_unit_of_work_is(database: Database, worker: JobQueue) -> None:
    notes: Notes = []
    with contextlib.suppress(RuntimeError):
        async with database.transaction() as connection:
            await enqueue(connection, "test.note", lock=None, word="undone")
            raise RuntimeError
    async with database.transaction() as connection:
        await enqueue(connection, "test.note", lock="chat", word="done")
        await worker.run_worker({"notes": notes}, until_empty=True)
        assert notes == []
    await worker.run_worker({"notes": notes}, until_empty=True)
    assert notes == ["done"]
    assert await jobs(database) == 0


async def test_jobs_of_one_chat_follow_each_other_and_others_do_not_wait(database: Database, worker: JobQueue) -> None:
    notes: Notes = []
    async with database.transaction() as connection:
        for word in ("one", "two", "three"):
            await enqueue(connection, "test.slow", lock="chat", word=word)
        await enqueue(connection, "test.slow", lock="another", word="other")
    async with working(worker, notes):
        await until(lambda: len(notes) == 8)
    chat = [each for each in notes if not each.startswith("other")]
    assert chat == [f"{word} {what}" for word in ("one", "two", "three") for what in ("begins", "ends")]
    assert notes.index("other begins") < notes.index("two begins")


async def test_a_failure_is_tried_again_and_the_chat_waits_for_it(database: Database, worker: JobQueue) -> None:
    notes: Notes = []
    async with database.transaction() as connection:
        await enqueue(connection, "test.fail", lock="chat", times=2)
        await enqueue(connection, "test.note", lock="chat", word="after")
    async with working(worker, notes):
        await until(lambda: "after" in notes)
    assert notes == ["try", "try", "try", "after"]


async def test_a_job_that_always_fails_ends_and_lets_its_chat_go_on(
    database: Database, worker: JobQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "RETRY_DELAYS", (0, 0, 0))
    notes: Notes = []
    async with database.transaction() as connection:
        await enqueue(connection, "test.fail", lock="chat", times=99)
        await enqueue(connection, "test.note", lock="chat", word="after")
    async with working(worker, notes):
        await until(lambda: "after" in notes)
    assert notes == ["try"] * 4 + ["after"]
    assert await jobs(database) == 0


async def test_load_of_the_queue(database: Database) -> None:
    async with database.transaction() as connection:
        await enqueue(connection, "test.note", lock=None, word="one")
        await enqueue(connection, "test.note", lock=None, word="two")
        await enqueue(connection, "test.note", lock=None, word="later", delay=timedelta(hours=1))
    async with database.transaction() as connection:
        now = await get_stats(connection)
        assert (now.waiting, now.running) == (2, 0)
        assert timedelta(0) < now.oldest < timedelta(minutes=5)
        await cancel_pending(connection, ["nobody"])
        assert (await get_stats(connection)).waiting == 2


async def test_cancelled_jobs_are_not_done(database: Database, worker: JobQueue) -> None:
    notes: Notes = []
    async with database.transaction() as connection:
        await enqueue(connection, "test.note", lock="telegram:1", word="mine")
        await enqueue(connection, "test.note", lock="telegram:2", word="yours")
        await cancel_pending(connection, ["telegram:1"])
    await worker.run_worker({"notes": notes}, until_empty=True)
    assert notes == ["yours"]


async def test_the_worker_comes_back_after_the_database_did(database: Database, worker: JobQueue) -> None:
    notes: Notes = []
    async with working(worker, notes):
        async with database.transaction() as connection:
            await enqueue(connection, "test.note", lock=None, word="before")
        await until(lambda: notes == ["before"])
        async with database.transaction() as connection:
            kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()"
            assert (await connection.execute(text(f"{kill} AND pid <> pg_backend_pid()"))).scalar_one() > 0
        async with database.transaction() as connection:
            await enqueue(connection, "test.note", lock=None, word="after")
        await until(lambda: notes == ["before", "after"])


KILLED = """
import asyncio, os, signal, sys
from core.queue import Queue
async def note(word):
    os.kill(os.getpid(), signal.SIGKILL)
async def main():
    async with Queue(sys.argv[1], lambda app: app.task(name="test.note")(note)) as queue:
        await queue.work({})
asyncio.run(main())
"""


async def test_a_job_whose_worker_was_killed_is_done_by_another(
    database: Database, worker: JobQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes: Notes = []
    async with database.transaction() as connection:
        await enqueue(connection, "test.note", lock="chat", word="first")
        await enqueue(connection, "test.note", lock="chat", word="second")
    command = [sys.executable, "-c", KILLED, database.conninfo]
    killed = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, check=False)
    assert killed.returncode == -9
    async with database.transaction() as connection:
        assert (await get_stats(connection)).running == 1
    monkeypatch.setattr(queue, "HEARTBEAT_TIMEOUT", 1.0)
    async with working(worker, notes):
        await until(lambda: len(notes) == 2)
    assert notes == ["first", "second"]
