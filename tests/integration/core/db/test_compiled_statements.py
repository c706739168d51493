"""Compiled statements and the two kinds of connections of `Database`."""

import asyncio
from dataclasses import replace

import pytest
from asyncpg.exceptions import UndefinedTableError
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from uuid_utils.compat import uuid7

from core.db import leaderboard, looks, people, public_looks, reactions, submissions
from core.db.database import CompiledStatement, Database
from core.db.looks import Look
from core.db.schema import IdentityProvider
from core.errors import DatabaseUnavailableError, PersonNotFoundError
from core.i18n.translations import Language
from tests.factories import create_look, create_person

KILL = text(
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


async def create_shared_look(database: Database) -> Look:
    async with database.transaction() as connection:
        look = await create_look(connection, (await create_person(connection)).id)
        assert await looks.share(connection, look.id)
    return look


async def test_both_connections_return_the_same_rows(database: Database) -> None:
    look = await create_shared_look(database)
    async with database.transaction() as connection:
        page, stored = (
            await leaderboard.get_page(connection, limit=3, style=look.style),
            await looks.get(connection, look.id),
        )
        owner = await people.get(connection, look.person_id)
    async with database.connection() as connection:
        assert await leaderboard.get_page(connection, limit=3, style=look.style) == page
        assert await people.get(connection, look.person_id) == owner
        public = await public_looks.get_look(connection, look.id)
        assert public is not None
        assert stored is not None
        assert replace(public.look, verdict=stored.verdict) == stored
        assert public.look.verdict.probabilities == stored.verdict.probabilities
        assert await public_looks.get_look(connection, uuid7()) is None


async def test_uncommitted_changes_are_not_visible_to_others(database: Database) -> None:
    look = await create_shared_look(database)
    async with database.connection() as reader:
        async with database.transaction() as writer:
            assert await looks.unshare(writer, look.id)
            assert await public_looks.get_look(writer, look.id) is None
            assert await public_looks.get_look(reader, look.id) is not None
        assert await public_looks.get_look(reader, look.id) is None


async def test_a_page_knows_its_viewer_and_their_reactions(database: Database) -> None:
    look, other = await create_shared_look(database), await create_shared_look(database)
    async with database.transaction() as connection:
        visitor = await people.get_or_create_by_identity(connection, IdentityProvider.WEB, "mina", language=Language.KO)
        await reactions.create_heart(connection, look.id, visitor.id)
    async with database.connection() as connection:
        viewed = await public_looks.get_look_for_viewer(connection, look.id, "mina")
        assert viewed is not None
        assert viewed[0].is_hearted
        assert viewed[1] == public_looks.ViewerState(person_id=visitor.id, has_bookmarked=False, is_following=False)
        viewed = await public_looks.get_look_for_viewer(connection, other.id, "mina")
        assert viewed is not None
        assert not viewed[0].is_hearted
        for other_key in ("jun", ""):
            viewed = await public_looks.get_look_for_viewer(connection, look.id, other_key)
            assert viewed is not None
            assert not viewed[0].is_hearted
            assert viewed[1] == public_looks.ViewerState(person_id=None, has_bookmarked=False, is_following=False)
        page = await leaderboard.get_page(connection, limit=9, viewer_key="mina")
        assert {entry.look.id: entry.is_hearted for entry in page} == {look.id: True, other.id: False}
        assert await public_looks.get_look_for_viewer(connection, uuid7(), "mina") is None


async def test_many_readers_share_the_connections_of_the_pool(database: Database) -> None:
    look = await create_shared_look(database)

    async def read() -> bool:
        async with database.connection() as connection:
            return await public_looks.is_public(connection, look.id)

    assert all(await asyncio.gather(*(read() for _ in range(200))))


async def test_connections_closed_by_the_server_are_replaced(database: Database) -> None:
    look = await create_shared_look(database)
    for _ in range(2):
        async with database.connection() as connection:
            assert await public_looks.is_public(connection, look.id)
        async with database.transaction() as connection:
            await connection.execute(KILL)
        # The driver notices in the event loop.
        await asyncio.sleep(0.2)


async def test_a_missing_parameter_is_an_error(database: Database) -> None:
    async with database.connection() as connection:
        with pytest.raises(KeyError):
            await public_looks.SELECT_LOOK.fetch(connection)
    assert isinstance(public_looks.SELECT_LOOK, CompiledStatement)


async def test_an_error_in_a_statement_is_not_translated(database: Database) -> None:
    invalid = CompiledStatement(text("SELECT 1 AS one FROM no_such_table"))
    async with database.connection() as connection:
        with pytest.raises(UndefinedTableError):
            await invalid.fetch(connection)
    with pytest.raises(ProgrammingError):
        async with database.transaction() as connection:
            await invalid.fetch(connection)


async def test_a_connection_lost_while_in_use_is_a_database_error(database: Database) -> None:
    terminate = text("SELECT pg_terminate_backend(pg_backend_pid())")
    for open_connection in (database.transaction, database.connection):
        with pytest.raises(DatabaseUnavailableError):
            async with open_connection() as connection:
                await connection.execute(terminate)
        with pytest.raises(DatabaseUnavailableError):
            async with open_connection() as connection:
                await CompiledStatement(terminate).fetch(connection)
        async with open_connection() as connection:
            assert await leaderboard.count_judged_today(connection) == 0


async def test_a_statement_of_a_transaction_is_rolled_back_with_it(database: Database) -> None:
    look = await create_shared_look(database)
    with pytest.raises(KeyError):
        async with database.transaction() as connection:
            await submissions.mark_images_stored(connection, look.id)
            await looks.unshare(connection, look.id)
            raise KeyError
    async with database.connection() as connection:
        assert await public_looks.is_public(connection, look.id)


async def test_a_missing_person_is_recognized_on_both_connections(database: Database) -> None:
    look = await create_shared_look(database)
    for open_connection in (database.transaction, database.connection):
        with pytest.raises(PersonNotFoundError):
            async with open_connection() as connection:
                await reactions.create_heart(connection, look.id, uuid7())
