"""Which faults are worth another try, and how often."""

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


def tries(fault: BaseException) -> int:
    def again(attempts: int) -> bool:
        job = Job(id=1, queue="default", lock=None, queueing_lock=None, task_name="t", attempts=attempts)
        return attempts < 50 and RetryPolicy().get_retry_decision(exception=fault, job=job) is not None

    return len(list(takewhile(again, count())))


@pytest.mark.parametrize(
    ("fault", "times"),
    [
        (DeliveryError(), 3),
        (RemotePhotoUnavailableError(), 3),
        (StorageUnavailableError(), 3),
        (DatabaseUnavailableError(), 10),
        (ProgrammingError("", None, ValueError()), 0),
        (asyncio.CancelledError(), 50),
        (PhotoError(), 0),
        (MessageRejectedError(), 0),
        (KeyError(), 0),
    ],
)
def test_faults_that_pass_are_tried_again_and_others_are_not(fault: BaseException, times: int) -> None:
    assert tries(fault) == times
