"""Hearts, on a real Postgres, one by one and all at once."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from core.db import hearts, looks, people
from core.db.engine import Database
from core.errors import PersonGone
from core.ids import uuid7
from tests.integration.records import a_look, a_person, hearts_of


@pytest.fixture
async def shared(database: Database) -> UUID:
    async with database.begin() as connection:
        look = await a_look(connection, (await a_person(connection)).id)
        await looks.share(connection, look.id)
        return look.id


async def count(database: Database, look_id: UUID) -> int:
    async with database.begin() as connection:
        look = await looks.get(connection, look_id)
        assert look is not None
        return look.hearts


async def test_one_person_gives_one_heart_and_may_take_it_back(database: Database, shared: UUID) -> None:
    async with database.begin() as connection:
        person = (await a_person(connection)).id
        assert await hearts.give(connection, shared, person) == 1
        assert await hearts.give(connection, shared, person) == 1
        assert await hearts_of(connection, person) == {shared}
        assert await hearts.take_back(connection, shared, person) == 0
        assert await hearts.take_back(connection, shared, person) == 0
        assert await hearts_of(connection, person) == set()
        assert await hearts_of(connection, person) == set()


async def test_what_is_not_on_the_board_gets_no_heart(database: Database) -> None:
    async with database.begin() as connection:
        person = (await a_person(connection)).id
        private = (await a_look(connection, person)).id
        assert await hearts.give(connection, private, person) is None
        assert await hearts.give(connection, uuid7(), person) is None
        assert await hearts.take_back(connection, private, person) is None
        look = await looks.get(connection, private)
        assert look is not None
        assert look.hearts == 0


async def test_a_forgotten_person_gives_none(database: Database, shared: UUID) -> None:
    with pytest.raises(PersonGone):
        async with database.begin() as connection:
            await hearts.give(connection, shared, uuid7())


async def test_hearts_go_with_the_person(database: Database, shared: UUID) -> None:
    async with database.begin() as connection:
        person = (await a_person(connection)).id
        await hearts.give(connection, shared, person)
    async with database.begin() as connection:
        await people.remove(connection, person)
    assert await count(database, shared) == 0


async def test_no_heart_is_lost_or_counted_twice_among_fifty_at_once(database: Database, shared: UUID) -> None:
    async with database.begin() as connection:
        crowd = [(await a_person(connection)).id for _ in range(50)]

    async def give(person: UUID) -> None:
        async with database.begin() as connection:
            await hearts.give(connection, shared, person)

    async def take_back(person: UUID) -> None:
        async with database.begin() as connection:
            await hearts.take_back(connection, shared, person)

    await asyncio.gather(*(give(person) for person in (*crowd, *crowd)))
    assert await count(database, shared) == 50
    await asyncio.gather(*(take_back(person) for person in (*crowd[:20], *crowd[:20])))
    assert await count(database, shared) == 30
