"""The job queue with a real worker."""

import asyncio
import contextlib
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job
from prometheus_client import REGISTRY
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import text
from structlog.testing import capture_logs

from core.db.database import Database
from core.jobs.maintenance import MAINTENANCE_QUEUE, MAX_STARTS, HeartbeatMonitor, requeue_stalled_jobs
from core.jobs.queue import cancel_pending, enqueue, get_stats
from core.jobs.worker import ExponentialBackoff, JobQueue, WorkerTimings
from tests.conftest import ROOT
from tests.integration.core.jobs.conftest import Notes, register_tasks, running, wait_until


async def count_jobs(database: Database) -> int:
    async with database.transaction() as connection:
        statement = text("SELECT count(*) FROM procrastinate_jobs")
        number: int = (await connection.execute(statement)).scalar_one()
        return number


async def test_jobs_are_measured(database: Database, worker: JobQueue) -> None:
    def count(outcome: str) -> float:
        labels = {"task": "test.fail_fast", "outcome": outcome}
        return REGISTRY.get_sample_value("eva_job_seconds_count", labels) or 0.0

    failed, succeeded = count("failed"), count("succeeded")
    async with database.transaction() as connection:
        await enqueue(connection, "test.fail_fast", lock=None, times=1)
    async with running(worker, []):
        await wait_until(lambda: count("succeeded") > succeeded)
    assert (count("failed") - failed, count("succeeded") - succeeded) == (1, 1)


async def test_job_exists_only_if_its_transaction_commits(database: Database, worker: JobQueue) -> None:
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
    assert await count_jobs(database) == 0


async def test_jobs_with_one_lock_run_in_order_and_others_run_concurrently(
    database: Database, worker: JobQueue
) -> None:
    notes: Notes = []
    async with database.transaction() as connection:
        for word in ("one", "two", "three"):
            await enqueue(connection, "test.slow", lock="chat", word=word)
        await enqueue(connection, "test.slow", lock="another", word="other")
    async with running(worker, notes):
        await wait_until(lambda: len(notes) == 8)
    same_lock = [entry for entry in notes if not entry.startswith("other")]
    assert same_lock == [f"{word} {what}" for word in ("one", "two", "three") for what in ("started", "ended")]
    assert notes.index("other started") < notes.index("two started")


async def test_failed_job_is_retried_and_keeps_its_lock(database: Database, worker: JobQueue) -> None:
    notes: Notes = []
    async with database.transaction() as connection:
        await enqueue(connection, "test.fail", lock="chat", times=2)
        await enqueue(connection, "test.note", lock="chat", word="after")
    async with running(worker, notes):
        await wait_until(lambda: "after" in notes)
    assert notes == ["try", "try", "try", "after"]


async def test_job_that_always_fails_is_abandoned_and_releases_its_lock(database: Database, worker: JobQueue) -> None:
    notes: Notes = []
    async with database.transaction() as connection:
        await enqueue(connection, "test.fail_fast", lock="chat", times=99)
        await enqueue(connection, "test.note", lock="chat", word="after")
    async with running(worker, notes):
        await wait_until(lambda: "after" in notes)
    assert notes == ["try"] * 4 + ["after"]
    assert await count_jobs(database) == 0


async def test_a_job_that_ends_its_workers_is_abandoned_if_another_one_follows(
    database: Database, worker: JobQueue
) -> None:
    async with database.transaction() as connection:
        await enqueue(connection, "of an update", lock=None, inbox_id=1)
        await enqueue(connection, "of an erasure", lock=None)
        await enqueue(connection, "periodic", lock=None, timestamp=0)
        started = "UPDATE procrastinate_jobs SET status = 'doing', attempts = :attempts"
        await connection.execute(text(started), {"attempts": MAX_STARTS})
        await enqueue(connection, "of a young update", lock=None, inbox_id=2)
    await requeue_stalled_jobs(worker.app, HeartbeatMonitor(interval=5, timeout=30), max_age=30)
    async with database.transaction() as connection:
        rows = await connection.execute(text("SELECT task_name, status FROM procrastinate_jobs ORDER BY id"))
        assert [tuple(row) for row in rows] == [("of an erasure", "todo"), ("of a young update", "todo")]


async def test_queue_stats(database: Database) -> None:
    async with database.transaction() as connection:
        await enqueue(connection, "test.note", lock=None, word="one")
        await enqueue(connection, "test.note", lock=None, word="two")
        await enqueue(connection, "test.note", lock=None, word="later", delay=timedelta(hours=1))
        await enqueue(connection, "test.note", lock=None, word="daily", queue=MAINTENANCE_QUEUE)
    async with database.transaction() as connection:
        stats = await get_stats(connection)
        assert (stats.waiting, stats.running) == (2, 0)
        assert timedelta(0) < stats.oldest < timedelta(minutes=5)
        await cancel_pending(connection, ["unknown"])
        assert (await get_stats(connection)).waiting == 2


async def test_a_job_that_runs_is_not_canceled(database: Database) -> None:
    """It may be the one that cancels: an erasure from a chat runs under the lock of that chat."""
    start = text("UPDATE procrastinate_jobs SET status = 'doing' WHERE args ->> 'word' = 'runs'")
    async with database.connection() as connection:
        for word, lock in (("runs", "chat"), ("waits", "chat"), ("waits in another chat", "other")):
            await enqueue(connection, "test.note", lock=lock, word=word)
        await connection.execute(start)
        await cancel_pending(connection, ["chat"])
        stats = await get_stats(connection)
    assert (stats.running, stats.waiting) == (1, 1)


