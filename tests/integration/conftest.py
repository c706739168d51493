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

import asyncpg
import pytest

from core.db.database import Database
from core.db.database_url import DatabaseUrl
from core.db.embedded_postgres import EmbeddedPostgres
from core.db.migrate import migrate_up
from core.images.decode_pool import DecodePool
from core.object_storage import ObjectStorage
from core.resources import Resources
from core.signing import LimitKeySigner, UrlSigner
from tests.full_disk import mounted_disk

OPTIONS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")
"""Tests need no durability."""


DEFINITIONS = """
SELECT md5(concat(
    (SELECT string_agg(concat(attrelid::regclass, attname, atttypid, attnotnull, relowner, relacl), ','
            ORDER BY attrelid, attnum)
     FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'public'::regnamespace),
    (SELECT string_agg(pg_get_constraintdef(oid), ',' ORDER BY conname)
     FROM pg_constraint WHERE connamespace = 'public'::regnamespace),
    (SELECT string_agg(concat(tgname, tgenabled), ',' ORDER BY tgname) FROM pg_trigger WHERE NOT tgisinternal),
    (SELECT string_agg(md5(prosrc), ',' ORDER BY proname, md5(prosrc))
     FROM pg_proc WHERE pronamespace = 'public'::regnamespace),
    (SELECT string_agg(array_to_string(setconfig, ','), ',') FROM pg_db_role_setting
     JOIN pg_database ON pg_database.oid = setdatabase WHERE datname = current_database()),
    (SELECT version_num FROM alembic_version)
))
"""
"""A digest of tables, owners, rights, indexes, triggers, functions, settings and the revision."""
DISCONNECT_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
ALLOW_WRITES = "SET default_transaction_read_only = off"
EMPTY_TABLES = """
DO $$
DECLARE name text; has_rows boolean; names text[] := '{}';
BEGIN
    FOR name IN SELECT relname FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO has_rows;
        IF has_rows THEN names := names || quote_ident(name); END IF;
    END LOOP;
    IF names <> '{}' THEN EXECUTE format('TRUNCATE %s CASCADE', array_to_string(names, ', ')); END IF;
    PERFORM setval(format('%I.%I', schemaname, sequencename), start_value, false)
        FROM pg_sequences WHERE last_value IS NOT NULL;
END $$
"""
"""Takes 20 ms; a database from the template takes 170 ms."""


async def _execute(url: str, *statements: str) -> object:
    """Execute statements as the superuser; the first value of the last one."""
    connection = await asyncpg.connect(**DatabaseUrl.parse(url).asyncpg("tests"))
    try:
        for statement in statements[:-1]:
            await connection.execute(statement)
        return await connection.fetchval(statements[-1])
    finally:
        await connection.close()


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that every user may enter, unlike pytest's, for a database that root starts."""
    with tempfile.TemporaryDirectory(prefix="eva-tests-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@pytest.fixture
def small_disk(public: Path) -> Iterator[Path]:
    """A folder with a file system of its own of 64 MB, for tests that fill it."""
    with mounted_disk(public, megabytes=64):
        yield public


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
    name = await _create_database(postgres, template="template0")
    yield postgres.database_url(name)
    await _drop_database(postgres, name)


@pytest.fixture(scope="session")
def empty_databases() -> dict[str, object]:
    """Names of databases with empty tables that earlier tests of this process have left, with their DEFINITIONS."""
    return {}


@pytest.fixture
async def url(postgres: EmbeddedPostgres, empty_databases: dict[str, object]) -> AsyncIterator[str]:
    """URL of a database with empty tables; a later test gets it again unless this one changes its definitions."""
    if empty_databases:
        name, definitions = empty_databases.popitem()
    else:
        name = await _create_database(postgres, template="eva")
        definitions = await _execute(postgres.admin_url(name), DEFINITIONS)
    yield postgres.database_url(name)
    if (
        await _execute(postgres.admin_url(name), DISCONNECT_OTHERS, ALLOW_WRITES, EMPTY_TABLES, DEFINITIONS)
        == definitions
    ):
        empty_databases[name] = definitions
    else:
        await _drop_database(postgres, name)


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
        limit_signer=LimitKeySigner(b"secret"),
        private_photo_ttl=timedelta(hours=24),
        decode_pool=decode_pool,
    )


async def _create_database(postgres: EmbeddedPostgres, *, template: str) -> str:
    name = f"test_{os.getpid()}_{uuid4().hex[:8]}"
    statement = f"CREATE DATABASE {name} OWNER eva TEMPLATE {template} STRATEGY FILE_COPY"
    await _execute(postgres.admin_url("postgres"), statement)
    return name


async def _drop_database(postgres: EmbeddedPostgres, name: str) -> None:
    await _execute(postgres.admin_url("postgres"), f"DROP DATABASE {name} WITH (FORCE)")
