"""Scraps, on a real Postgres."""

from __future__ import annotations

import pytest

from core.db import looks, people, scraps
from core.db.engine import Database
from core.errors import PersonGone
from core.ids import uuid7
from tests.integration.records import a_look, a_person, scraps_of


async def test_one_person_keeps_a_look_once_and_may_let_it_go(database: Database) -> None:
    async with database.begin() as connection:
        person, other = [(await a_person(connection)).id for _ in range(2)]
        look = await a_look(connection, (await a_person(connection)).id)
        assert not await scraps.add(connection, look.id, person), "it is not on the board"
        assert await scraps_of(connection, person) == set()
        assert await looks.share(connection, look.id)
        for _ in range(2):
            assert await scraps.add(connection, look.id, person)
        assert await scraps_of(connection, person) == {look.id}
        assert await scraps_of(connection, other) == set()
        assert await scraps.remove(connection, look.id, person)
        assert await scraps_of(connection, person) == set()
        assert not await scraps.remove(connection, uuid7(), person)


async def test_scraps_come_page_by_page_the_latest_first_without_what_left_the_board(database: Database) -> None:
    kept = []
    for number in range(5):
        # Each in a unit of work of its own: one has one time.
        async with database.begin() as connection:
            if number == 0:
                person = (await a_person(connection)).id
            owner = await a_person(connection)
            assert await people.set_name(connection, owner.id, f"Owner {number}")
            look = await a_look(connection, owner.id)
            assert await looks.share(connection, look.id)
            assert await scraps.add(connection, look.id, person)
            kept.append(look.id)
    async with database.begin() as connection:
        await looks.unshare(connection, kept.pop(2))
        first = await scraps.of_person(connection, person, limit=3)
        last = first[-1]
        rest = await scraps.of_person(connection, person, limit=3, after=(last.created_at, last.shared.look.id))
        assert [each.shared.look.id for each in first + rest] == kept[::-1]
        assert first[0].shared.name == "Owner 4"
        assert await scraps.of_person(connection, owner.id, limit=3) == []


async def test_a_forgotten_person_keeps_nothing(database: Database) -> None:
    async with database.begin() as connection:
        look = await a_look(connection, (await a_person(connection)).id)
        assert await looks.share(connection, look.id)
    with pytest.raises(PersonGone):
        async with database.begin() as connection:
            await scraps.add(connection, look.id, uuid7())
