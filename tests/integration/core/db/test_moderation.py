"""Reports of looks."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from core.db import looks, moderation, people, schema
from core.db.database import Database
from core.db.looks import Look
from core.db.moderation import AUTO_SUSPEND_THRESHOLD
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


async def test_a_look_is_open_to_one_report_of_each_other_person(database: Database, shared: Look) -> None:
    async with database.transaction() as connection:
        mina, jun = [(await create_person(connection)).id for _ in range(2)]
        second, private = [(await create_look(connection, shared.person_id)).id for _ in range(2)]
        assert await looks.share(connection, second)
        assert await moderation.create_report(connection, shared.id, mina)
        look_ids = (shared.id, second, private)
        for person, expected in (
            (mina, [False, True, False]),
            (jun, [True, True, False]),
            (shared.person_id, [False, False, False]),
        ):
            is_open = [await moderation.is_open_to_report(connection, look_id, person) for look_id in look_ids]
            assert is_open == expected


async def test_a_decision_about_one_look_or_person_changes_no_other(database: Database) -> None:
    async with database.transaction() as connection:
        first, second, third, *reporters = [(await create_person(connection)).id for _ in range(6)]
        owners = (first, second, third)
        look_ids = [(await create_look(connection, owner)).id for owner in owners]

        async def list_states() -> list[tuple[bool, bool]]:
            """Whether each owner is banned, and their look suspended."""
            found = [await looks.get(connection, look_id) for look_id in look_ids]
            banned = [await people.is_banned(connection, owner) for owner in owners]
            return [
                (ban, look is not None and look.suspended_at is not None)
                for ban, look in zip(banned, found, strict=True)
            ]

        for look_id in look_ids:
            assert await looks.share(connection, look_id)
        for look_id in look_ids[:2]:
            for reporter in reporters:
                assert await moderation.create_report(connection, look_id, reporter)
        assert await list_states() == [(False, True), (False, True), (False, False)]
        await moderation.resolve_reports(connection, look_ids[0])
        await moderation.release(connection, look_ids[0], is_owner_banned=False)
        assert await list_states() == [(False, False), (False, True), (False, False)]
        (waiting,) = await moderation.list_reported(connection, limit=9)
        assert (waiting.look.id, waiting.report_count) == (look_ids[1], 3)
        for owner in (first, third):
            assert await moderation.mark_banned(connection, owner)
        assert await list_states() == [(True, True), (False, True), (True, True)]
        assert await moderation.mark_unbanned(connection, first)
        assert await list_states() == [(False, False), (False, True), (True, True)]


async def test_a_report_while_its_owner_is_banned_keeps_a_look_suspended(
    database: Database, shared: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third one, after the time of the ban was taken and before the looks were suspended."""
    suspend = moderation.mark_looks_suspended

    async def suspend_after_a_report(connection: AsyncConnection, person_id: UUID) -> None:
        async with database.transaction() as other:
            assert await moderation.create_report(other, shared.id, (await create_person(other)).id)
        await suspend(connection, person_id)

    async with database.transaction() as connection:
        for _ in range(AUTO_SUSPEND_THRESHOLD - 1):
            assert await moderation.create_report(connection, shared.id, (await create_person(connection)).id)
    monkeypatch.setattr(moderation, "mark_looks_suspended", suspend_after_a_report)
    async with database.transaction() as connection:
        await people.lock(connection, shared.person_id)
        assert await moderation.mark_banned(connection, shared.person_id)
    async with database.transaction() as connection:
        assert await moderation.mark_unbanned(connection, shared.person_id)
        reported = await looks.get(connection, shared.id)
    assert reported is not None
    assert (reported.report_count, reported.is_public) == (AUTO_SUSPEND_THRESHOLD, False)


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
