"""Errors of the server by their SQLSTATE: what may pass by itself is an outage, everything else is a bug."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID

import asyncpg
import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.db import inbox, people, relations
from core.db.database import CompiledStatement, Database
from core.db.database_url import DatabaseUrl
from core.db.embedded_postgres import EmbeddedPostgres
from core.db.errors import find_sqlstate
from core.db.schema import Channel, IdentityProvider
from core.errors import DatabaseUnavailableError
from core.i18n.translations import Language
from tests.factories import create_person
from tests.full_disk import fill_disk

OUTAGES = {
    "connection_failure": "08006",
    "too_many_connections": "53300",
    "disk_full": "53100",
    "out_of_memory": "53200",
    "read_only_sql_transaction": "25006",
    "deadlock_detected": "40P01",
    "admin_shutdown": "57P01",
    "crash_shutdown": "57P02",
    "cannot_connect_now": "57P03",
    "io_error": "58030",
}
BUGS = {
    "undefined_column": "42703",
    "undefined_table": "42P01",
    "insufficient_privilege": "42501",
    "not_null_violation": "23502",
    "invalid_text_representation": "22P02",
    "raise_exception": "P0001",
}
FAIL = text("SELECT fail(CAST(:code AS text))")


@pytest.fixture
async def failing(database: Database) -> Database:
    """A database with a function that fails with a given SQLSTATE."""
    async with database.transaction() as connection:
        await connection.execute(
            text("""
            CREATE FUNCTION fail(code text) RETURNS int LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION USING ERRCODE = code, MESSAGE = 'failed on purpose'; END $$
            """)
        )
    return database


@pytest.mark.parametrize("code", OUTAGES.values(), ids=OUTAGES)
async def test_outages_are_translated(failing: Database, code: str) -> None:
    with pytest.raises(DatabaseUnavailableError) as raised:
        async with failing.transaction() as connection:
            await connection.execute(FAIL, {"code": code})
    (driver_error,) = [error for error in causes(raised.value) if isinstance(error, asyncpg.PostgresError)]
    assert raised.value.detail == type(driver_error).__name__
    with pytest.raises(DatabaseUnavailableError):
        async with failing.connection() as connection:
            await CompiledStatement(FAIL).fetch(connection, code=code)


@pytest.mark.parametrize("code", BUGS.values(), ids=BUGS)
async def test_bugs_pass_unchanged(failing: Database, code: str) -> None:
    with pytest.raises(DBAPIError):
        async with failing.transaction() as connection:
            await connection.execute(FAIL, {"code": code})
    with pytest.raises(asyncpg.PostgresError):
        async with failing.connection() as connection:
            await CompiledStatement(FAIL).fetch(connection, code=code)


async def test_of_two_erasures_that_wait_for_each_other_one_is_to_be_repeated(database: Database) -> None:
    async with database.transaction() as connection:
        pair = [(await create_person(connection)).id for _ in range(2)]
        assert await relations.create_follow(connection, *pair) == 1
    both_locked = asyncio.Barrier(2)

    async def erase(person_id: UUID) -> None:
        async with database.transaction() as connection:
            assert await people.lock(connection, person_id)
            if len(pair) == 2:
                await both_locked.wait()
            await people.delete_person(connection, person_id)

    results = await asyncio.gather(*map(erase, pair), return_exceptions=True)
    assert [type(error) for error in results if error is not None] == [DatabaseUnavailableError]
    pair = [person_id for person_id, error in zip(pair, results, strict=True) if error is not None]
    await erase(*pair)
    async with database.connection() as connection:
        assert await people.get(connection, *pair) is None


async def test_a_network_error_counts_only_while_connecting(database: Database) -> None:
    async with Database("postgresql://127.0.0.1:1/eva") as unreachable:
        with pytest.raises(DatabaseUnavailableError):
            await unreachable.check()
    with pytest.raises(ConnectionResetError):
        async with database.connection():
            raise ConnectionResetError


@pytest.mark.parametrize("turns", range(4), ids=lambda turns: f"{turns} turns")
async def test_a_connection_that_the_server_ends_is_an_outage_whenever_it_is_read(
    database: Database, turns: int
) -> None:
    """The server's last message may be read between two statements, before the end of the connection is."""
    with pytest.raises(DatabaseUnavailableError):
        async with database.connection() as connection:
            ((pid,),) = await CompiledStatement(text("SELECT pg_backend_pid()")).fetch(connection)
            with psycopg.connect(database.conninfo, autocommit=True) as other:
                # Blocks, so that the event loop reads nothing meanwhile; true once the process is gone.
                assert other.execute("SELECT pg_terminate_backend(%s, 10000)", [pid]).fetchone() == (True,)
            for _ in range(turns):
                await asyncio.sleep(0)
            await CompiledStatement(text("SELECT 1")).fetch(connection)


async def test_a_server_that_became_read_only_is_an_outage(database: Database) -> None:
    async with database.connection() as connection:
        name = (await connection.execute(text("SELECT current_database()"))).scalar_one()
        await connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    async with Database(database.conninfo) as read_only:
        await read_only.check()
        with pytest.raises(DatabaseUnavailableError):
            async with read_only.transaction() as connection:
                await people.get_or_create_by_identity(connection, IdentityProvider.TELEGRAM, "1", language=Language.KO)


@pytest.fixture
async def database_on_small_disk(postgres: EmbeddedPostgres, small_disk: Path) -> AsyncIterator[Database]:
    """Tables of Eva on a disk of their own; the log of transactions is elsewhere."""
    folder = small_disk / "tables"
    folder.mkdir(mode=0o700)
    owner = postgres.data_folder.stat()
    os.chown(folder, owner.st_uid, owner.st_gid)
    await execute(postgres, f"CREATE TABLESPACE small_disk LOCATION '{folder}'")
    await execute(postgres, "CREATE DATABASE on_small_disk OWNER eva TEMPLATE eva TABLESPACE small_disk")
    try:
        async with Database(postgres.database_url("on_small_disk")) as database:
            yield database
    finally:
        await execute(postgres, "DROP DATABASE on_small_disk WITH (FORCE)")
        await execute(postgres, "DROP TABLESPACE small_disk")


async def execute(postgres: EmbeddedPostgres, statement: str) -> None:
    connection = await asyncpg.connect(**DatabaseUrl.parse(postgres.admin_url("postgres")).asyncpg("tests"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def test_a_disk_without_space_is_an_outage_until_there_is_some(
    database_on_small_disk: Database, small_disk: Path
) -> None:
    """What was confirmed stays; what was refused leaves nothing, and succeeds when it is sent again."""
    database = database_on_small_disk

    async def store(number: int) -> None:
        # Random digits, which PostgreSQL does not compress.
        update = {"update_id": number, "text": secrets.token_hex(200_000)}
        async with database.transaction() as connection:
            await inbox.insert(connection, Channel.TELEGRAM, str(number), external_sender_id=None, payload=update)

    await store(0)
    number = 0
    with fill_disk(small_disk, leave=2_000_000):
        with pytest.raises(DatabaseUnavailableError) as raised:
            for number in range(1, 100):
                await store(number)
        assert "53100" in {find_sqlstate(error) for error in causes(raised.value)}
        async with database.transaction() as connection:
            assert await inbox.count_unfinished(connection) == number, "those before it"
    await store(number)
    async with database.transaction() as connection:
        assert await inbox.count_unfinished(connection) == number + 1


def causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what it was raised from."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__
