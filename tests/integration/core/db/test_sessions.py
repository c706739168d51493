"""Browsers that never come back go, and take nobody along of whom there is anything."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import func, text, update

from core.db import hearts, looks, people, sessions, tables
from core.db.tables import Provider
from core.ids import uuid7
from core.retention import tidy
from tests.integration.records import a_look, a_person

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncConnection

    from core.db.engine import Database
    from core.db.people import Person
    from core.memory import Memory


async def a_browser(connection: AsyncConnection, days: float, person_id: UUID | None = None) -> tuple[str, UUID]:
    """A browser that was last used so many days ago, of somebody new or of this person: its key, and whose it is."""
    key = str(uuid7())
    if person_id is None:
        person_id = (await people.meet(connection, Provider.WEB, key, language="ko")).id
    else:
        assert await people.link(connection, person_id, Provider.WEB, key)
    table = tables.identities
    unused = update(table).where(table.c.subject == key).values(used_at=func.now() - timedelta(days=days))
    await connection.execute(unused)
    return key, person_id


async def is_known(connection: AsyncConnection, key: str) -> bool:
    return await people.identity_of(connection, Provider.WEB, key) is not None


async def test_a_session_ends_when_no_browser_can_have_its_cookie_any_more(database: Database) -> None:
    async with database.begin() as connection:
        chatting = await a_person(connection)
        lost, kept = [(await a_browser(connection, days, chatting.id))[0] for days in (401, 399)]
        older, mine = await a_browser(connection, 500)
        await a_look(connection, mine)
        newer, _ = await a_browser(connection, 1, mine)
        alone, owner = await a_browser(connection, 500)
        await a_look(connection, owner)
        assert await sessions.purge(connection) == 2
        assert [await is_known(connection, key) for key in (lost, kept, older, newer)] == [False, True, False, True]
        assert await is_known(connection, alone), "nothing else leads to what they shared"


async def test_visitors_who_left_nothing_are_forgotten_after_a_while(memory: Memory) -> None:
    database = memory.database
    async with database.begin() as connection:
        gone = [(await a_browser(connection, days))[1] for days in (91, 300)]
        await a_browser(connection, 100, gone[0])
        recent = (await a_browser(connection, 89))[1]
        elsewhere = (await a_browser(connection, 91))[1]
        await a_browser(connection, 1, elsewhere)
        chatting = (await a_person(connection)).id
        await a_browser(connection, 300, chatting)
        named, hearted, showed, followed, banned = [(await a_browser(connection, 91))[1] for _ in range(5)]
        assert await people.set_name(connection, named, "Mina")
        shared = await a_look(connection, showed)
        assert await looks.share(connection, shared.id)
        await hearts.give(connection, shared.id, hearted)
        await connection.execute(tables.follows.insert().values(person_id=followed, followed_id=showed))
        await connection.execute(update(tables.people).where(tables.people.c.id == banned).values(banned_at=func.now()))
    assert await tidy(memory) == (0, 2)
    async with database.begin() as connection:
        left = [recent, elsewhere, chatting, named, hearted, showed, followed, banned]
        assert [await people.get(connection, each) is not None for each in left] == [True] * len(left)
        assert [await people.get(connection, each) for each in gone] == [None, None]
        assert await sessions.purge_bare(connection, limit=9) == 0


async def test_who_comes_back_this_moment_is_kept(database: Database) -> None:
    async with database.begin() as connection:
        key, person_id = await a_browser(connection, 91)
    async with database.begin() as back:
        session = await people.identity_of(back, Provider.WEB, key)
        assert session is not None
        await sessions.use(back, session)
        async with database.begin() as connection:
            assert await sessions.purge_bare(connection, limit=9) == 0
    async with database.begin() as connection:
        assert await sessions.purge_bare(connection, limit=9) == 0
        assert await people.get(connection, person_id) is not None


async def test_use_is_written_down_once_a_month(database: Database) -> None:
    async def used(days: float) -> timedelta:
        async with database.begin() as connection:
            key, _ = await a_browser(connection, days)
            session = await people.identity_of(connection, Provider.WEB, key)
            assert session is not None
            await sessions.use(connection, session)
            after = await people.identity_of(connection, Provider.WEB, key)
            assert after is not None
            return after.used_at - session.used_at

    assert await used(29) == timedelta(0)
    assert await used(31) > timedelta(days=30)


async def test_who_has_a_chat_or_a_login_is_more_than_a_cookie(database: Database) -> None:
    async with database.begin() as connection:
        for provider in Provider:
            person: Person = await a_person(connection, provider)
            assert await sessions.is_cookie_alone(connection, person.id) == (provider is Provider.WEB)


MANY = """
WITH crowd AS (
    INSERT INTO people (id, language) SELECT gen_random_uuid(), 'ko' FROM generate_series(1, 5000) RETURNING id
)
INSERT INTO identities (provider, subject, person_id, used_at)
SELECT 'web', id::text, id, now() - random() * interval '80 days' FROM crowd
"""
SCANS = """
SELECT pg_stat_get_xact_numscans('ix_identities_browsers'::regclass) AS by_index,
    pg_stat_get_xact_numscans('identities'::regclass) AS through_all
"""


async def test_the_unused_are_found_by_their_index_among_many(database: Database) -> None:
    async with database.begin() as connection:
        await connection.execute(text(MANY))
        await a_browser(connection, 500)
        await connection.execute(text("ANALYZE"))
    for gone, purge in ((0, sessions.purge), (1, partial(sessions.purge_bare, limit=100))):
        async with database.begin() as connection:
            before = (await connection.execute(text(SCANS))).one()
            assert await purge(connection) == gone
            after = (await connection.execute(text(SCANS))).one()
            assert (after.by_index - before.by_index, after.through_all - before.through_all) == (1, 0)
