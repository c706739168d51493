"""Idle browser sessions are deleted, and with them people without content."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import CursorResult, Delete, Executable, func, insert, text, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from core.db import looks, people, reactions, schema, sessions
from core.db.account_merge import has_no_content
from core.db.database import Database
from core.db.identities import create_identity, get_identity, list_identities
from core.db.people import Person
from core.db.schema import IdentityProvider
from core.db.sessions import SessionOwner
from core.i18n.translations import Language
from core.resources import Resources
from core.services.deletion import delete_stale_sessions
from core.styles import Style
from tests.databases import wait_until_blocked
from tests.factories import create_look, create_person


async def create_session(
    connection: AsyncConnection, idle_days: float, person_id: UUID | None = None
) -> tuple[str, UUID]:
    """A session that was idle for some days, of a new person or the given one; its key and the id of its person."""
    key = str(uuid7())
    if person_id is None:
        person_id = (
            await people.get_or_create_by_identity(connection, IdentityProvider.WEB, key, language=Language.KO)
        ).id
    else:
        assert await create_identity(connection, person_id, IdentityProvider.WEB, key)
    table = schema.identities
    statement = update(table).where(table.c.subject == key).values(last_seen_at=func.now() - timedelta(days=idle_days))
    await connection.execute(statement)
    return key, person_id


async def exists(connection: AsyncConnection, key: str) -> bool:
    return await get_identity(connection, IdentityProvider.WEB, key) is not None


async def test_sessions_are_deleted_after_their_maximum_idle_time(database: Database) -> None:
    async with database.transaction() as connection:
        chatting = await create_person(connection)
        lost, kept = [(await create_session(connection, days, chatting.id))[0] for days in (401, 399)]
        older, mine = await create_session(connection, 500)
        await create_look(connection, mine)
        newer, _ = await create_session(connection, 1, mine)
        alone, owner = await create_session(connection, 500)
        await create_look(connection, owner)
        assert await sessions.delete_expired(connection) == 2
        assert [await exists(connection, key) for key in (lost, kept, older, newer)] == [False, True, False, True]
        assert await exists(connection, alone), "its person has no other identity"


async def test_idle_visitors_without_content_are_deleted(resources: Resources) -> None:
    database = resources.database
    async with database.transaction() as connection:
        empty = [(await create_session(connection, days))[1] for days in (91, 300)]
        await create_session(connection, 100, empty[0])
        recent = (await create_session(connection, 89))[1]
        elsewhere = (await create_session(connection, 91))[1]
        await create_session(connection, 1, elsewhere)
        chatting = (await create_person(connection)).id
        await create_session(connection, 300, chatting)
        named, hearted, showed, followed, banned = [(await create_session(connection, 91))[1] for _ in range(5)]
        assert await people.update_display_name(connection, named, "Mina")
        shared = await create_look(connection, showed)
        assert await looks.share(connection, shared.id)
        await reactions.create_heart(connection, shared.id, hearted)
        await connection.execute(schema.follows.insert().values(follower_id=followed, followed_id=showed))
        await connection.execute(update(schema.people).where(schema.people.c.id == banned).values(banned_at=func.now()))
    async with database.transaction() as connection:
        assert await sessions.delete_empty_visitors(connection, limit=1) == 1
        left = [await people.get(connection, person_id) is not None for person_id in empty]
        assert left == [True, False], "the longest idle one comes first"
    assert await delete_stale_sessions(resources) == (0, 1)
    async with database.transaction() as connection:
        expected = [recent, elsewhere, chatting, named, hearted, showed, followed, banned]
        assert [await people.get(connection, person_id) is not None for person_id in expected] == [True] * len(expected)
        assert [await people.get(connection, person_id) for person_id in empty] == [None, None]
        assert await sessions.delete_empty_visitors(connection, limit=9) == 0


async def _use(connection: AsyncConnection, key: str, person_id: UUID) -> None:
    session = await get_identity(connection, IdentityProvider.WEB, key)
    assert session is not None
    assert await sessions.touch(connection, session)


async def _log_in(connection: AsyncConnection, key: str, person_id: UUID) -> None:
    assert await create_identity(connection, person_id, IdentityProvider.FACEBOOK, "5")


async def _submit_photo(connection: AsyncConnection, key: str, person_id: UUID) -> None:
    await create_look(connection, person_id)


@pytest.mark.parametrize("come_back", [_use, _log_in, _submit_photo])
async def test_a_visitor_who_comes_back_at_the_same_time_is_not_deleted(
    database: Database, come_back: Callable[[AsyncConnection, str, UUID], Awaitable[None]]
) -> None:
    async with database.transaction() as connection:
        key, person_id = await create_session(connection, 91)
        other_key, _ = await create_session(connection, 91, person_id)
    async with database.transaction() as request:
        await come_back(request, other_key, person_id)
        async with asyncio.timeout(10), database.transaction() as connection:
            assert await sessions.delete_empty_visitors(connection, limit=9) == 0
    async with database.transaction() as connection:
        assert await sessions.delete_empty_visitors(connection, limit=9) == 0
        assert await people.get(connection, person_id) is not None
        assert await exists(connection, key), "and has both sessions"


async def test_a_visitor_who_comes_back_before_being_locked_is_not_deleted(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with database.transaction() as connection:
        _, person_id = await create_session(connection, 91)
    execute = AsyncConnection.execute

    async def log_in_before_deletion(connection: AsyncConnection, statement: Executable) -> CursorResult[Any]:
        if isinstance(statement, Delete):
            # As if it had been committed after the visitors were found and before they were locked.
            login = insert(schema.identities).values(provider="facebook", subject="5", person_id=person_id)
            await execute(connection, login)
        return await execute(connection, statement)

    async with database.transaction() as connection:
        monkeypatch.setattr(AsyncConnection, "execute", log_in_before_deletion)
        assert await sessions.delete_empty_visitors(connection, limit=9) == 0
        monkeypatch.undo()


async def test_a_session_that_is_deleted_while_it_is_used_is_told(database: Database) -> None:
    async with database.transaction() as connection:
        key, _ = await create_session(connection, 91)
        session = await get_identity(connection, IdentityProvider.WEB, key)
    assert session is not None
    async with database.transaction() as connection, database.transaction() as request:
        assert await sessions.delete_empty_visitors(connection, limit=9) == 1
        touching = asyncio.create_task(sessions.touch(request, session))
        await wait_until_blocked(database)
        await connection.commit()
        assert not await touching


async def test_the_last_use_is_updated_once_a_month(database: Database) -> None:
    async def touch_after(idle_days: float) -> timedelta:
        async with database.transaction() as connection:
            key, _ = await create_session(connection, idle_days)
            other_key, _ = await create_session(connection, idle_days)
            session = await get_identity(connection, IdentityProvider.WEB, key)
            other = await get_identity(connection, IdentityProvider.WEB, other_key)
            assert session is not None
            await sessions.touch(connection, session)
            after = await get_identity(connection, IdentityProvider.WEB, key)
            assert after is not None
            assert await get_identity(connection, IdentityProvider.WEB, other_key) == other
            return after.last_seen_at - session.last_seen_at

    assert await touch_after(29) == timedelta(0)
    assert await touch_after(31) > timedelta(days=30)


async def test_people_with_a_chat_or_login_are_not_anonymous(database: Database) -> None:
    async with database.transaction() as connection:
        for provider in IdentityProvider:
            person: Person = await create_person(connection, provider)
            await create_identity(connection, person.id, IdentityProvider.WEB, f"session of {provider}")
            owner = await sessions.get_owner(connection, f"session of {provider}")
            is_anonymous = provider is IdentityProvider.WEB
            assert owner == SessionOwner(person_id=person.id, is_anonymous=is_anonymous)
            (identity, *_) = await list_identities(connection, person.id)
            is_session = await sessions.get_owner(connection, identity.subject) is not None
            assert is_session is (identity.provider is IdentityProvider.WEB), "no other id opens an account"
        assert await sessions.get_owner(connection, "unknown") is None


INSERT_SESSIONS = """
WITH crowd AS (
    INSERT INTO people (id, language) SELECT gen_random_uuid(), 'ko' FROM generate_series(1, 5000) RETURNING id
)
INSERT INTO identities (provider, subject, person_id, last_seen_at)
SELECT 'web', id::text, id, now() - random() * interval '80 days' FROM crowd
"""
SCANS = """
SELECT pg_stat_get_xact_numscans('ix_identities_sessions'::regclass) AS by_index,
    pg_stat_get_xact_numscans('identities'::regclass) AS of_table
