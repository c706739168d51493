import pytest
from fastapi import HTTPException

from leaderboard_web.load_shedding import PhotoSlots

KB = 1024


def is_ended(upload: object) -> bool:
    return upload.scope.cancel_called  # type: ignore[attr-defined, no-any-return]


async def test_unfinished_uploads_are_bounded_in_all() -> None:
    slots = PhotoSlots(max_unfinished_bytes=64 * KB)
    with slots.admit("a") as first, slots.admit("a") as second, slots.admit("b") as third:
        slots.receive(first, 30 * KB)
        slots.receive(third, 20 * KB)
        slots.receive(second, 30 * KB)
        assert is_ended(first), "the oldest of the network that holds the most"
        assert not is_ended(second)
        assert not is_ended(third)
        assert slots.unfinished_bytes == 50 * KB
        slots.receive(third, 20 * KB)
        assert is_ended(third)
        assert not is_ended(second)
    assert slots.unfinished_bytes == 0


async def test_a_client_alone_cannot_exceed_the_bound() -> None:
    slots = PhotoSlots(max_unfinished_bytes=64 * KB)
    with slots.admit("a") as upload:
        slots.receive(upload, 65 * KB)
        assert is_ended(upload)


async def test_the_number_of_unfinished_uploads_is_bounded() -> None:
    slots = PhotoSlots(max_unfinished_uploads=2)
    with slots.admit("b") as kept, slots.admit("a") as ended, slots.admit("a") as newest:
        assert [is_ended(upload) for upload in (kept, ended, newest)] == [True, False, False]
    with slots.admit("a") as first, slots.admit("b") as other:
        del other
        with slots.admit("b"):
            assert is_ended(first)


async def test_a_photo_that_was_read_is_never_ended() -> None:
    slots = PhotoSlots(max_unfinished_bytes=64 * KB)
    with slots.admit("a") as read, slots.admit("a") as unfinished:
        slots.receive(read, 60 * KB)
        slots.complete(read)
        slots.receive(unfinished, 60 * KB)
        assert not is_ended(read)
        assert not is_ended(unfinished)
        slots.receive(unfinished, 60 * KB)
        assert not is_ended(read)


async def test_photos_that_wait_are_bounded_before_the_body_is_read() -> None:
    slots = PhotoSlots()
    uploads = []
    contexts = []
    with pytest.raises(HTTPException) as refused:
        while True:
            context = slots.admit("a")
            uploads.append(context.__enter__())
            contexts.append(context)
            slots.complete(uploads[-1])
    assert refused.value.status_code == 503
    slots.release(uploads[0])
    with slots.admit("a"):
        pass
    for context in contexts:
        context.__exit__(None, None, None)
