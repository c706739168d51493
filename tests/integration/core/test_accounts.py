"""Logins become somebody's, and who turns out to be one person is one afterwards."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from core import accounts
from core.db import people, tables
from core.db.engine import Database
from core.db.tables import Provider
from tests.integration.records import a_look, a_person

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncConnection


async def join(connection: AsyncConnection, visitor: UUID | None, subject: str = "7") -> UUID:
    return await accounts.join(connection, visitor, Provider.KAKAO_LOGIN, subject, language="ko")


async def test_a_login_that_nobody_has_is_the_visitors_or_makes_somebody(database: Database) -> None:
    async with database.begin() as connection:
        visitor = (await a_person(connection, Provider.WEB)).id
        assert await join(connection, visitor) == visitor
        assert await join(connection, visitor) == visitor
        assert await join(connection, None) == visitor
        new = await join(connection, None, "8")
        assert new != visitor
        assert await join(connection, None, "8") == new


async def test_a_login_of_somebody_else_makes_the_two_one(database: Database) -> None:
    async with database.begin() as connection:
        known = await join(connection, None)
        visitor = (await a_person(connection, Provider.WEB)).id
        look = await a_look(connection, visitor)
        assert await join(connection, visitor) == known
        assert await people.get(connection, visitor) is None
        row = (await connection.execute(tables.looks.select().where(tables.looks.c.id == look.id))).one()
        assert row.person_id == known


async def test_a_visitor_who_has_gone_meanwhile_is_nobody(database: Database) -> None:
    async with database.begin() as connection:
        known = await join(connection, None)
        visitor = (await a_person(connection, Provider.WEB)).id
        await people.remove(connection, visitor)
        assert await join(connection, visitor) == known


async def test_the_same_login_at_once_gives_one_person(database: Database) -> None:
    async with database.begin() as connection:
        visitors = [(await a_person(connection, Provider.WEB)).id for _ in range(6)]

    async def one(visitor: UUID) -> UUID:
        async with database.begin() as connection:
            return await join(connection, visitor)

    await asyncio.gather(*map(one, visitors))
    async with database.begin() as connection:
        owner = await join(connection, None)
        left = [each for each in visitors if await people.get(connection, each) is not None]
        assert left == [owner]
        assert len(await people.identities_of(connection, owner)) == 7


async def test_a_session_ends_on_the_server(database: Database) -> None:
    async with database.begin() as connection:
        person = await join(connection, None)
        await accounts.enter(connection, person, "first", instead_of=None)
        await accounts.enter(connection, person, "second", instead_of="first")
        await accounts.enter(connection, person, "third", instead_of=None)
        assert await people.identity_of(connection, Provider.WEB, "first") is None
        await accounts.leave(connection, "second")
        assert await people.identity_of(connection, Provider.WEB, "second") is None
        await accounts.leave_everywhere(connection, person)
        assert [each.provider for each in await people.identities_of(connection, person)] == [Provider.KAKAO_LOGIN]


async def test_kakao_chat_and_kakao_login_are_one_login(database: Database) -> None:
    async with database.begin() as connection:
        person = (await a_person(connection, Provider.KAKAO)).id
        await join(connection, person)
        await people.link(connection, person, Provider.TELEGRAM, "1")
        assert list(accounts.connected(await people.identities_of(connection, person))) == ["kakao", "telegram"]
        await accounts.disconnect(connection, person, "kakao")
        assert list(accounts.connected(await people.identities_of(connection, person))) == ["telegram"]
