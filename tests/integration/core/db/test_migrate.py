import asyncio
import sys
from pathlib import Path
from uuid import UUID

from procrastinate.schema import SchemaManager
from sqlalchemy import text

from core.db import look_feedback, looks, people
from core.db.database import Database
from core.db.migrate import find_schema_difference, migrate_down, migrate_up
from core.db.migrations.versions import r0002_queue as queue_step
from core.db.schema import PendingQuestion, metadata
from core.styles import Style
from tests.conftest import ROOT
from tests.factories import create_look, create_person

EVERYTHING = """
SELECT 'table ' || table_name || '.' || column_name || ' ' || udt_name || ' ' || is_nullable
FROM information_schema.columns WHERE table_schema = 'public'
UNION SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION SELECT 'check ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
UNION SELECT 'function ' || oid::regprocedure || md5(prosrc) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION SELECT 'trigger ' || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION SELECT 'type ' || typname FROM pg_type WHERE typnamespace = 'public'::regnamespace
"""


async def everything(database: Database) -> set[str]:
    async with database.transaction() as connection:
        return set((await connection.execute(text(EVERYTHING))).scalars())


async def test_code_and_tables_agree(database: Database) -> None:
    assert await find_schema_difference(database) is None


async def test_a_difference_is_found(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute(text("ALTER TABLE looks DROP COLUMN hearts"))
    assert "hearts" in (await find_schema_difference(database) or "")


async def test_an_empty_database_is_behind(empty_url: str) -> None:
    async with Database(empty_url) as database:
        assert await find_schema_difference(database) is not None


async def test_down_leaves_nothing_and_up_again_gives_the_same(url: str) -> None:
    async with Database(url) as database:
        before = await everything(database)
        await migrate_down(database)
        left = await everything(database)
        assert {line for line in left if "alembic_version" not in line} == set()
        await migrate_up(database)
        assert await everything(database) == before


async def test_namesakes_from_before_names_were_unique_get_numbers(url: str) -> None:
    async with Database(url) as database:
        await migrate_down(database, "0003")
        names = ["Mina", "m i n a", "Мina", "Jun", "Mina 2", None]
        async with database.transaction() as connection:
            for number, name in enumerate(names):
                row = {"id": UUID(int=number), "name": name}
                await connection.execute(text("INSERT INTO people (id, name, language) VALUES (:id, :name, 'ko')"), row)
        await migrate_up(database)
        async with database.transaction() as connection:
            kept = (await connection.execute(text("SELECT name FROM people ORDER BY id"))).scalars().all()
            assert kept == ["Mina", "m i n a 2", "Мina 3", "Jun", "Mina 2 2", None]
            for name in kept[:5]:
                found = await people.get_by_display_name(connection, name)
                assert found is not None
                assert found.name == name


async def test_looks_that_were_to_be_guessed_still_are(url: str) -> None:
    async with Database(url) as database:
        async with database.transaction() as connection:
            person = await create_person(connection)
            await people.set_guesses_first(connection, person.id, is_enabled=True)
            waiting, guessed, shared = [await create_look(connection, person.id) for _ in range(3)]
            await look_feedback.record_guess(connection, guessed.id, Style.MODE)
            await looks.share(connection, shared.id)
            told = await create_look(connection, (await create_person(connection)).id)
        await migrate_down(database, "0004")
        await migrate_up(database)
        async with database.transaction() as connection:
            kept = [await looks.get(connection, look.id) for look in (waiting, guessed, shared, told)]
    assert [look.pending_question for look in kept if look] == [PendingQuestion.GUESS, None, None, None]


UP = """
import asyncio, sys
from core.db.engine import Database
from core.db.migrate import migrate_up
asyncio.run(migrate_up(Database(sys.argv[1])))
"""


async def test_two_processes_that_start_at_once_migrate_once(empty_url: str) -> None:
    both = [await asyncio.create_subprocess_exec(sys.executable, "-c", UP, empty_url, cwd=ROOT) for _ in range(2)]
    assert [await each.wait() for each in both] == [0, 0]
    async with Database(empty_url) as database:
        assert await find_schema_difference(database) is None


async def test_the_queue_is_as_the_installed_procrastinate_makes_it(empty_url: str, database: Database) -> None:
    async with Database(empty_url) as theirs:
        async with theirs.transaction() as connection:
            raw = await connection.get_raw_connection()
            await connection.execute(text("SELECT 1"))
            assert raw.driver_connection is not None
            await raw.driver_connection.execute(SchemaManager.get_schema())
        expected = {line for line in await everything(theirs) if "procrastinate_fetch_job" in line}
    assert expected
    assert expected <= await everything(database)


def test_no_migration_of_the_installed_procrastinate_is_left_out() -> None:
    scripts = sorted(path.name for path in Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    assert scripts[-1].startswith(queue_step.UP_TO)


def test_every_table_is_described_in_the_metadata() -> None:
    assert set(metadata.tables) == {
        "people", "identities", "looks", "hearts", "scraps", "follows", "reports", "inbox", "deliveries",
        "person_styles", "days", "moderation", "tickets",
    }  # fmt: skip
