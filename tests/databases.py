"""One Postgres server for all test processes, and for each test a database of its own with all tables."""

import asyncio
import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
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
DISCONNECT_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
IS_BLOCKED = text("""
SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database())
""")
ALLOW_WRITES = "SET default_transaction_read_only = off"
EMPTY_TABLES = """
DO $$
DECLARE name text; has_rows boolean; names text[] := '{}';
BEGIN
    FOR name IN SELECT relname FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
            AND pg_relation_size(oid) > 0
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO has_rows;
        IF has_rows THEN names := names || quote_ident(name); END IF;
    END LOOP;
    IF names <> '{}' THEN EXECUTE format('TRUNCATE %s CASCADE', array_to_string(names, ', ')); END IF;
    PERFORM setval(format('%I.%I', schemaname, sequencename), start_value, false)
        FROM pg_sequences WHERE last_value IS NOT NULL;
END $$
"""
"""Takes 6 ms; a database from the template takes 170 ms."""

Result = TypeVar("Result")


async def _execute(url: str, *statements: str) -> object:
    """Execute statements as the superuser; the first value of the last one."""
    connection = await asyncpg.connect(**DatabaseUrl.parse(url).asyncpg("tests"))
    try:
        for statement in statements[:-1]:
            await connection.execute(statement)
        return await connection.fetchval(statements[-1])
    finally:
        await connection.close()


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
        definitions = await _execute(postgres.admin_url(name), DEFINITIONS)
    yield postgres.database_url(name)
    if (
        await _execute(postgres.admin_url(name), DISCONNECT_OTHERS, ALLOW_WRITES, EMPTY_TABLES, DEFINITIONS)
        == definitions
    ):
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
    statement = f"CREATE DATABASE {name} OWNER eva TEMPLATE {template} STRATEGY FILE_COPY"
    await _execute(postgres.admin_url("postgres"), statement)
    return name


async def drop_database(postgres: EmbeddedPostgres, name: str) -> None:
    """Drop a database and close its connections."""
    await _execute(postgres.admin_url("postgres"), f"DROP DATABASE {name} WITH (FORCE)")


async def wait_until_blocked(database: Database) -> None:
    """Wait until a statement waits for the lock of another transaction."""
    async with asyncio.timeout(60), database.connection() as connection:
        while not (await connection.execute(IS_BLOCKED)).scalar_one():  # noqa: ASYNC110  (PostgreSQL tells nobody)
            await asyncio.sleep(0.01)
