"""Reports of looks."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from core.db import looks, moderation, schema
from core.db.database import Database
from core.db.looks import Look
from core.errors import PersonNotFoundError
from tests.factories import create_look, create_person


@pytest.fixture
async def shared(database: Database) -> Look:
    async with database.transaction() as connection:
        look = await create_look(connection, (await create_person(connection)).id)
        assert await looks.share(connection, look.id)
        return look


async def test_a_person_reports_a_look_once(database: Database, shared: Look) -> None:
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        assert await moderation.create_report(connection, shared.id, person, "not an outfit")
        assert await moderation.create_report(connection, shared.id, person, "second thoughts")
        rows = (await connection.execute(select(schema.reports))).all()
        reported = await looks.get(connection, shared.id)
    assert [(row.person_id, row.reason, row.reviewed_at) for row in rows] == [(person, "not an outfit", None)]
    assert reported is not None
    assert (reported.report_count, reported.is_public) == (1, True)


async def test_own_and_private_looks_cannot_be_reported(database: Database, shared: Look) -> None:
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        private = await create_look(connection, (await create_person(connection)).id)
        assert not await moderation.create_report(connection, shared.id, shared.person_id)
        assert not await moderation.create_report(connection, private.id, person)
        assert not await moderation.create_report(connection, uuid7(), person)


async def test_concurrent_reports_suspend_the_look_after_the_third(database: Database, shared: Look) -> None:
    async with database.transaction() as connection:
        crowd = [(await create_person(connection)).id for _ in range(8)]

    async def report(person: UUID) -> bool:
        async with database.transaction() as connection:
            return await moderation.create_report(connection, shared.id, person)

    accepted = await asyncio.gather(*(report(person) for person in crowd))
    async with database.transaction() as connection:
        reported = await looks.get(connection, shared.id)
    assert reported is not None
    assert (reported.report_count >= 3, reported.suspended_at is not None, reported.is_public) == (True, True, False)
    assert reported.report_count <= sum(accepted)
    assert not await report(crowd[0])


async def test_a_deleted_person_cannot_report(database: Database, shared: Look) -> None:
    with pytest.raises(PersonNotFoundError):
        async with database.transaction() as connection:
            await moderation.create_report(connection, shared.id, uuid7())
