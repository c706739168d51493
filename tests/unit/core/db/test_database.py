import pytest

from core.db.database import Database, asyncpg_url, libpq_url
from core.errors import DatabaseUnavailableError, UnsupportedDatabaseUrlError


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg", "postgresql+psycopg"])
def test_every_way_to_write_postgres_is_understood(scheme: str) -> None:
    url = f"{scheme}://eva:p%40ss@host:5433/name?channel_binding=require&sslmode=require"
    ours = asyncpg_url(url)
    assert (ours.drivername, ours.password, ours.port) == ("postgresql+asyncpg", "p@ss", 5433)
    assert dict(ours.query) == {"ssl": "require"}
    assert libpq_url(url) == "postgresql://eva:p%40ss@host:5433/name?channel_binding=require&sslmode=require"


@pytest.mark.parametrize("url", ["mysql://eva:secret@host/name", "sqlite://", "eva:secret@host"])
def test_other_databases_are_refused_without_saying_the_password(url: str) -> None:
    with pytest.raises(UnsupportedDatabaseUrlError) as caught:
        Database(url)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_a_database_that_is_not_there_has_an_error_of_its_own() -> None:
    async with Database("postgresql://eva:secret@127.0.0.1:9/eva") as database:
        with pytest.raises(DatabaseUnavailableError) as caught:
            await database.check()
    assert "secret" not in str(caught.value)
