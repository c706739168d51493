import pytest

from core.db.database import Database
from core.errors import DatabaseUnavailableError


async def test_an_unreachable_database_is_a_database_error() -> None:
    async with Database("postgresql://eva:secret@127.0.0.1:9/eva") as database:
        with pytest.raises(DatabaseUnavailableError) as caught:
            await database.check()
    assert "secret" not in str(caught.value)
