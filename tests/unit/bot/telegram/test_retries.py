"""Which errors let a job be retried, how often, and after how long."""

import asyncio
from contextlib import nullcontext
from datetime import UTC, datetime
from itertools import count, takewhile
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import AsyncMock

import pytest
from procrastinate.jobs import Job
from sqlalchemy.exc import ProgrammingError

from bot.telegram.delivery import UpdateDelivery
from bot.telegram.retries import DEFAULT_DELAYS, LONGEST_WAIT, MAX_RETRIES, RetryLaterError, RetryPolicy
from bot.telegram.worker import update_outcome
from core.db import inbox
from core.errors import (
    DatabaseUnavailableError,
    DeliveryError,
    FloodWaitError,
    MessageRejectedError,
    PhotoError,
    RemotePhotoUnavailableError,
    StorageUnavailableError,
)


def count_retries(error: BaseException, *, limit: int = 200) -> int:
    policy = RetryPolicy()

    def is_retried(attempts: int) -> bool:
        job = Job(id=1, queue="default", lock=None, queueing_lock=None, task_name="t", attempts=attempts)
        return attempts < limit and policy.get_retry_decision(exception=error, job=job) is not None

    return len(list(takewhile(is_retried, count())))


@pytest.mark.parametrize(
    ("error", "retries"),
    [
        (RetryLaterError(1), MAX_RETRIES),
        (DatabaseUnavailableError(), MAX_RETRIES),
        (ProgrammingError("", None, ValueError()), 0),
        (asyncio.CancelledError(), 200),
        (PhotoError(), 0),
        (MessageRejectedError(), 0),
        (KeyError(), 0),
    ],
)
def test_a_job_is_retried_where_that_can_help(error: BaseException, retries: int) -> None:
    assert count_retries(error) == retries


def test_a_job_starts_again_after_as_long_as_it_asks_for() -> None:
    job = Job(id=1, queue="default", lock=None, queueing_lock=None, task_name="t", attempts=7)
    decision = RetryPolicy().get_retry_decision(exception=RetryLaterError(92), job=job)
    assert decision is not None
    assert decision.retry_at is not None
    assert round((decision.retry_at - datetime.now(UTC)).total_seconds()) == 92


def test_a_job_waits_a_day_for_telegram() -> None:
    assert MAX_RETRIES * LONGEST_WAIT == 86_400, "docs/reliability.md: a demanded pause of up to a day"


@pytest.fixture
def delivery(monkeypatch: pytest.MonkeyPatch) -> UpdateDelivery:
    """Of an update that is not stored."""
    for name in ("count_fault", "mark_processed"):
        monkeypatch.setattr(inbox, name, AsyncMock())
    database = SimpleNamespace(connection=nullcontext)
    delivery = SimpleNamespace(
        resources=SimpleNamespace(database=database),
        inbox_id=1,
        inbox_ids=[1],
        is_erasure=False,
        send_error=AsyncMock(),
    )
    return cast("UpdateDelivery", delivery)


async def find_delay(delivery: UpdateDelivery, error: Exception, fault_count: int) -> int | None:
    """The seconds until the next attempt of an update with so many faults; None if there is none."""
    try:
        async with update_outcome(delivery, fault_count, DEFAULT_DELAYS):
            raise error
    except RetryLaterError as later:
        return later.seconds
    return None


@pytest.mark.parametrize(
    ("error", "delays"),
    [
        (DeliveryError(), [1, 2, 4, 15, 60, 300, None]),
        (RemotePhotoUnavailableError(), [1, 2, 4, None]),
        (StorageUnavailableError(), [1, 2, 4, None]),
        (MessageRejectedError(), [None]),
        (PhotoError(), [None]),
        (KeyError(), [None]),
    ],
)
async def test_faults_are_retried_after_growing_delays(
    delivery: UpdateDelivery, error: Exception, delays: list[int | None]
) -> None:
    assert [await find_delay(delivery, error, fault_count) for fault_count in range(len(delays))] == delays


async def test_a_demanded_wait_is_no_fault(delivery: UpdateDelivery) -> None:
    """However many faults there were: the update waits, and the next fault is retried after its own delay."""
    waits = {0.2: 2, 90.5: 92, 100_000.0: LONGEST_WAIT}
    for seconds, delay in waits.items():
        for fault_count in (0, 99):
            assert await find_delay(delivery, FloodWaitError(seconds=seconds), fault_count) == delay
    counted: Any = inbox.count_fault
    assert counted.await_count == 0
    await find_delay(delivery, DeliveryError(), 0)
    assert counted.await_count == 1
