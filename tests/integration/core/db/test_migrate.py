import asyncio
import sys
from pathlib import Path

import pytest
from procrastinate.schema import SchemaManager
from sqlalchemy import TextClause, text
from sqlalchemy.exc import IntegrityError
from structlog.testing import capture_logs

from core.db import migrate, similar_looks
from core.db.database import Database
from core.db.migrate import LockPolicy, find_schema_difference, migrate_down, migrate_up
from core.db.migrations.versions import r0002_queue as queue_revision
from core.db.schema import metadata
from core.errors import PersistenceError, SchemaBusyError
from tests.conftest import ROOT
from tests.factories import create_look, create_person

DESCRIBE_SCHEMA = """
SELECT 'table ' || table_name || '.' || column_name || ' ' || udt_name || ' ' || is_nullable
FROM information_schema.columns WHERE table_schema = 'public'
UNION SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION SELECT 'check ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
UNION SELECT 'function ' || oid::regprocedure || md5(prosrc) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    AND oid NOT IN (SELECT objid FROM pg_depend WHERE deptype = 'e')
UNION SELECT 'trigger ' || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION SELECT 'label ' || enumtypid::regtype || ' ' || enumlabel || ' ' || row_number() OVER (
    PARTITION BY enumtypid ORDER BY enumsortorder
) FROM pg_enum
UNION SELECT 'type ' || typname FROM pg_type WHERE typnamespace = 'public'::regnamespace
    AND coalesce(nullif(typelem, 0), oid) NOT IN (SELECT objid FROM pg_depend WHERE deptype = 'e')
"""
"""Without what belongs to an extension."""


async def describe_schema(database: Database) -> set[str]:
    async with database.transaction() as connection:
        return set((await connection.execute(text(DESCRIBE_SCHEMA))).scalars())


async def test_migrations_and_metadata_agree(database: Database) -> None:
    assert await find_schema_difference(database) is None