"""


async def test_idle_sessions_are_found_by_index(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute(text(INSERT_SESSIONS))
        await create_session(connection, 500)
        await connection.execute(text("ANALYZE"))
    for expected, delete in ((0, sessions.delete_expired), (1, partial(sessions.delete_empty_visitors, limit=100))):
        async with database.transaction() as connection:
            before = (await connection.execute(text(SCANS))).one()
            assert await delete(connection) == expected
            after = (await connection.execute(text(SCANS))).one()
            assert (after.by_index - before.by_index, after.of_table - before.of_table) == (1, 0)


@pytest.mark.parametrize(
    ("table", "own", "other"),
    [
        *[(name, "person_id", "look_id") for name in ("hearts", "bookmarks", "reports", "look_guesses")],
        ("follows", "follower_id", "followed_id"),
        ("blocks", "person_id", "blocked_id"),
        ("person_reports", "person_id", "reported_id"),
    ],
)
async def test_whatever_a_person_did_is_content_of_theirs_alone(
    database: Database, table: str, own: str, other: str
) -> None:
    """A visitor without content is deleted, or merged without a question."""
    async with database.transaction() as connection:
        owner, visitor = [(await create_person(connection, IdentityProvider.WEB)).id for _ in range(2)]
        look = await create_look(connection, owner)
        row: dict[str, object] = {own: visitor, other: look.id if other == "look_id" else owner}
        row |= {"style": Style.MODE} if table == "look_guesses" else {}
        await connection.execute(insert(schema.metadata.tables[table]).values(row))
        assert not await has_no_content(connection, visitor)
        await looks.delete(connection, look.id)
        assert await has_no_content(connection, owner)
