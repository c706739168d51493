from contextlib import ExitStack

import pytest
from fastapi import HTTPException

from core.runtime import available_cpus
from leaderboard_web.upload_admission import (
    MAX_WAITING_BYTES,
    RETRY_AFTER_SECONDS,
    WAITING_PER_CORE,
    UploadAdmission,
)

KB = 1024


def is_ended(upload: object) -> bool:
    return upload.scope.cancel_called  # type: ignore[attr-defined, no-any-return]


async def test_unfinished_uploads_are_bounded_in_all() -> None:
    admission = UploadAdmission(max_unfinished_bytes=64 * KB)
    with admission.admit("a") as first, admission.admit("a") as second, admission.admit("b") as third:
        admission.receive(first, 30 * KB)
        admission.receive(third, 20 * KB)
        admission.receive(second, 30 * KB)
        assert is_ended(first), "the oldest of the network that holds the most"
        assert not is_ended(second)
        assert not is_ended(third)
        assert admission.unfinished_bytes == 50 * KB
        admission.receive(third, 20 * KB)
        assert is_ended(third)
        assert not is_ended(second)
    assert admission.unfinished_bytes == 0


async def test_a_client_alone_cannot_exceed_the_bound() -> None:
    admission = UploadAdmission(max_unfinished_bytes=64 * KB)
    with admission.admit("a") as upload:
        admission.receive(upload, 65 * KB)
        assert is_ended(upload)


async def test_the_number_of_unfinished_uploads_is_bounded() -> None:
    admission = UploadAdmission(max_unfinished_uploads=2)
    with admission.admit("b") as kept, admission.admit("a") as ended, admission.admit("a") as newest:
        assert [is_ended(upload) for upload in (kept, ended, newest)] == [True, False, False]
    with admission.admit("a") as first, admission.admit("b") as other:
        del other
        with admission.admit("b"):
            assert is_ended(first)


async def test_a_photo_that_was_read_is_never_ended() -> None:
    admission = UploadAdmission(max_unfinished_bytes=64 * KB)
    with admission.admit("a") as read, admission.admit("a") as unfinished:
        admission.receive(read, 60 * KB)
        admission.complete(read)
        admission.receive(unfinished, 60 * KB)
        assert not is_ended(read)
        assert not is_ended(unfinished)
        admission.receive(unfinished, 60 * KB)
        assert not is_ended(read)


async def test_photos_that_wait_are_bounded_before_and_after_the_body_is_read() -> None:
    admission = UploadAdmission()
    capacity = available_cpus() * (1 + WAITING_PER_CORE)
    with ExitStack() as stack:
        late = stack.enter_context(admission.admit("a"))
        uploads = [stack.enter_context(admission.admit("a")) for _ in range(capacity)]
        for upload in uploads:
            admission.complete(upload)
        with pytest.raises(HTTPException) as refused, admission.admit("b"):
            pass
        assert refused.value.status_code == 503
        assert refused.value.headers == {"Retry-After": str(RETRY_AFTER_SECONDS)}
        with pytest.raises(HTTPException):
            admission.complete(late)
        admission.release(uploads[0])
        with admission.admit("a") as upload:
            admission.complete(upload)


async def test_photos_that_wait_are_bounded_in_bytes() -> None:
    admission, length = UploadAdmission(), 20 * KB * KB

    def wait(stack: ExitStack) -> None:
        upload = stack.enter_context(admission.admit("a"))
        admission.receive(upload, length)
        admission.complete(upload)

    with ExitStack() as stack:
        for _ in range(MAX_WAITING_BYTES // length):
            wait(stack)
        with pytest.raises(HTTPException):
            wait(stack)
