import pytest

from core.db.database import Database, asyncpg_url, libpq_url
from core.errors import DatabaseUnavailableError, UnsupportedDatabaseUrlError


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg", "postgresql+psycopg"])
def test_all_postgresql_schemes_are_supported(scheme: str) -> None:
    url = f"{scheme}://eva:p%40ss@host:5433/name?channel_binding=require&sslmode=require"
    driver_url = asyncpg_url(url)
    assert (driver_url.drivername, driver_url.password, driver_url.port) == ("postgresql+asyncpg", "p@ss", 5433)
    assert dict(driver_url.query) == {"ssl": "require"}
    assert libpq_url(url) == "postgresql://eva:p%40ss@host:5433/name?channel_binding=require&sslmode=require"


@pytest.mark.parametrize("url", ["mysql://eva:secret@host/name", "sqlite://", "eva:secret@host"])
def test_other_urls_are_rejected_without_the_password(url: str) -> None:
    with pytest.raises(UnsupportedDatabaseUrlError) as caught:
        Database(url)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_an_unreachable_database_is_a_database_error() -> None:
    async with Database("postgresql://eva:secret@127.0.0.1:9/eva") as database:
        with pytest.raises(DatabaseUnavailableError) as caught:
            await database.check()
    assert "secret" not in str(caught.value)
