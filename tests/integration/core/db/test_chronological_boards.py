"""Public looks by time, and the trigger that keeps how fast they get hearts."""

import math
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import chronological_boards, looks, schema
from core.db.chronological_boards import TimeOrder
from core.db.database import Database
from core.styles import Style
from tests.factories import create_person
from tests.integration.core.db.test_leaderboard import create_shared_look

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
HALF_LIFE = timedelta(hours=6)


async def give_hearts(connection: AsyncConnection, look_id: UUID, *ages: timedelta) -> list[UUID]:
    """Hearts of new people, given that long before `NOW`."""
    fans = [(await create_person(connection)).id for _ in ages]
    for fan, age in zip(fans, ages, strict=True):
        values = {"look_id": look_id, "person_id": fan, "created_at": NOW - age}
        await connection.execute(insert(schema.hearts).values(values))
    return fans


def rising_at(*ages: timedelta) -> datetime:
    """The time at which one heart weighs as much as all of these."""
    return NOW + HALF_LIFE * math.log2(sum(2 ** (-age / HALF_LIFE) for age in ages))


async def page_ids(connection: AsyncConnection, order: TimeOrder, style: Style | None = None) -> list[UUID]:
    """All looks, two at a time."""
    ids: list[UUID] = []
    after = None
    while page := await chronological_boards.get_page(connection, order, limit=2, style=style, after=after):
        ids += [each.entry.look.id for each in page]
        after = page[-1].at, page[-1].entry.look.id
    return ids


async def test_looks_are_listed_by_the_time_they_were_shared(database: Database) -> None:
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        times = [NOW - timedelta(hours=hours) for hours in (5, 1, 3, 3, 9)]
        created = [
            await create_shared_look(
                connection, person, shared_at=time, hearts=number, style=Style.MODE if number % 2 else Style.STREET
            )
            for number, time in enumerate(times)
        ]
        first, second, third, fourth, fifth = created
        assert await page_ids(connection, TimeOrder.NEW) == [second, fourth, third, first, fifth]
        assert await page_ids(connection, TimeOrder.NEW, Style.MODE) == [second, fourth]
        await looks.unshare(connection, second)
        assert await page_ids(connection, TimeOrder.NEW) == [fourth, third, first, fifth]


async def test_a_look_with_hearts_lately_comes_before_one_with_more_hearts_once(database: Database) -> None:
    hour = timedelta(hours=1)
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        popular, rising, single, cold = [await create_shared_look(connection, person) for _ in range(4)]
        await give_hearts(connection, popular, *[40 * hour] * 12)
        fans = await give_hearts(connection, rising, hour, 2 * hour, timedelta())
        await give_hearts(connection, single, 3 * hour)
        assert await page_ids(connection, TimeOrder.RISING) == [rising, single, popular], cold
        read = select(schema.looks.c.rising_at, schema.looks.c.hearts).where(schema.looks.c.id == rising)
        row = (await connection.execute(read)).one()
        assert row.rising_at == pytest.approx(rising_at(hour, 2 * hour, timedelta()), abs=timedelta(milliseconds=1))
        # A heart that is taken back weighs nothing, wherever it stood.
        for fan, rest in ((fans[2], (hour, 2 * hour)), (fans[0], (2 * hour,))):
            await connection.execute(delete(schema.hearts).where(schema.hearts.c.person_id == fan))
            row = (await connection.execute(read)).one()
            assert row.rising_at == pytest.approx(rising_at(*rest), abs=timedelta(milliseconds=1))
        await connection.execute(delete(schema.hearts).where(schema.hearts.c.person_id == fans[1]))
        assert (await connection.execute(read)).one() == (None, 0)
        assert await page_ids(connection, TimeOrder.RISING) == [single, popular]


async def test_a_heart_after_years_is_counted(database: Database) -> None:
    async with database.transaction() as connection:
        look = await create_shared_look(connection, (await create_person(connection)).id)
        await give_hearts(connection, look, timedelta(days=4000), timedelta())
        (each,) = await chronological_boards.get_page(connection, TimeOrder.RISING, limit=5)
    assert each.at == pytest.approx(NOW, abs=timedelta(milliseconds=1))
