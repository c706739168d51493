"""What pages read, over the driver itself, on a real Postgres."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from asyncpg.exceptions import UndefinedTableError
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from core.db import boards, hearts, looks, people, pictures, visits
from core.db.direct import Statement
from core.db.engine import Database
from core.db.tables import Provider
from core.errors import DatabaseUnavailable, PersonGone
from core.ids import uuid7
from tests.integration.records import a_look, a_person

if TYPE_CHECKING:
    from core.db.looks import Look

KILL = text("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")


async def a_shared(database: Database) -> Look:
    """A look on the board."""
    async with database.begin() as connection:
        look = await a_look(connection, (await a_person(connection)).id)
        assert await looks.share(connection, look.id)
    return look


async def test_a_reader_sees_what_a_unit_of_work_sees(database: Database) -> None:
    look = await a_shared(database)
    async with database.begin() as connection:
        page, whole = await boards.page(connection, limit=3, style=look.style), await looks.get(connection, look.id)
        owner = await people.get(connection, look.person_id)
    async with database.direct() as direct:
        assert await boards.page(direct, limit=3, style=look.style) == page
        assert await people.get(direct, look.person_id) == owner
        found = await boards.shared(direct, look.id)
        assert found is not None
        assert whole is not None
        assert replace(found.look, verdict=whole.verdict) == whole
        assert found.look.verdict.probabilities == whole.verdict.probabilities
        assert await boards.shared(direct, uuid7()) is None


async def test_a_reader_does_not_see_what_is_not_committed(database: Database) -> None:
    look = await a_shared(database)
    async with database.direct() as direct:
        async with database.begin() as connection:
            assert await looks.unshare(connection, look.id)
            assert await boards.shared(connection, look.id) is None
            assert await boards.shared(direct, look.id) is not None
        assert await boards.shared(direct, look.id) is None


async def test_a_visit_is_who_it_is_and_what_they_put_on_the_page(database: Database) -> None:
    look, other = await a_shared(database), await a_shared(database)
    async with database.begin() as connection:
        visitor = await people.meet(connection, Provider.WEB, "mina", language="ko")
        await hearts.give(connection, look.id, visitor.id)
    async with database.direct() as direct:
        seen = await visits.of_look(direct, look.id, "mina")
        assert seen is not None
        assert seen[0].given
        assert seen[1] == visits.Visit(person_id=visitor.id, scrapped=False, follows=False)
        seen = await visits.of_look(direct, other.id, "mina")
        assert seen is not None
        assert not seen[0].given
        for stranger in ("jun", ""):
            seen = await visits.of_look(direct, look.id, stranger)
            assert seen is not None
            assert not seen[0].given
            assert seen[1] == visits.Visit(person_id=None, scrapped=False, follows=False)
        page = await boards.page(direct, limit=9, visitor="mina")
        assert {each.look.id: each.given for each in page} == {look.id: True, other.id: False}
        assert await visits.of_look(direct, uuid7(), "mina") is None


async def test_a_crowd_waits_for_few_connections(database: Database) -> None:
    look = await a_shared(database)

    async def read() -> bool:
        async with database.direct() as direct:
            return await boards.has(direct, look.id)

    assert all(await asyncio.gather(*(read() for _ in range(200))))


async def test_readers_come_back_after_the_server_cut_their_connections(database: Database) -> None:
    look = await a_shared(database)
    for _ in range(2):
        async with database.direct() as direct:
            assert await boards.has(direct, look.id)
        async with database.begin() as connection:
            await connection.execute(KILL)
        # The news travels through the event loop.
        await asyncio.sleep(0.2)


async def test_a_value_that_was_forgotten_is_no_null(database: Database) -> None:
    async with database.direct() as direct:
        with pytest.raises(KeyError):
            await boards.SHARED.all(direct)
    assert isinstance(boards.SHARED, Statement)


async def test_a_mistake_in_a_statement_is_no_outage(database: Database) -> None:
    wrong = Statement(text("SELECT 1 AS one FROM no_such_table"))
    async with database.direct() as connection:
        with pytest.raises(UndefinedTableError):
            await wrong.all(connection)
    with pytest.raises(ProgrammingError):
        async with database.begin() as connection:
            await wrong.all(connection)


async def test_a_connection_that_is_cut_while_it_is_used_is_an_outage(database: Database) -> None:
    cut = text("SELECT pg_terminate_backend(pg_backend_pid())")
    for way in (database.begin, database.autocommit):
        with pytest.raises(DatabaseUnavailable):
            async with way() as connection:
                await connection.execute(cut)
        with pytest.raises(DatabaseUnavailable):
            async with way() as connection:
                await Statement(cut).all(connection)
        async with way() as connection:
            assert await boards.judged_today(connection) == 0


async def test_a_statement_of_a_transaction_is_rolled_back_with_it(database: Database) -> None:
    look = await a_shared(database)
    with pytest.raises(KeyError):
        async with database.begin() as connection:
            await pictures.mark_stored(connection, look.id)
            await looks.unshare(connection, look.id)
            raise KeyError
    async with database.direct() as connection:
        assert await boards.has(connection, look.id)


async def test_a_deleted_person_is_told_from_other_missing_keys(database: Database) -> None:
    look = await a_shared(database)
    for way in (database.begin, database.autocommit):
        with pytest.raises(PersonGone):
            async with way() as connection:
                await hearts.give(connection, look.id, uuid7())
