"""Object storage on disk and in S3 (moto, over a real socket)."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from obstore.store import S3Store
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.testing.server import LocalServer
from core.errors import ObjectNotFoundError, StorageUnavailableError
from core.object_storage import ObjectStorage, generate_key
from tests.integration.core.conftest import s3_storage

Open = Callable[[], ObjectStorage]


@pytest.fixture(params=["file", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStorage:
    if request.param == "file":
        return ObjectStorage((tmp_path / "with space").as_uri())
    return s3_storage(request.getfixturevalue("s3"))


async def test_stored_image_can_be_read_until_deleted(storage: ObjectStorage) -> None:
    key, other = generate_key(), generate_key()
    await storage.put(key, b"first")
    await storage.put(key, b"again")
    await storage.put(other, b"other")
    assert await storage.get(key) == b"again"
    await storage.delete([key, key, generate_key()])
    with pytest.raises(ObjectNotFoundError):
        await storage.get(key)
    assert await storage.get(other) == b"other"


@pytest.mark.parametrize("key", ["", "../secret.key", "/etc/passwd", "ab/../../secret.key", "AB/" + "c" * 30 + ".jpg"])
async def test_invalid_keys_are_not_found(storage: ObjectStorage, key: str) -> None:
    with pytest.raises(ObjectNotFoundError):
        await storage.get(key)


async def test_unreachable_storage_raises() -> None:
    nowhere = ObjectStorage(
        "s3://pictures",
        endpoint="http://127.0.0.1:9",
        access_key_id="test",
        secret_access_key="test",
        client_options={"allow_http": True},
        retry_config={"max_retries": 0},
    )
    for act in (nowhere.put(generate_key(), b"x"), nowhere.get(generate_key()), nowhere.delete([generate_key()])):
        with pytest.raises(StorageUnavailableError):
            await act


@pytest.mark.parametrize(
    ("code", "expected"), [("AccessDenied", ObjectNotFoundError), ("InvalidAccessKeyId", StorageUnavailableError)]
)
async def test_a_missing_key_that_s3_hides_is_missing(code: str, expected: type[Exception]) -> None:
    """Without the right to list a bucket, S3 answers 403 instead of 404."""

    async def refuse(request: Request) -> Response:
        return Response(f"<Error><Code>{code}</Code></Error>", 403, media_type="application/xml")

    with LocalServer(Starlette(routes=[Route("/{path:path}", refuse)])) as server:
        storage = ObjectStorage(
            "s3://pictures",
            endpoint=server.url,
            access_key_id="test",
            secret_access_key="test",
            client_options={"allow_http": True},
            retry_config={"max_retries": 0},
        )
        with pytest.raises(expected):
            await storage.get(generate_key())


@pytest.mark.parametrize("url", ["pictures", "ftp://host/pictures", "file://host/pictures", "memory:///"])
def test_unsupported_urls_are_rejected(url: str) -> None:
    with pytest.raises(StorageUnavailableError):
        ObjectStorage(url)


async def test_partial_files_are_deleted_with_the_image(tmp_path: Path) -> None:
    storage, key, other = ObjectStorage(tmp_path.as_uri()), generate_key(), generate_key()
    for stored_key in (key, other):
        await storage.put(stored_key, b"whole")
        (tmp_path / f"{stored_key}#1").write_bytes(b"half")
    await storage.delete([key])
    assert sorted(path.name for path in tmp_path.rglob("*.jpg*")) == [other[3:], f"{other[3:]}#1"]


async def test_many_images_are_deleted_by_few_requests(monkeypatch: pytest.MonkeyPatch, s3: str) -> None:
    """One by one, each takes the time of a request, in a transaction that locks the looks."""
    storage = s3_storage(s3)
    kept, *deleted = [generate_key() for _ in range(3)]
    for key in (kept, *deleted):
        await storage.put(key, b"image")
    sent: list[int] = []
    delete = S3Store.delete

    def count_and_delete(store: S3Store, keys: Sequence[str]) -> None:
        sent.append(len(keys))
        delete(store, keys)

    monkeypatch.setattr(S3Store, "delete", count_and_delete)
    await storage.delete([*deleted, *(generate_key() for _ in range(600))])
    assert sent == [500, 102]
    assert (await storage.list_sizes()).keys() & {kept, *deleted} == {kept}


async def test_images_of_a_disk_that_is_away_do_not_count_as_deleted(tmp_path: Path) -> None:
    storage, key = ObjectStorage((tmp_path / "pictures").as_uri()), generate_key()
    await storage.put(key, b"image")
    (tmp_path / "pictures").rename(tmp_path / "away")
    with pytest.raises(StorageUnavailableError):
        await storage.delete([key])


def test_directory_is_private(tmp_path: Path) -> None:
    ObjectStorage((tmp_path / "pictures").as_uri())
    assert (tmp_path / "pictures").stat().st_mode & 0o777 == 0o700


def test_keys_are_unique() -> None:
    assert len({generate_key() for _ in range(1000)}) == 1000
