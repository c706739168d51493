"""One Postgres server for all test processes, and for each test a database of its own with all tables."""

import asyncio
import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import text

from core.db.database import Database
from core.db.database_url import DatabaseUrl
from core.db.embedded_postgres import EmbeddedPostgres
from core.db.migrate import migrate_up

OPTIONS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")
"""Tests need no durability."""


DEFINITIONS = """
SELECT md5(concat(
    (SELECT string_agg(concat(oid, relname, relowner, relacl), ',' ORDER BY oid)
     FROM pg_class WHERE relnamespace = 'public'::regnamespace),
    (SELECT string_agg(concat(attrelid, attnum, pg_attribute.xmin), ',' ORDER BY attrelid, attnum)
     FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'public'::regnamespace),
    (SELECT string_agg(concat(oid, xmin), ',' ORDER BY oid) FROM pg_constraint),
    (SELECT string_agg(concat(oid, xmin), ',' ORDER BY oid) FROM pg_trigger),
    (SELECT string_agg(concat(oid, xmin), ',' ORDER BY oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace),
    (SELECT string_agg(array_to_string(setconfig, ','), ',') FROM pg_db_role_setting
     JOIN pg_database ON pg_database.oid = setdatabase WHERE datname = current_database()),
    (SELECT version_num FROM alembic_version)
))
"""
"""A digest of tables, owners, rights, indexes, triggers, functions, settings and the revision, by the transaction that
changed each of them last."""
PREPARE_TO_EMPTY = """
SET default_transaction_read_only = off;
SET session_replication_role = replica;
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
"""
"""Allow writes, switch triggers and foreign keys off, and disconnect all others."""
TABLES_WITH_ROWS = """
SELECT quote_ident(relname) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    AND relname <> 'alembic_version' AND pg_relation_size(oid) > 0
"""
RESTART_COUNTERS = """
SELECT setval(format('%I.%I', schemaname, sequencename), start_value, false) FROM pg_sequences
    WHERE last_value IS NOT NULL;
SELECT pg_stat_reset();
"""
"""And forget the vacuum: Eva leaves large tables out that were vacuumed lately."""
IS_BLOCKED = text("""
SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database())
""")

Result = TypeVar("Result")


@asynccontextmanager
async def _connect(url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the superuser."""
    connection = await asyncpg.connect(**DatabaseUrl.parse(url).asyncpg("tests"))
    try:
        yield connection
    finally:
        await connection.close()


async def _empty_tables(connection: asyncpg.Connection) -> None:
    """Delete all rows. TRUNCATE would take 30 ms of processor time for the new files of a hundred indexes."""
    await connection.execute(PREPARE_TO_EMPTY)
    if tables := [name for (name,) in await connection.fetch(TABLES_WITH_ROWS)]:
        await connection.execute(";".join(f"DELETE FROM {name}" for name in tables))
        await connection.execute(f"VACUUM (SKIP_DATABASE_STATS) {', '.join(tables)}")
    await connection.execute(RESTART_COUNTERS)


@contextmanager
def public_folder() -> Iterator[Path]:
    """A folder that every user may enter, unlike pytest's, for a database that root starts; removed at the end."""
    with tempfile.TemporaryDirectory(prefix="eva-tests-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@pytest.fixture
def public() -> Iterator[Path]:
    """A `public_folder`."""
    with public_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def shared_folder(testrun_uid: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for all processes of pytest-xdist, which the last one removes."""
    # Not in pytest's folder, which only its owner may enter.
    folder = Path(tempfile.gettempdir()) / f"eva-tests-{testrun_uid[:12]}"
    with (tmp_path_factory.getbasetemp().parent / f"{folder.name}.users").open("w") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        folder.mkdir(mode=0o711, exist_ok=True)
        yield folder
        with suppress(BlockingIOError):
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder)


@contextmanager
def _exclusive(folder: Path) -> Iterator[None]:
    """Hold a lock that one process has at a time."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def cluster(shared_folder: Path) -> Path:
    """The folder of an embedded PostgreSQL with all tables that does not run; for `copy_cluster`."""
    folder = shared_folder / "cluster"
    with _exclusive(shared_folder):
        if not folder.exists():
            with EmbeddedPostgres(shared_folder / "unfinished", options=OPTIONS) as server:
                run_in_thread(_migrate(server.url))
            server.folder.rename(folder)
    return folder


def copy_cluster(cluster: Path, data_folder: Path) -> None:
    """Give Eva's data folder a database with all tables, in a tenth of the time in which she creates it."""
    folder = EmbeddedPostgres(data_folder / "postgres").folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Unlike shutil, it keeps the owner.
    subprocess.run(["cp", "-a", cluster, folder], check=True)


@pytest.fixture(scope="session")
def postgres(shared_folder: Path, cluster: Path) -> Iterator[EmbeddedPostgres]:
    """The server, shared by the processes of pytest-xdist; its database `eva` is the template of all others."""
    server = EmbeddedPostgres(shared_folder / "postgres", options=OPTIONS)
    with _exclusive(shared_folder):
        if not server.is_created():
            copy_cluster(cluster, shared_folder)
        server.start()
    yield server
    server.stop()


async def _migrate(url: str) -> None:
    async with Database(url) as database:
        await migrate_up(database)


@pytest.fixture
async def empty_url(postgres: EmbeddedPostgres) -> AsyncIterator[str]:
    """URL of a database without tables."""
    name = await create_database(postgres, template="template0")
    yield postgres.database_url(name)
    await drop_database(postgres, name)


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
        name = await create_database(postgres)
        async with _connect(postgres.admin_url(name)) as connection:
            definitions = await connection.fetchval(DEFINITIONS)
    yield postgres.database_url(name)
    async with _connect(postgres.admin_url(name)) as connection:
        await _empty_tables(connection)
        is_unchanged = await connection.fetchval(DEFINITIONS) == definitions
    if is_unchanged:
        empty_databases[name] = definitions
    else:
        await drop_database(postgres, name)


def run_in_thread(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine in an event loop of its own; under Playwright this thread has one that runs."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def create_database(postgres: EmbeddedPostgres, *, template: str = "eva") -> str:
    """Create a database; its name.

    Args:
        postgres: the server.
        template: which one is copied; by default the one with empty tables.
    """
    name = f"test_{os.getpid()}_{uuid4().hex[:8]}"
    async with _connect(postgres.admin_url("postgres")) as connection:
        await connection.execute(f"CREATE DATABASE {name} OWNER eva TEMPLATE {template} STRATEGY FILE_COPY")
    return name


async def drop_database(postgres: EmbeddedPostgres, name: str) -> None:
    """Drop a database and close its connections."""
    async with _connect(postgres.admin_url("postgres")) as connection:
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


async def wait_until_blocked(database: Database) -> None:
    """Wait until a statement waits for the lock of another transaction."""
    async with asyncio.timeout(60), database.connection() as connection:
        while not (await connection.execute(IS_BLOCKED)).scalar_one():  # noqa: ASYNC110  (PostgreSQL tells nobody)
            await asyncio.sleep(0.01)
