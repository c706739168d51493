"""What pages read, over the driver itself, on a real Postgres."""

import asyncio
from dataclasses import replace

import pytest
from asyncpg.exceptions import UndefinedTableError
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from core.db import leaderboard, look_images, looks, people, reactions
from core.db.compiled_statements import CompiledStatement
from core.db.database import Database
from core.db.looks import Look
from core.db.schema import IdentityProvider
from core.errors import DatabaseUnavailableError, PersonNotFoundError
from core.uuid7 import uuid7
from tests.factories import create_look, create_person

KILL = text("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")


async def a_shared(database: Database) -> Look:
    """A look on the board."""
    async with database.transaction() as connection:
        look = await create_look(connection, (await create_person(connection)).id)
        assert await looks.share(connection, look.id)
    return look


async def test_a_reader_sees_what_a_unit_of_work_sees(database: Database) -> None:
    look = await a_shared(database)
    async with database.transaction() as connection:
        page, whole = (
            await leaderboard.get_page(connection, limit=3, style=look.style),
            await looks.get(connection, look.id),
        )
        owner = await people.get(connection, look.person_id)
    async with database.connection() as direct:
        assert await leaderboard.get_page(direct, limit=3, style=look.style) == page
        assert await people.get(direct, look.person_id) == owner
        found = await leaderboard.get_look(direct, look.id)
        assert found is not None
        assert whole is not None
        assert replace(found.look, verdict=whole.verdict) == whole
        assert found.look.verdict.probabilities == whole.verdict.probabilities
        assert await leaderboard.get_look(direct, uuid7()) is None


async def test_a_reader_does_not_see_what_is_not_committed(database: Database) -> None:
    look = await a_shared(database)
    async with database.connection() as direct:
        async with database.transaction() as connection:
            assert await looks.unshare(connection, look.id)
            assert await leaderboard.get_look(connection, look.id) is None
            assert await leaderboard.get_look(direct, look.id) is not None
        assert await leaderboard.get_look(direct, look.id) is None


async def test_a_visit_is_who_it_is_and_what_they_put_on_the_page(database: Database) -> None:
    look, other = await a_shared(database), await a_shared(database)
    async with database.transaction() as connection:
        visitor = await people.get_or_create_by_identity(connection, IdentityProvider.WEB, "mina", language="ko")
        await reactions.add_heart(connection, look.id, visitor.id)
    async with database.connection() as direct:
        seen = await leaderboard.get_look_for_viewer(direct, look.id, "mina")
        assert seen is not None
        assert seen[0].is_hearted
        assert seen[1] == leaderboard.ViewerState(person_id=visitor.id, has_bookmarked=False, is_following=False)
        seen = await leaderboard.get_look_for_viewer(direct, other.id, "mina")
        assert seen is not None
        assert not seen[0].is_hearted
        for stranger in ("jun", ""):
            seen = await leaderboard.get_look_for_viewer(direct, look.id, stranger)
            assert seen is not None
            assert not seen[0].is_hearted
            assert seen[1] == leaderboard.ViewerState(person_id=None, has_bookmarked=False, is_following=False)
        page = await leaderboard.get_page(direct, limit=9, viewer_key="mina")
        assert {each.look.id: each.is_hearted for each in page} == {look.id: True, other.id: False}
        assert await leaderboard.get_look_for_viewer(direct, uuid7(), "mina") is None


async def test_a_crowd_waits_for_few_connections(database: Database) -> None:
    look = await a_shared(database)

    async def read() -> bool:
        async with database.connection() as direct:
            return await leaderboard.is_public(direct, look.id)

    assert all(await asyncio.gather(*(read() for _ in range(200))))


async def test_readers_come_back_after_the_server_cut_their_connections(database: Database) -> None:
    look = await a_shared(database)
    for _ in range(2):
        async with database.connection() as direct:
            assert await leaderboard.is_public(direct, look.id)
        async with database.transaction() as connection:
            await connection.execute(KILL)
        # The news travels through the event loop.
        await asyncio.sleep(0.2)


async def test_a_value_that_was_forgotten_is_no_null(database: Database) -> None:
    async with database.connection() as direct:
        with pytest.raises(KeyError):
            await leaderboard.SELECT_LOOK.fetch_all(direct)
    assert isinstance(leaderboard.SELECT_LOOK, CompiledStatement)


async def test_a_mistake_in_a_statement_is_no_outage(database: Database) -> None:
    wrong = CompiledStatement(text("SELECT 1 AS one FROM no_such_table"))
    async with database.connection() as connection:
        with pytest.raises(UndefinedTableError):
            await wrong.fetch_all(connection)
    with pytest.raises(ProgrammingError):
        async with database.transaction() as connection:
            await wrong.fetch_all(connection)


async def test_a_connection_that_is_cut_while_it_is_used_is_an_outage(database: Database) -> None:
    cut = text("SELECT pg_terminate_backend(pg_backend_pid())")
    for way in (database.transaction, database.connection):
        with pytest.raises(DatabaseUnavailableError):
            async with way() as connection:
                await connection.execute(cut)
        with pytest.raises(DatabaseUnavailableError):
            async with way() as connection:
                await CompiledStatement(cut).fetch_all(connection)
        async with way() as connection:
            assert await leaderboard.count_judged_today(connection) == 0


async def test_a_statement_of_a_transaction_is_rolled_back_with_it(database: Database) -> None:
    look = await a_shared(database)
    with pytest.raises(KeyError):
        async with database.transaction() as connection:
            await look_images.mark_images_stored(connection, look.id)
            await looks.unshare(connection, look.id)
            raise KeyError
    async with database.connection() as connection:
        assert await leaderboard.is_public(connection, look.id)


async def test_a_deleted_person_is_told_from_other_missing_keys(database: Database) -> None:
    look = await a_shared(database)
    for way in (database.transaction, database.connection):
        with pytest.raises(PersonNotFoundError):
            async with way() as connection:
                await reactions.add_heart(connection, look.id, uuid7())
