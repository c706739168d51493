"""Which errors let a job be retried, and how often; an update ends after fewer faults."""

import asyncio
from datetime import UTC, datetime
from itertools import count, takewhile

import pytest
from procrastinate.jobs import Job
from sqlalchemy.exc import ProgrammingError

from bot.telegram.worker import LONGEST_FLOOD_WAIT, MAX_WAITS, RetryPolicy
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
        (DeliveryError(), MAX_WAITS),
        (RemotePhotoUnavailableError(), MAX_WAITS),
        (StorageUnavailableError(), MAX_WAITS),
        (FloodWaitError(seconds=86_400), MAX_WAITS),
        (DatabaseUnavailableError(), 10),
        (ProgrammingError("", None, ValueError()), 0),
        (asyncio.CancelledError(), 200),
        (PhotoError(), 0),
        (MessageRejectedError(), 0),
        (KeyError(), 0),
    ],
)
def test_only_transient_errors_are_retried(error: BaseException, retries: int) -> None:
    assert count_retries(error) == retries


def test_a_job_waits_a_day_for_telegram() -> None:
    assert MAX_WAITS * LONGEST_FLOOD_WAIT == 86_400, "docs/reliability.md: a demanded pause of up to a day"


def test_a_job_starts_again_when_telegram_accepts_calls_again() -> None:
    """And not sooner for a short wait than after any other fault."""
    job = Job(id=1, queue="default", lock=None, queueing_lock=None, task_name="t", attempts=2)
    delays = []
    for error in (FloodWaitError(seconds=90.5), FloodWaitError(seconds=1), DeliveryError()):
        decision = RetryPolicy().get_retry_decision(exception=error, job=job)
        assert decision is not None
        assert decision.retry_at is not None
        delays.append(round((decision.retry_at - datetime.now(UTC)).total_seconds()))
    assert delays == [92, 4, 4]


def test_while_telegram_is_away_attempts_go_on_for_minutes() -> None:
    delays = []
    for attempts in range(7):
        job = Job(id=1, queue="default", lock=None, queueing_lock=None, task_name="t", attempts=attempts)
        decision = RetryPolicy().get_retry_decision(exception=DeliveryError(), job=job)
        assert decision is not None
        assert decision.retry_at is not None
        delays.append(round((decision.retry_at - datetime.now(UTC)).total_seconds()))
    assert delays == [1, 2, 4, 15, 60, 300, 300]
