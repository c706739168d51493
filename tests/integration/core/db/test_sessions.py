"""Browsers that never come back go, and take nobody along of whom there is anything."""

from datetime import timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import func, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import looks, people, reactions, schema, sessions
from core.db.database import Database
from core.db.people import Person
from core.db.schema import IdentityProvider
from core.resources import Resources
from core.services.retention import delete_stale_sessions
from core.uuid7 import uuid7
from tests.factories import create_look, create_person


async def a_browser(connection: AsyncConnection, days: float, person_id: UUID | None = None) -> tuple[str, UUID]:
    """A browser that was last used so many days ago, of somebody new or of this person: its key, and whose it is."""
    key = str(uuid7())
    if person_id is None:
        person_id = (await people.get_or_create_by_identity(connection, IdentityProvider.WEB, key, language="ko")).id
    else:
        assert await people.add_identity(connection, person_id, IdentityProvider.WEB, key)
    table = schema.identities
    unused = update(table).where(table.c.subject == key).values(last_seen_at=func.now() - timedelta(days=days))
    await connection.execute(unused)
    return key, person_id


async def is_known(connection: AsyncConnection, key: str) -> bool:
    return await people.get_identity(connection, IdentityProvider.WEB, key) is not None


async def test_a_session_ends_when_no_browser_can_have_its_cookie_any_more(database: Database) -> None:
    async with database.transaction() as connection:
        chatting = await create_person(connection)
        lost, kept = [(await a_browser(connection, days, chatting.id))[0] for days in (401, 399)]
        older, mine = await a_browser(connection, 500)
        await create_look(connection, mine)
        newer, _ = await a_browser(connection, 1, mine)
        alone, owner = await a_browser(connection, 500)
        await create_look(connection, owner)
        assert await sessions.delete_expired(connection) == 2
        assert [await is_known(connection, key) for key in (lost, kept, older, newer)] == [False, True, False, True]
        assert await is_known(connection, alone), "nothing else leads to what they shared"


async def test_visitors_who_left_nothing_are_forgotten_after_a_while(resources: Resources) -> None:
    database = resources.database
    async with database.transaction() as connection:
        gone = [(await a_browser(connection, days))[1] for days in (91, 300)]
        await a_browser(connection, 100, gone[0])
        recent = (await a_browser(connection, 89))[1]
        elsewhere = (await a_browser(connection, 91))[1]
        await a_browser(connection, 1, elsewhere)
        chatting = (await create_person(connection)).id
        await a_browser(connection, 300, chatting)
        named, hearted, showed, followed, banned = [(await a_browser(connection, 91))[1] for _ in range(5)]
        assert await people.set_display_name(connection, named, "Mina")
        shared = await create_look(connection, showed)
        assert await looks.share(connection, shared.id)
        await reactions.add_heart(connection, shared.id, hearted)
        await connection.execute(schema.follows.insert().values(follower_id=followed, followed_id=showed))
        await connection.execute(update(schema.people).where(schema.people.c.id == banned).values(banned_at=func.now()))
    assert await delete_stale_sessions(resources) == (0, 2)
    async with database.transaction() as connection:
        left = [recent, elsewhere, chatting, named, hearted, showed, followed, banned]
        assert [await people.get(connection, each) is not None for each in left] == [True] * len(left)
        assert [await people.get(connection, each) for each in gone] == [None, None]
        assert await sessions.delete_empty_visitors(connection, limit=9) == 0


async def test_who_comes_back_this_moment_is_kept(database: Database) -> None:
    async with database.transaction() as connection:
        key, person_id = await a_browser(connection, 91)
    async with database.transaction() as back:
        session = await people.get_identity(back, IdentityProvider.WEB, key)
        assert session is not None
        await sessions.touch(back, session)
        async with database.transaction() as connection:
            assert await sessions.delete_empty_visitors(connection, limit=9) == 0
    async with database.transaction() as connection:
        assert await sessions.delete_empty_visitors(connection, limit=9) == 0
        assert await people.get(connection, person_id) is not None


async def test_use_is_written_down_once_a_month(database: Database) -> None:
    async def used(days: float) -> timedelta:
        async with database.transaction() as connection:
            key, _ = await a_browser(connection, days)
            session = await people.get_identity(connection, IdentityProvider.WEB, key)
            assert session is not None
            await sessions.touch(connection, session)
            after = await people.get_identity(connection, IdentityProvider.WEB, key)
            assert after is not None
            return after.last_seen_at - session.last_seen_at

    assert await used(29) == timedelta(0)
    assert await used(31) > timedelta(days=30)


async def test_who_has_a_chat_or_a_login_is_more_than_a_cookie(database: Database) -> None:
    async with database.transaction() as connection:
        for provider in IdentityProvider:
            person: Person = await create_person(connection, provider)
            assert await sessions.is_anonymous(connection, person.id) == (provider is IdentityProvider.WEB)


MANY = """
WITH crowd AS (
    INSERT INTO people (id, language) SELECT gen_random_uuid(), 'ko' FROM generate_series(1, 5000) RETURNING id
)
INSERT INTO identities (provider, subject, person_id, last_seen_at)
SELECT 'web', id::text, id, now() - random() * interval '80 days' FROM crowd
"""
SCANS = """
SELECT pg_stat_get_xact_numscans('ix_identities_sessions'::regclass) AS by_index,
    pg_stat_get_xact_numscans('identities'::regclass) AS through_all
"""


async def test_the_unused_are_found_by_their_index_among_many(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute(text(MANY))
        await a_browser(connection, 500)
        await connection.execute(text("ANALYZE"))
    for gone, purge in ((0, sessions.delete_expired), (1, partial(sessions.delete_empty_visitors, limit=100))):
        async with database.transaction() as connection:
            before = (await connection.execute(text(SCANS))).one()
            assert await purge(connection) == gone
            after = (await connection.execute(text(SCANS))).one()
            assert (after.by_index - before.by_index, after.through_all - before.through_all) == (1, 0)
