"""Which errors let a job be retried, and how often; an update ends after fewer faults."""

import asyncio
from itertools import count, takewhile

import pytest
from procrastinate.jobs import Job
from sqlalchemy.exc import ProgrammingError

from bot.telegram.worker import RetryPolicy
from core.errors import (
    DatabaseUnavailableError,
    DeliveryError,
    MessageRejectedError,
    PhotoError,
    RemotePhotoUnavailableError,
    StorageUnavailableError,
)


def count_retries(error: BaseException, *, limit: int = 50) -> int:
    policy = RetryPolicy()

    def is_retried(attempts: int) -> bool:
        job = Job(id=1, queue="default", lock=None, queueing_lock=None, task_name="t", attempts=attempts)
        return attempts < limit and policy.get_retry_decision(exception=error, job=job) is not None

    return len(list(takewhile(is_retried, count())))


@pytest.mark.parametrize(
    ("error", "retries"),
    [
        (DeliveryError(), 10),
        (RemotePhotoUnavailableError(), 10),
        (StorageUnavailableError(), 10),
        (DatabaseUnavailableError(), 10),
        (ProgrammingError("", None, ValueError()), 0),
        (asyncio.CancelledError(), 50),
        (PhotoError(), 0),
        (MessageRejectedError(), 0),
        (KeyError(), 0),
    ],
)
def test_only_transient_errors_are_retried(error: BaseException, retries: int) -> None:
    assert count_retries(error) == retries
