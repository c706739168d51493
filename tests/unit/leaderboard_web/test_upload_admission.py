import pytest
from fastapi import HTTPException

from leaderboard_web.upload_admission import UploadAdmission

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


async def test_photos_that_wait_are_bounded_before_the_body_is_read() -> None:
    admission = UploadAdmission()
    uploads = []
    contexts = []
    with pytest.raises(HTTPException) as refused:
        while True:
            context = admission.admit("a")
            uploads.append(context.__enter__())
            contexts.append(context)
            admission.complete(uploads[-1])
    assert refused.value.status_code == 503
    admission.release(uploads[0])
    with admission.admit("a"):
        pass
    for context in contexts:
        context.__exit__(None, None, None)
