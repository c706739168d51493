"""Reports of people."""

from core.db import person_reports
from core.db.database import Database
from core.db.person_reports import MAX_REASONS
from tests.factories import create_person


async def test_moderators_read_the_first_reasons_of_many(database: Database) -> None:
    async with database.connection() as connection:
        reported, other = [(await create_person(connection)).id for _ in range(2)]
        await person_reports.create(connection, other, reported, "")
        for number in range(MAX_REASONS + 2):
            reporter = (await create_person(connection)).id
            await person_reports.create(connection, reported, reporter, f"{number}" if number else "")
        first, second = await person_reports.list_reported(connection, limit=9)
    assert (first.id, first.report_count) == (reported, MAX_REASONS + 2)
    assert first.reasons == tuple(str(number) for number in range(1, MAX_REASONS + 1))
    assert (second.id, second.report_count, second.reasons) == (other, 1, ())


async def test_people_cannot_report_themselves(database: Database) -> None:
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        assert not await person_reports.is_open(connection, person, person)
        await person_reports.create(connection, person, person, "me")
        assert await person_reports.count_reported(connection) == 0
