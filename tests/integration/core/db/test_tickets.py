from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.db import tables, tickets
from core.db.engine import Database
from core.errors import PersonGone
from core.ids import uuid7
from tests.integration.records import a_person


async def test_a_token_is_good_once(database: Database) -> None:
    async with database.begin() as connection:
        person = (await a_person(connection)).id
        token = await tickets.issue(connection, person)
        assert await tickets.find(connection, token) == person
        assert await tickets.find(connection, token) == person

    async def redeem() -> object:
        async with database.begin() as connection:
            return await tickets.redeem(connection, token)

    assert sorted(await asyncio.gather(*(redeem() for _ in range(6))), key=bool) == [*[None] * 5, person]
    async with database.begin() as connection:
        assert await tickets.find(connection, token) is None


async def test_a_token_is_good_for_a_while_only(database: Database) -> None:
    async with database.begin() as connection:
        person = (await a_person(connection)).id
        old = await tickets.issue(connection, person, lifetime=-timedelta(seconds=1))
        fresh = await tickets.issue(connection, person)
        assert await tickets.find(connection, old) is None
        assert await tickets.redeem(connection, old) is None
        assert await tickets.purge(connection) == 1
        assert await tickets.find(connection, fresh) == person


async def test_whoever_reads_the_table_has_no_token(database: Database) -> None:
    async with database.begin() as connection:
        token = await tickets.issue(connection, (await a_person(connection)).id)
        assert len(token) * 6 >= 128
        kept = (await connection.execute(select(tables.tickets.c.digest))).scalar_one()
        for guess in (kept.hex(), token[:-1], "", "x" * 5000, "\x00"):
            assert await tickets.redeem(connection, guess) is None
        assert token.encode() not in kept


async def test_a_proof_is_good_once_and_is_no_token(database: Database) -> None:
    async with database.begin() as connection:
        person = (await a_person(connection)).id
        assert await tickets.spend(connection, "signature", person, lifetime=timedelta(minutes=1))
        assert not await tickets.spend(connection, "signature", person, lifetime=timedelta(minutes=1))
        for guess in ("signature", "proof signature"):
            assert await tickets.redeem(connection, guess) is None


async def test_nobody_gets_no_token(database: Database) -> None:
    with pytest.raises(PersonGone):
        async with database.begin() as connection:
            await tickets.issue(connection, uuid7())
