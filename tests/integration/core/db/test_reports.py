"""Reports, on a real Postgres."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from core.db import looks, reports, tables
from core.db.engine import Database
from core.errors import PersonGone
from core.ids import uuid7
from tests.integration.records import a_look, a_person

if TYPE_CHECKING:
    from uuid import UUID

    from core.db.looks import Look


@pytest.fixture
async def shared(database: Database) -> Look:
    async with database.begin() as connection:
        look = await a_look(connection, (await a_person(connection)).id)
        assert await looks.share(connection, look.id)
        return look


async def test_one_person_reports_a_look_once(database: Database, shared: Look) -> None:
    async with database.begin() as connection:
        person = (await a_person(connection)).id
        assert await reports.add(connection, shared.id, person, "not an outfit")
        assert await reports.add(connection, shared.id, person, "second thoughts")
        rows = (await connection.execute(select(tables.reports))).all()
        kept = await looks.get(connection, shared.id)
    assert [(row.person_id, row.reason, row.seen_at) for row in rows] == [(person, "not an outfit", None)]
    assert kept is not None
    assert (kept.reports, kept.on_board) == (1, True)


async def test_ones_own_look_and_what_is_not_on_the_board_cannot_be_reported(database: Database, shared: Look) -> None:
    async with database.begin() as connection:
        person = (await a_person(connection)).id
        private = await a_look(connection, (await a_person(connection)).id)
        assert not await reports.add(connection, shared.id, shared.person_id)
        assert not await reports.add(connection, private.id, person)
        assert not await reports.add(connection, uuid7(), person)


async def test_of_many_reports_at_once_three_hold_the_look_and_the_rest_find_it_gone(
    database: Database, shared: Look
) -> None:
    async with database.begin() as connection:
        crowd = [(await a_person(connection)).id for _ in range(8)]

    async def report(person: UUID) -> bool:
        async with database.begin() as connection:
            return await reports.add(connection, shared.id, person)

    taken = await asyncio.gather(*(report(each) for each in crowd))
    async with database.begin() as connection:
        kept = await looks.get(connection, shared.id)
    assert kept is not None
    assert (kept.reports >= 3, kept.held_at is not None, kept.on_board) == (True, True, False)
    assert kept.reports <= sum(taken)
    assert not await report(crowd[0])


async def test_a_forgotten_person_reports_nothing(database: Database, shared: Look) -> None:
    with pytest.raises(PersonGone):
        async with database.begin() as connection:
            await reports.add(connection, shared.id, uuid7())
