"""Open databases and storages, empty at the start of each test."""

from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from core.db.database import Database
from core.images.decode_pool import DecodePool
from core.object_storage import ObjectStorage
from core.resources import Resources
from core.signing import LimitKeySigner, UrlSigner
from tests.faulty_s3 import FaultyS3
from tests.full_disk import mounted_disk


@pytest.fixture
def small_disk(public: Path) -> Iterator[Path]:
    """A folder with a file system of its own of 64 MB, for tests that fill it."""
    with mounted_disk(public, megabytes=64):
        yield public


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    """An open database with empty tables."""
    async with Database(url) as database:
        yield database


@pytest.fixture
def storage_folder(tmp_path: Path) -> Path:
    """The folder of the image storage."""
    return tmp_path / "images"


@pytest.fixture
def faulty_s3() -> Iterator[FaultyS3]:
    """An S3 server on this machine that fails as it is told to."""
    with FaultyS3() as server:
        yield server


@pytest.fixture(scope="session")
def decode_pool() -> Iterator[DecodePool]:
    """The processes that decode photos, for all tests of this process."""
    with closing(DecodePool(2)) as pool:
        yield pool


@pytest.fixture
def resources(database: Database, storage_folder: Path, decode_pool: DecodePool) -> Resources:
    """Empty database and image storage."""
    return Resources(
        database=database,
        storage=ObjectStorage(storage_folder.as_uri()),
        url_signer=UrlSigner(b"secret"),
        limit_signer=LimitKeySigner(b"secret"),
        private_photo_ttl=timedelta(hours=24),
        decode_pool=decode_pool,
    )