async def test_the_oldest_job_waits_for_a_worker(database: Database) -> None:
    """Not for its turn after others of its conversation, nor for the time for which it was planned."""
    backdate = text("UPDATE procrastinate_events SET at = at - interval '1 hour'")
    start = text("UPDATE procrastinate_jobs SET status = 'doing' WHERE args ->> 'word' = 'runs'")
    due = text(
        "UPDATE procrastinate_jobs SET scheduled_at = now() - interval '2 min' WHERE args ->> 'word' = 'planned'"
    )
    async with database.connection() as connection:
        for word, lock in (("runs", "chat"), ("waits for its turn", "chat"), ("planned", None)):
            delay = timedelta(minutes=58) if word == "planned" else timedelta(0)
            await enqueue(connection, "test.note", lock=lock, word=word, delay=delay)
        await connection.execute(backdate)
        await connection.execute(start)
        stats = await get_stats(connection)
        assert (stats.waiting, stats.running, stats.oldest) == (1, 1, timedelta(0))
        await connection.execute(due)
        assert timedelta(minutes=2) <= (await get_stats(connection)).oldest < timedelta(minutes=30)
        await enqueue(connection, "test.note", lock=None, word="waits")
        await connection.execute(backdate)
        assert timedelta(hours=1) <= (await get_stats(connection)).oldest < timedelta(hours=2)


async def test_cancelled_jobs_do_not_run(database: Database, worker: JobQueue) -> None:
    notes: Notes = []
    async with database.transaction() as connection:
        await enqueue(connection, "test.note", lock="telegram:1", word="cancelled")
        await enqueue(connection, "test.note", lock="telegram:2", word="kept")
        await cancel_pending(connection, ["telegram:1"])
    await worker.run_worker({"notes": notes}, until_empty=True)
    assert notes == ["kept"]


async def test_worker_reconnects_to_the_database(database: Database, worker: JobQueue) -> None:
    notes: Notes = []
    async with running(worker, notes):
        async with database.transaction() as connection:
            await enqueue(connection, "test.note", lock=None, word="before")
        await wait_until(lambda: notes == ["before"])
        async with database.transaction() as connection:
            kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()"
            assert (await connection.execute(text(f"{kill} AND pid <> pg_backend_pid()"))).scalar_one() > 0
        async with database.transaction() as connection:
            await enqueue(connection, "test.note", lock=None, word="after")
        await wait_until(lambda: notes == ["before", "after"])


async def test_a_job_whose_end_cannot_be_recorded_is_run_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its worker lives and stays connected, so that nobody would take the job over, and it holds its conversation."""
    notes: Notes = []
    timings = WorkerTimings(heartbeat_interval=0.2, reconnect_delay=0.05)
    async with JobQueue(database.conninfo, register_tasks, timings=timings) as queue:
        finish_job, failures = queue.app.job_manager.finish_job, [ConnectorException()]

        async def fail_once(**options: Any) -> None:
            if failures:
                raise failures.pop()
            await finish_job(**options)

        monkeypatch.setattr(queue.app.job_manager, "finish_job", fail_once)
        async with database.transaction() as connection:
            await enqueue(connection, "test.note", lock="chat", word="first")
            await enqueue(connection, "test.note", lock="chat", word="second")
        async with running(queue, notes):
            await wait_until(lambda: "second" in notes)
    assert notes == ["first", "first", "second"]


async def test_a_worker_that_starts_while_the_database_is_away_waits_for_it(database: Database, public: Path) -> None:
    notes: Notes = []
    server, folder = conninfo_to_dict(database.conninfo)["host"], public / "socket"
    timings = WorkerTimings(connect_timeout=0.5, reconnect_delay=0.05)
    with capture_logs() as logs:
        async with (
            JobQueue(make_conninfo(database.conninfo, host=str(folder)), register_tasks, timings=timings) as early,
            running(early, notes),
        ):
            await wait_until(lambda: any(log["event"] == "queue_connection_lost" for log in logs))
            folder.symlink_to(str(server))
            async with database.transaction() as connection:
                await enqueue(connection, "test.note", lock=None, word="done")
            await wait_until(lambda: bool(notes))
    assert notes == ["done"]


KILLED = """
import asyncio, os, signal, sys
from core.jobs.worker import JobQueue
async def note(word):
    os.kill(os.getpid(), signal.SIGKILL)
async def main():
    async with JobQueue(sys.argv[1], lambda app: app.task(name="test.note")(note)) as queue:
        await queue.run_worker({})
asyncio.run(main())
"""


async def test_job_of_a_killed_worker_is_run_by_another(database: Database, worker: JobQueue) -> None:
    notes: Notes = []
    async with database.transaction() as connection:
        await enqueue(connection, "test.note", lock="chat", word="first")
        await enqueue(connection, "test.note", lock="chat", word="second")
    command = [sys.executable, "-c", KILLED, database.conninfo]
    killed = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, check=False)
    assert killed.returncode == -9
    async with database.transaction() as connection:
        assert (await get_stats(connection)).running == 1
    timings = WorkerTimings(heartbeat_interval=0.2, heartbeat_timeout=1.0)
    async with (
        JobQueue(database.conninfo, register_tasks, timings=timings) as impatient,
        running(impatient, notes),
    ):
        await wait_until(lambda: len(notes) == 2)
    assert notes == ["first", "second"]


async def test_a_stop_of_the_worker_is_no_failure_of_the_job() -> None:
    job = Job(id=1, queue="default", lock=None, queueing_lock=None, task_name="test.note", attempts=5)
    backoff = ExponentialBackoff()

    assert backoff.get_retry_decision(exception=RuntimeError(), job=job) is None
    decision = backoff.get_retry_decision(exception=asyncio.CancelledError(), job=job)
    assert decision is not None
    assert decision.retry_at is not None
    assert decision.retry_at <= datetime.now(UTC)
