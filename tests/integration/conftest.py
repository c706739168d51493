"""One Postgres server for all test processes, and for each test a database of its own with all tables."""

import asyncio
import fcntl
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from core.db.database import Database, asyncpg_url
from core.db.embedded_postgres import EmbeddedPostgres
from core.db.migrate import migrate_up
from core.images.decode_pool import DecodePool
from core.object_storage import ObjectStorage
from core.resources import Resources
from core.signing import UrlSigner

OPTIONS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")
"""Tests need no durability."""


async def _execute(url: str, statement: str) -> None:
    engine = create_async_engine(asyncpg_url(url), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that every user may enter, unlike pytest's, for a database that root starts."""
    with tempfile.TemporaryDirectory(prefix="eva-tests-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres(testrun_uid: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """The server, shared by the processes of pytest-xdist; its database `eva` is the template of all others."""
    # Not in pytest's folder, which only its owner may enter.
    folder = Path(tempfile.gettempdir()) / f"eva-tests-{testrun_uid[:12]}"
    lock = tmp_path_factory.getbasetemp().parent / f"{folder.name}.lock"
    server = EmbeddedPostgres(folder / "postgres", options=OPTIONS)
    with _exclusive(lock):
        folder.mkdir(mode=0o711, exist_ok=True)
        server.start()
        # The first process makes the tables; the others find them.
        asyncio.run(_migrate(server.url))
    yield server
    with _exclusive(lock):
        server.stop()
        if not server.is_running():
            shutil.rmtree(folder)


@contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    """Hold a lock that one process has at a time."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


async def _migrate(url: str) -> None:
    async with Database(url) as database:
        await migrate_up(database)


@pytest.fixture
async def empty_url(postgres: EmbeddedPostgres) -> AsyncIterator[str]:
    """URL of a database without tables."""
    async for url in _temporary_database(postgres, template="template0"):
        yield url


@pytest.fixture
async def url(postgres: EmbeddedPostgres) -> AsyncIterator[str]:
    """URL of a database with empty tables."""
    async for url in _temporary_database(postgres, template="eva"):
        yield url


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    """An open database with empty tables."""
    async with Database(url) as database:
        yield database


@pytest.fixture
def storage_folder(tmp_path: Path) -> Path:
    """The folder of the image storage."""
    return tmp_path / "images"


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
        private_photo_ttl=timedelta(hours=24),
        decode_pool=decode_pool,
    )


async def _temporary_database(postgres: EmbeddedPostgres, *, template: str) -> AsyncIterator[str]:
    name = f"test_{os.getpid()}_{uuid4().hex[:8]}"
    server = postgres.admin_url("postgres")
    await _execute(server, f"CREATE DATABASE {name} OWNER eva TEMPLATE {template} STRATEGY FILE_COPY")
    yield postgres.database_url(name)
    await _execute(server, f"DROP DATABASE {name} WITH (FORCE)")
