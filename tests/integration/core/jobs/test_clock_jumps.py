"""The queue while the clock of the database, or of a worker, is set forward or back by an hour."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from bot.kakao.photo_requests import PHOTO_URL_LIFETIME
from bot.telegram.retries import DEFAULT_DELAYS, LONGEST_WAIT
from core.db.database import Database
from core.jobs.maintenance import LONGEST_DELAY, LONGEST_RETRY_DELAY, HeartbeatMonitor, start_late_jobs
from core.jobs.queue import enqueue
from core.jobs.worker import RETRY_DELAYS, JobQueue, WorkerTimings
from tests.integration.core.jobs.conftest import Notes, register_tasks, running, wait_until

HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 29, tzinfo=UTC)
TIMINGS = WorkerTimings(heartbeat_interval=0.05, heartbeat_timeout=0.5, poll_interval=0.02)
AGE_HEARTBEAT = text("""
UPDATE procrastinate_workers SET last_heartbeat = now() - '1h'::interval
WHERE id = (SELECT worker_id FROM procrastinate_jobs WHERE status = 'doing')
""")


class Watch:
    """A monitor of one worker, at a time that the test sets."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.monitor = HeartbeatMonitor(interval=5, timeout=30, clock=lambda: self.now)

    def is_dead(self, after: float, heartbeat: datetime, *, is_old: bool = False) -> bool:
        """Look at a heartbeat, so many seconds after the last look."""
        self.now += after
        return 1 in self.monitor.find_dead([{"id": 1, "last_heartbeat": heartbeat, "is_old": is_old}])


def test_a_worker_that_lives_is_not_dead_after_a_clock_was_set_forward() -> None:
    watch = Watch()
    watch.is_dead(0, NOW)
    assert not watch.is_dead(5, NOW, is_old=True)
    assert not watch.is_dead(5, NOW + HOUR)
    assert not watch.is_dead(5, NOW + HOUR, is_old=True)


@pytest.mark.parametrize("jump", [-HOUR, timedelta(0)])
def test_a_worker_that_died_is_dead_half_a_minute_later_although_a_clock_was_set_back(jump: timedelta) -> None:
    watch = Watch()
    watch.is_dead(0, NOW - jump)
    assert not any(watch.is_dead(5, NOW - jump) for _ in range(5))
    assert watch.is_dead(5, NOW - jump)


def test_a_new_worker_needs_two_looks_to_find_one_that_died_long_ago() -> None:
    watch = Watch()
    assert not watch.is_dead(0, NOW, is_old=True)
    assert not watch.is_dead(5, NOW, is_old=True)
    assert watch.is_dead(5, NOW, is_old=True)


def test_a_pause_of_the_worker_that_looks_is_no_silence_of_the_others() -> None:
    """As of a machine that was frozen with all its processes."""
    watch = Watch()
    watch.is_dead(0, NOW)
    assert not watch.is_dead(3600, NOW, is_old=True)
    assert not watch.is_dead(5, NOW, is_old=True)
    assert watch.is_dead(5, NOW, is_old=True)


async def test_a_job_is_not_run_twice_when_the_clock_is_set_forward(database: Database) -> None:
    """Every heartbeat of the worker that has the job is an hour old for the other one."""
    notes: Notes = []
    async with database.transaction() as connection:
        await enqueue(connection, "test.slow", lock=None, word="job")
    async with (
        JobQueue(database.conninfo, register_tasks, timings=TIMINGS) as first,
        JobQueue(database.conninfo, register_tasks, timings=TIMINGS) as second,
        running(first, notes),
        running(second, notes),
    ):
        await wait_until(lambda: notes == ["job started"])
        for _ in range(20):
            async with database.connection() as connection:
                await connection.execute(AGE_HEARTBEAT)
            await asyncio.sleep(0.02)
        await wait_until(lambda: "job ended" in notes)
    assert notes == ["job started", "job ended"]


async def test_a_dead_worker_whose_heartbeat_is_in_the_future_is_found(database: Database) -> None:
    notes: Notes = []
    async with database.transaction() as connection:
        await enqueue(connection, "test.note", lock=None, word="job")
        await connection.execute(
            text("""
            WITH dead AS (
                INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() + '1h'::interval) RETURNING id
            )
            UPDATE procrastinate_jobs SET status = 'doing', worker_id = dead.id FROM dead
            """)
        )
    async with JobQueue(database.conninfo, register_tasks, timings=TIMINGS) as queue, running(queue, notes):
        await wait_until(lambda: notes == ["job"])
    async with database.connection() as connection:
        assert not (await connection.execute(text("SELECT id FROM procrastinate_workers"))).all()


async def test_jobs_that_were_planned_by_another_time_start(database: Database, worker: JobQueue) -> None:
    """One that waits, as for an album, and one that is repeated; what is planned for later on purpose stays."""
    notes: Notes = []
    plans = {
        "planned": (HOUR, 0),
        "repeated": (HOUR, 1),
        "soon": (timedelta(minutes=11), 1),
        "kept": (LONGEST_DELAY, 0),
    }
    async with database.transaction() as connection:
        for word, (delay, attempts) in plans.items():
            job = await enqueue(connection, "test.note", lock=None, word=word, delay=delay)
            statement = text("UPDATE procrastinate_jobs SET attempts = :attempts WHERE id = :id")
            await connection.execute(statement, {"attempts": attempts, "id": job})
    await worker.run_worker({"notes": notes}, until_empty=True)
    assert notes == []
    await start_late_jobs(worker.app)
    await worker.run_worker({"notes": notes}, until_empty=True)
    assert sorted(notes) == ["planned", "repeated", "soon"]


def test_nothing_is_planned_for_later_than_the_limits() -> None:
    assert PHOTO_URL_LIFETIME < LONGEST_DELAY
    retries = (*RETRY_DELAYS, *DEFAULT_DELAYS.delivery, LONGEST_WAIT)
    assert timedelta(seconds=max(retries)) < LONGEST_RETRY_DELAY
