"""`eva migrate`, as an operator types it."""

from pathlib import Path

import pytest
from sqlalchemy import text

from core.db.database import Database
from core.db.migrate import RUNS_WITH
from core.i18n.translations import Language, translate
from tests.conftest import RunEva


def test_up_check_down(eva: RunEva, empty_url: str) -> None:
    current = translate("cli.migrate.current", Language.EN)
    assert eva("migrate", "check", DATABASE_URL=empty_url).returncode == 1
    for direction in ("up", "up", "check"):
        done = eva("migrate", direction, DATABASE_URL=empty_url)
        # A line before it tells of a database whose user may not create pgvector.
        assert (done.returncode, done.stdout.strip().splitlines()[-1]) == (0, current), done.stderr
    refused = eva("migrate", "down", DATABASE_URL=empty_url)
    assert refused.returncode == 1
    assert eva("migrate", "check", DATABASE_URL=empty_url).returncode == 0
    unknown = eva("migrate", "down", "--to", "a word", "--yes", DATABASE_URL=empty_url)
    assert (unknown.returncode, "a word" in unknown.stderr, "Traceback" in unknown.stderr) == (1, True, False)
    assert eva("migrate", "down", "--to", "base", "--yes", DATABASE_URL=empty_url).returncode == 0
    assert eva("migrate", "check", DATABASE_URL=empty_url).returncode == 1


@pytest.mark.parametrize("url", ["mysql://eva:secret@host/eva", "postgresql://eva:secret@127.0.0.1:9/eva"])
def test_unusable_database_is_reported_without_its_password(eva: RunEva, url: str) -> None:
    done = eva("migrate", DATABASE_URL=url)
    assert done.returncode == 1
    assert done.stderr
    assert "secret" not in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_url_the_embedded_one_is_used(eva: RunEva, public: Path) -> None:
    here = {"EVA_DATA_DIR": str(public / "data"), "DATABASE_URL": ""}
    done = eva("migrate", **here)
    assert done.returncode == 0, done.stderr
    assert eva("migrate", "check", **here).returncode == 0
    assert (public / "data" / "postgres" / "data" / "PG_VERSION").exists()


async def test_a_rollback_goes_on_if_the_later_release_allows_it(eva: RunEva, url: str) -> None:
    """The recipes in `deploy` migrate before each start, also of a former release, and end where that fails."""
    later = text("UPDATE alembic_version SET version_num = 'later'")
    async with Database(url) as database, database.connection() as connection:
        head = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one()
        await connection.execute(later)
        refused = eva("migrate", DATABASE_URL=url)
        await connection.execute(text(f"COMMENT ON TABLE alembic_version IS '{RUNS_WITH}later, {head}'"))
        allowed = eva("migrate", DATABASE_URL=url)
    assert (refused.returncode, allowed.returncode) == (1, 0), allowed.stderr
    assert "Traceback" not in refused.stderr
