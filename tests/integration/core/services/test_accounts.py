"""Linking logins, merging people, and sessions."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import one_time_tokens, people, schema
from core.db.account_merge import merge_people
from core.db.database import Database
from core.db.identities import create_identity, get_identity, list_identities
from core.db.schema import IdentityProvider
from core.i18n.translations import Language
from core.services import accounts
from tests.databases import wait_until_blocked
from tests.factories import create_look, create_person


async def log_in(connection: AsyncConnection, visitor: UUID | None, subject: str = "7") -> UUID:
    return await accounts.link_or_merge(
        connection, visitor, IdentityProvider.KAKAO_LOGIN, subject, language=Language.KO
    )


async def test_unknown_login_is_added_to_the_visitor_or_a_new_person(database: Database) -> None:
    async with database.transaction() as connection:
        visitor = (await create_person(connection, IdentityProvider.WEB)).id
        assert await log_in(connection, visitor) == visitor
        assert await log_in(connection, visitor) == visitor
        assert await log_in(connection, None) == visitor
        new = await log_in(connection, None, "8")
        assert new != visitor
        assert await log_in(connection, None, "8") == new


async def test_login_of_another_person_merges_both(database: Database) -> None:
    async with database.transaction() as connection:
        known = await log_in(connection, None)
        visitor = (await create_person(connection, IdentityProvider.WEB)).id
        look = await create_look(connection, visitor)
        assert await log_in(connection, visitor) == known
        assert await people.get(connection, visitor) is None
        row = (await connection.execute(schema.looks.select().where(schema.looks.c.id == look.id))).one()
        assert row.person_id == known


async def test_erased_visitor_is_ignored(database: Database) -> None:
    async with database.transaction() as connection:
        known = await log_in(connection, None)
        visitor = (await create_person(connection, IdentityProvider.WEB)).id
        await people.delete_person(connection, visitor)
        assert await log_in(connection, visitor) == known


async def test_concurrent_logins_create_one_person(database: Database) -> None:
    async with database.transaction() as connection:
        visitors = [(await create_person(connection, IdentityProvider.WEB)).id for _ in range(6)]

    async def log_in_concurrently(visitor: UUID) -> UUID:
        async with database.transaction() as connection:
            return await log_in(connection, visitor)

    await asyncio.gather(*map(log_in_concurrently, visitors))
    async with database.transaction() as connection:
        owner = await log_in(connection, None)
        remaining = [visitor for visitor in visitors if await people.get(connection, visitor) is not None]
        assert remaining == [owner]
        assert len(await list_identities(connection, owner)) == 7


async def test_session_ends_on_the_server(database: Database) -> None:
    async with database.transaction() as connection:
        person = await log_in(connection, None)
        await accounts.start_session(connection, person, "first", replaces=None)
        await accounts.start_session(connection, person, "second", replaces="first")
        await accounts.start_session(connection, person, "third", replaces=None)
        assert await get_identity(connection, IdentityProvider.WEB, "first") is None
        await accounts.end_session(connection, "second")
        assert await get_identity(connection, IdentityProvider.WEB, "second") is None
        await accounts.end_all_sessions(connection, person)
        assert [identity.provider for identity in await list_identities(connection, person)] == [
            IdentityProvider.KAKAO_LOGIN
        ]


@pytest.mark.parametrize(
    "end", [accounts.end_all_sessions, partial(accounts.unlink_login, login_method="kakao")], ids=["logout", "unlink"]
)
async def test_login_links_end_with_all_sessions_and_with_the_chat_that_may_have_them(
    database: Database, end: Callable[[AsyncConnection, UUID], Awaitable[None]]
) -> None:
    async with database.transaction() as connection:
        person, other = [(await create_person(connection, IdentityProvider.KAKAO)).id for _ in range(2)]
        link, others_link = [await one_time_tokens.create(connection, owner) for owner in (person, other)]
        await end(connection, person)
        assert await one_time_tokens.get_person_id(connection, link) is None
        assert await one_time_tokens.get_person_id(connection, others_link) == other


async def test_kakao_chat_and_kakao_login_are_linked_together(database: Database) -> None:
    async with database.transaction() as connection:
        person = (await create_person(connection, IdentityProvider.KAKAO)).id
        await log_in(connection, person)
        await create_identity(connection, person, IdentityProvider.TELEGRAM, "1")
        assert list(accounts.find_linked_logins(await list_identities(connection, person))) == [
            "kakao",
            "telegram",
        ]
        await accounts.unlink_login(connection, person, "kakao")
        assert list(accounts.find_linked_logins(await list_identities(connection, person))) == ["telegram"]


async def test_a_login_is_revoked_that_a_merge_moves_meanwhile(database: Database) -> None:
    async with database.transaction() as connection:
        known = await log_in(connection, None)
        other = (await create_person(connection)).id

    async def revoke() -> UUID | None:
        async with database.transaction() as connection:
            return await accounts.revoke_login(connection, IdentityProvider.KAKAO_LOGIN, "7")

    async with database.transaction() as connection:
        assert await merge_people(connection, source=known, target=other)
        revocation = asyncio.create_task(revoke())
        await wait_until_blocked(database)
    assert await revocation is None, "the other person has a chat"
    async with database.connection() as connection:
        assert await get_identity(connection, IdentityProvider.KAKAO_LOGIN, "7") is None
        assert await people.get(connection, other) is not None