async def test_a_difference_is_reported(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute(text("ALTER TABLE looks DROP COLUMN engine"))
    assert "engine" in (await find_schema_difference(database) or "")


async def test_an_empty_database_differs(empty_url: str) -> None:
    async with Database(empty_url) as database:
        assert await find_schema_difference(database) is not None


async def test_down_drops_everything_and_up_restores_it(url: str) -> None:
    async with Database(url) as database:
        before = await describe_schema(database)
        await migrate_down(database)
        remaining = await describe_schema(database)
        assert {line for line in remaining if "alembic_version" not in line} == set()
        await migrate_up(database)
        assert await describe_schema(database) == before


async def test_the_moderation_log_keeps_what_the_former_release_knows(url: str) -> None:
    insert = text("INSERT INTO moderation_log (action) VALUES ('hide'), ('retry')")
    async with Database(url) as database:
        async with database.transaction() as connection:
            await connection.execute(insert)
        await migrate_down(database, "0003")
        with pytest.raises(IntegrityError):
            async with database.transaction() as connection:
                await connection.execute(insert)
        await migrate_up(database)
        async with database.transaction() as connection:
            await connection.execute(insert)
            actions = (await connection.execute(text("SELECT action FROM moderation_log ORDER BY id"))).scalars().all()
    assert actions == ["hide", "hide", "retry"]


BUILDS = text("""
SELECT 1 FROM pg_stat_activity
WHERE query LIKE 'CREATE INDEX CONCURRENTLY%' AND state = 'active' AND datname = current_database()
""")
LOCKED = text("""
SELECT 1 FROM pg_locks JOIN pg_database ON pg_database.oid = database
WHERE relation = 'looks'::regclass AND mode = 'AccessExclusiveLock' AND granted AND datname = current_database()
""")
"""Databases of other tests have tables with the same number."""
TOUCH_LOOKS = text("UPDATE looks SET width = width")


async def wait_for_row(database: Database, statement: TextClause) -> None:
    async with asyncio.timeout(60), database.connection() as connection:
        while (await connection.execute(statement)).first() is None:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_looks_are_read_and_written_while_their_index_is_built(url: str) -> None:
    """A build over a large table takes minutes; it also waits for every transaction that has written to the table."""
    async with Database(url) as database:
        async with database.transaction() as connection:
            await create_look(connection, (await create_person(connection)).id)
        await migrate_down(database, "0003")
        async with database.transaction() as writer:
            await writer.execute(text("LOCK TABLE looks IN ROW EXCLUSIVE MODE"))
            migration = asyncio.create_task(migrate_up(database))
            await wait_for_row(database, BUILDS)
            async with database.transaction() as visitor:
                await visitor.execute(text("SET LOCAL lock_timeout = '5s'"))
                await visitor.execute(TOUCH_LOOKS)
            assert not migration.done()
        await migration
        assert await find_schema_difference(database) is None


@pytest.mark.parametrize("is_built_before", [True, False])
async def test_an_index_whose_build_was_interrupted_is_built_again(
    url: str, monkeypatch: pytest.MonkeyPatch, is_built_before: bool
) -> None:
    """Also where another process leaves it between the builds and the transaction, as two behind PgBouncer can."""

    async def build_nothing(*_: object) -> None: ...

    if not is_built_before:
        monkeypatch.setattr(migrate, "create_indexes", build_nothing)
    broken = text("UPDATE pg_index SET indisvalid = false WHERE indexrelid = CAST(:name AS regclass)")
    valid = text("SELECT indisvalid FROM pg_index WHERE indexrelid = CAST(:name AS regclass)")
    vectors, reported = {"name": similar_looks.INDEX.name}, {"name": "ix_looks_reported"}
    async with Database(url) as database, Database(url.replace("//eva@", "//postgres@")) as admin:
        await migrate_down(database, "0003")
        async with database.connection() as connection:
            await connection.execute(text("CREATE INDEX ix_looks_reported_new ON looks (id)"))
        async with admin.connection() as connection:
            await connection.execute(broken, {"name": "ix_looks_reported_new"})
            await connection.execute(broken, vectors)
        await migrate_up(database)
        assert await find_schema_difference(database) is None
        async with database.connection() as connection:
            assert [(await connection.execute(valid, name)).scalar_one() for name in (vectors, reported)] == [True] * 2


async def test_a_migration_that_ends_by_a_deadlock_is_repeated(url: str) -> None:
    """A request that writes to the log first and to a look then; the server ends one of the two."""
    async with Database(url) as database, Database(url.replace("//eva@", "//postgres@")) as admin:
        await migrate_down(database, "0003")
        with capture_logs() as logs:
            async with admin.transaction() as request:
                await request.execute(text("SET LOCAL deadlock_timeout = '1min'"))
                await request.execute(text("INSERT INTO moderation_log (action) VALUES ('hide')"))
                migration = asyncio.create_task(migrate_up(database, LockPolicy(retry_delay=0.0)))
                await wait_for_row(database, LOCKED)
                await request.execute(TOUCH_LOOKS)
            await migration
        assert [entry["event"] for entry in logs] == ["migration_waits_for_lock"]
        assert await find_schema_difference(database) is None


async def test_a_column_is_added_to_looks_without_writing_them(url: str) -> None:
    """Writing every look would lock the table for as long as that takes."""
    file = text("SELECT pg_relation_filenode('looks')")
    async with Database(url) as database:
        await migrate_down(database, "0004")
        async with database.transaction() as connection:
            before = (await connection.execute(file)).scalar_one()
        await migrate_up(database)
        async with database.transaction() as connection:
            assert (await connection.execute(file)).scalar_one() == before
        assert await find_schema_difference(database) is None


async def test_a_database_of_another_version_is_an_error(url: str) -> None:
    async with Database(url) as database:
        async with database.transaction() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(PersistenceError, match="another version"):
            await migrate_up(database)


async def test_a_migration_waits_for_locks_without_holding_up_requests(empty_url: str) -> None:
    async with Database(empty_url) as database:
        async with database.transaction() as connection:
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({0x457661})"))
            with pytest.raises(SchemaBusyError):
                await migrate_up(database, LockPolicy(timeout_ms=10, retry_delay=0.0))
        await migrate_up(database)
        assert await find_schema_difference(database) is None


MIGRATE = """
import asyncio, sys
from core.db.database import Database
from core.db.migrate import migrate_up
asyncio.run(migrate_up(Database(sys.argv[1])))
"""


async def test_concurrent_processes_migrate_once(empty_url: str) -> None:
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", MIGRATE, empty_url, cwd=ROOT) for _ in range(2)
    ]
    try:
        async with asyncio.timeout(300):
            assert [await process.wait() for process in processes] == [0, 0]
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
    async with Database(empty_url) as database:
        assert await find_schema_difference(database) is None


async def test_the_queue_has_the_schema_of_the_installed_procrastinate(empty_url: str, database: Database) -> None:
    async with Database(empty_url) as reference:
        async with reference.transaction() as connection:
            raw = await connection.get_raw_connection()
            await connection.execute(text("SELECT 1"))
            assert raw.driver_connection is not None
            await raw.driver_connection.execute(SchemaManager.get_schema())
        expected = {line for line in await describe_schema(reference) if "procrastinate_" in line}
    assert expected
    assert expected == {line for line in await describe_schema(database) if "procrastinate_" in line}


def test_all_migrations_of_the_installed_procrastinate_are_included() -> None:
    scripts = sorted(path.name for path in Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    assert scripts[-1].startswith(queue_revision.UP_TO)


def test_the_metadata_has_all_tables() -> None:
    assert set(metadata.tables) == {
        "people", "identities", "looks", "hearts", "bookmarks", "follows", "blocks", "look_guesses", "reports",
        "person_reports",
        "inbox", "job_checkpoints", "person_style_counts", "daily_counts", "rate_limits", "installation",
        "moderation_log", "one_time_tokens",
    }  # fmt: skip
