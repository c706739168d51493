"""An S3 server that is slow, fails or cuts objects off, and a disk that is full."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from anyio import to_thread
from obstore.store import S3Store

from core.errors import ObjectNotFoundError, StorageUnavailableError
from core.object_storage import CLIENT_OPTIONS, MAX_THREADS, RETRY_OPTIONS, ObjectStorage, generate_key
from tests.faulty_s3 import OPTIONS, Fault, FaultyS3
from tests.full_disk import fill_disk

IMAGE = bytes(range(256)) * 400
SLOW = Fault(delay=1.0)


@pytest.mark.parametrize("fault", [SLOW, Fault(status=500), Fault(status=503)], ids=["slow", "500", "503"])
@pytest.mark.parametrize("method", ["PUT", "GET"])
async def test_one_failure_is_repeated_and_three_are_an_outage(faulty_s3: FaultyS3, method: str, fault: Fault) -> None:
    storage, key = faulty_s3.storage(), generate_key()
    await storage.put(key, IMAGE)

    async def act() -> None:
        if method == "PUT":
            await storage.put(key, IMAGE)
        else:
            assert await storage.get(key) == IMAGE

    faulty_s3.bucket.faults[method] = [fault]
    await act()
    faulty_s3.bucket.faults[method] = 3 * [fault]
    with pytest.raises(StorageUnavailableError):
        await act()
    await act()
    assert faulty_s3.bucket.objects == {f"/pictures/{key}": IMAGE}


async def test_an_image_that_is_cut_off_is_continued_or_an_outage_and_never_half_an_image(faulty_s3: FaultyS3) -> None:
    storage, key = faulty_s3.storage(), generate_key()
    await storage.put(key, IMAGE)
    faulty_s3.bucket.faults["GET"] = [Fault(share=0.5)]
    assert await storage.get(key) == IMAGE
    faulty_s3.bucket.faults["GET"] = 3 * [Fault(share=0.5)]
    with pytest.raises(StorageUnavailableError):
        await storage.get(key)


async def test_a_slow_storage_leaves_the_threads_of_everything_else(faulty_s3: FaultyS3) -> None:
    """More requests than any pool has threads wait for the storage; something else runs meanwhile."""
    storage, count = faulty_s3.storage(timeout="60s"), MAX_THREADS + 10
    faulty_s3.bucket.faults["GET"] = count * [Fault(status=404, is_held=True)]
    waiting = [asyncio.create_task(storage.get(generate_key())) for _ in range(count)]
    async with asyncio.timeout(30):
        while len(faulty_s3.bucket.requests) < MAX_THREADS:  # noqa: ASYNC110  (they arrive in another thread)
            await asyncio.sleep(0.01)
        await to_thread.run_sync(lambda: None)
    assert not any(task.done() for task in waiting)
    faulty_s3.bucket.released.set()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(result) for result in results} == {ObjectNotFoundError}


def test_requests_are_limited_without_options() -> None:
    """A third attempt begins before the limit of all of them and ends within its own."""
    storage = ObjectStorage("s3://pictures", region="us-east-1")
    store = storage._store
    assert isinstance(store, S3Store)
    assert dict(store.client_options or {}) == CLIENT_OPTIONS
    assert dict(store.retry_config or {}).items() >= RETRY_OPTIONS.items()
    two_attempts = 2 * timedelta(seconds=float(CLIENT_OPTIONS["timeout"].removesuffix("s")))
    limit = RETRY_OPTIONS["retry_timeout"]
    assert isinstance(limit, timedelta)
    assert two_attempts + timedelta(seconds=1) < limit, "with the waits between them"


async def test_a_server_is_configured_by_variables_alone(faulty_s3: FaultyS3, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in OPTIONS.items():
        monkeypatch.setenv(f"AWS_{name.upper()}", value)
    monkeypatch.setenv("AWS_ENDPOINT", faulty_s3.url)
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_TIMEOUT", "300ms")
    storage, key = ObjectStorage("s3://pictures"), generate_key()
    await storage.put(key, IMAGE)
    assert await storage.get(key) == IMAGE
    faulty_s3.bucket.faults["GET"] = 3 * [SLOW]
    with pytest.raises(StorageUnavailableError):
        await storage.get(key)


async def test_a_full_disk_is_an_outage_that_leaves_the_stored_images_whole(small_disk: Path) -> None:
    storage, kept, key = ObjectStorage((small_disk / "pictures").as_uri()), generate_key(), generate_key()
    await storage.put(kept, IMAGE)
    with fill_disk(small_disk, leave=len(IMAGE) // 2):
        for refused in (key, kept):
            with pytest.raises(StorageUnavailableError, match=r": No space left on device$"):
                await storage.put(refused, 2 * IMAGE)
        assert await storage.list_sizes() == {kept: len(IMAGE)}
        assert await storage.get(kept) == IMAGE
        assert [path.name for path in small_disk.rglob("*.jpg*")] == [kept[3:]], "half a file takes the last space"
    await storage.put(key, IMAGE)
    assert await storage.get(key) == IMAGE


async def test_a_locked_object_is_an_error_and_the_others_are_deleted(faulty_s3: FaultyS3) -> None:
    storage, keys = faulty_s3.storage(), [generate_key() for _ in range(3)]
    for key in keys:
        await storage.put(key, IMAGE)
    faulty_s3.bucket.locked = {f"/pictures/{keys[1]}"}
    with pytest.raises(StorageUnavailableError):
        await storage.delete(keys)
    assert set(faulty_s3.bucket.objects) == faulty_s3.bucket.locked
    faulty_s3.bucket.locked = set()
    await storage.delete(keys)
    assert faulty_s3.bucket.objects == {}
    assert faulty_s3.bucket.requests.count("POST") == 2
