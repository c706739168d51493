"""Reports of people."""

from core.db import looks, moderation, people, person_reports
from core.db.database import Database
from core.db.person_reports import MAX_REASONS
from core.resources import Resources
from core.services.moderation import ban_person
from tests.factories import create_look, create_person


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


async def test_moderators_get_no_link_to_the_page_of_a_banned_person(database: Database) -> None:
    async with database.transaction() as connection:
        reported, reporter = [(await create_person(connection)).id for _ in range(2)]
        await people.update_display_name(connection, reported, "Mina")
        look = await create_look(connection, reported)
        assert await looks.share(connection, look.id)
        await person_reports.create(connection, reported, reporter, "name")
        for is_banned in (False, True):
            if is_banned:
                await moderation.mark_banned(connection, reported)
            (person,) = await person_reports.list_reported(connection, limit=9)
            assert (person.is_banned, person.has_page) == (is_banned, not is_banned)


async def test_a_ban_reviews_the_reports_of_the_person(resources: Resources) -> None:
    async with resources.database.transaction() as connection:
        moderator, banned, other = [(await create_person(connection)).id for _ in range(3)]
        for reported in (banned, other):
            await person_reports.create(connection, reported, moderator, "name")
    await ban_person(resources, moderator, banned)
    async with resources.database.connection() as connection:
        assert [person.id for person in await person_reports.list_reported(connection, limit=9)] == [other]
