"""The leaderboard."""

import math
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from core.clothing import Color, Item
from core.db import leaderboard, look_feedback, looks, people, public_looks, schema
from core.db.database import Database
from core.db.leaderboard import LeaderboardCursor, Period, TimeOrder
from core.seoul_time import start_of_day
from core.styles import Style
from core.vision.attributes import Attribute
from tests.factories import classify_scripted, classify_with_attributes, create_look, create_person

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
HALF_LIFE = timedelta(hours=6)


async def create_shared_look(
    connection: AsyncConnection,
    person_id: UUID,
    *,
    hearts: int = 0,
    style: Style = Style.STREET,
    confidence: float = 0.9,
    shared_at: datetime | None = None,
) -> UUID:
    look = await create_look(connection, person_id, verdict=classify_scripted(style, confidence=confidence))
    assert await looks.share(connection, look.id)
    statement = (
        update(schema.looks)
        .where(schema.looks.c.id == look.id)
        .values(hearts=hearts, shared_at=shared_at or datetime.now(UTC))
    )
    await connection.execute(statement)
    return look.id


async def page_ids(connection: AsyncConnection, **filters: object) -> list[UUID]:
    page = await leaderboard.get_page(connection, **{"limit": 100, **filters})  # type: ignore[arg-type]
    return [entry.look.id for entry in page]


async def test_looks_are_ordered_by_hearts_then_newest_never_by_confidence(database: Database) -> None:
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        old = await create_shared_look(connection, person, hearts=2, confidence=0.99)
        new = await create_shared_look(connection, person, hearts=2, confidence=0.4)
        popular = await create_shared_look(connection, person, hearts=5, confidence=0.4)
        plain = await create_shared_look(connection, person, confidence=0.99)
        assert await page_ids(connection) == [popular, new, old, plain]


async def test_pages_have_no_gaps_and_no_duplicates(database: Database) -> None:
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        for number in range(11):
            await create_shared_look(connection, person, hearts=number // 3)
        everything = await page_ids(connection)
        collected: list[UUID] = []
        after: LeaderboardCursor | None = None
        while page := await leaderboard.get_page(connection, limit=4, after=after):
            collected += [entry.look.id for entry in page]
            after = LeaderboardCursor(hearts=page[-1].look.hearts, look_id=page[-1].look.id)
    assert len(everything) == 11
    assert collected == everything


async def test_the_leaderboard_is_filtered_by_style_and_period(database: Database) -> None:
    monday = start_of_day() - timedelta(days=start_of_day().weekday())
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        last_week = await create_shared_look(
            connection, person, style=Style.MODE, shared_at=monday - timedelta(seconds=1)
        )
        start_of_this_week = await create_shared_look(
            connection, person, style=Style.GIRLISH, hearts=1, shared_at=monday
        )
        new = await create_shared_look(connection, person, style=Style.MODE, shared_at=start_of_day())
        other = await create_shared_look(connection, person, style=Style.RETRO, hearts=9)
        assert await page_ids(connection, style=Style.MODE) == [new, last_week]
        assert await page_ids(connection, period=Period.WEEK) == [other, start_of_this_week, new]
        assert await page_ids(connection, style=Style.MODE, period=Period.WEEK) == [new]
        today = [other, new] if monday < start_of_day() else [other, start_of_this_week, new]
        assert await page_ids(connection, period=Period.TODAY) == today
        assert await page_ids(connection, style=Style.MODE, period=Period.TODAY) == [new]
        assert await page_ids(connection, style=Style.CASUAL) == []
        await looks.unshare(connection, new)
        assert await page_ids(connection, style=Style.MODE, period=Period.WEEK) == []
        assert await page_ids(connection, style=Style.MODE) == [last_week]


async def test_private_unshared_and_removed_looks_are_not_public(database: Database) -> None:
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        public_id = await create_shared_look(connection, person)
        private = (await create_look(connection, person)).id
        unshared, removed = await create_shared_look(connection, person), await create_shared_look(connection, person)
        await looks.unshare(connection, unshared)
        await looks.remove_from_board(connection, removed)
        assert await page_ids(connection) == [public_id]
        for look_id in (private, unshared, removed, uuid7()):
            assert await public_looks.get_look(connection, look_id) is None


@pytest.mark.parametrize("name", [None, "미나", "<script>"])
async def test_a_public_look_has_the_display_name_of_its_owner(database: Database, name: str | None) -> None:
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        if name is not None:
            assert await people.update_display_name(connection, person, name)
        look_id = await create_shared_look(connection, person)
        public = await public_looks.get_look(connection, look_id)
        assert public is not None
        assert (public.look.id, public.owner_name) == (look_id, name)
        assert [entry.owner_name for entry in await leaderboard.get_page(connection, limit=5)] == [name]


async def test_public_looks_of_a_person_are_listed_page_by_page_and_counted_by_style(database: Database) -> None:
    created = []
    for number in range(5):
        async with database.transaction() as connection:
            if number == 0:
                person = (await create_person(connection)).id
            look = await create_look(
                connection, person, verdict=classify_scripted(Style.MODE if number else Style.RETRO)
            )
            assert await looks.share(connection, look.id)
            created.append(look.id)
    async with database.transaction() as connection:
        await looks.unshare(connection, created.pop(3))
        await create_look(connection, person)
        first = await public_looks.list_for_person(connection, person, limit=3)
        last = first[-1].look
        assert last.shared_at is not None
        rest = await public_looks.list_for_person(connection, person, limit=3, after=(last.shared_at, last.id))
        assert [entry.look.id for entry in first + rest] == created[::-1]
        assert await public_looks.count_styles(connection, person) == {Style.MODE: 3, Style.RETRO: 1}
        assert list(await public_looks.count_styles(connection, person)) == [Style.MODE, Style.RETRO]


async def test_looks_are_filtered_by_what_is_worn(database: Database) -> None:
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        worn: tuple[dict[Attribute, float], ...] = (
            {Item.BOOTS: 0.9, Color.RED: 0.9},
            {Item.BOOTS: 0.9, Color.BLACK: 0.9},
            {Item.COAT: 0.9, Color.RED: 0.9},
        )
        ids = []
        for style, things in zip((Style.STREET, Style.MODE, Style.MODE), worn, strict=True):
            look = await create_look(connection, person, verdict=classify_with_attributes(style, things))
            assert await looks.share(connection, look.id)
            ids.append(look.id)
        red_boots, black_boots, red_coat = ids
        assert await page_ids(connection, things=(Item.BOOTS,)) == [black_boots, red_boots]
        assert await page_ids(connection, things=(Color.RED,), style=Style.MODE) == [red_coat]
        assert await page_ids(connection, things=(Color.RED, Item.BOOTS), period=Period.TODAY) == [red_boots]
        assert await page_ids(connection, things=(Item.TIE,)) == []
        cursor = LeaderboardCursor(hearts=0, look_id=black_boots)
        assert await page_ids(connection, things=(Item.BOOTS,), after=cursor) == [red_boots]
        newest = await leaderboard.get_page_by_time(connection, TimeOrder.NEW, limit=9, things=(Color.RED,))
        assert {each.entry.look.id for each in newest} == {red_boots, red_coat}
        definition = await connection.execute(text("SELECT pg_get_indexdef('ix_looks_filters'::regclass)"))
        assert re.search(r" USING gin \(filters\) .*WHERE is_public$", definition.scalar_one())


async def test_color_with_an_item_is_one_code_until_either_is_taken_back(database: Database) -> None:
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        worn: dict[Attribute, float] = {Item.BOOTS: 0.9, Color.RED: 0.9}
        look = await create_look(connection, person, verdict=classify_with_attributes(Style.MODE, worn))
        assert await looks.share(connection, look.id)
        stored = select(schema.looks.c.things, schema.looks.c.filters)
        row = (await connection.execute(stored)).one()
        assert (row.things, row.filters) == (["boots", "red"], ["boots", "red", "red+boots"])

        await look_feedback.record_item_corrections(connection, look, {Color.RED: None}, {})
        row = (await connection.execute(stored)).one()
        assert (row.things, row.filters) == (["boots"], ["boots"])
        assert await page_ids(connection, things=(Color.RED, Item.BOOTS)) == []


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


async def list_ids_by_time(connection: AsyncConnection, order: TimeOrder, style: Style | None = None) -> list[UUID]:
    """All looks, two at a time."""
    ids: list[UUID] = []
    after = None
    while page := await leaderboard.get_page_by_time(connection, order, limit=2, style=style, after=after):
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
        assert await list_ids_by_time(connection, TimeOrder.NEW) == [second, fourth, third, first, fifth]
        assert await list_ids_by_time(connection, TimeOrder.NEW, Style.MODE) == [second, fourth]
        await looks.unshare(connection, second)
        assert await list_ids_by_time(connection, TimeOrder.NEW) == [fourth, third, first, fifth]


async def test_a_look_with_hearts_lately_comes_before_one_with_more_hearts_once(database: Database) -> None:
    hour = timedelta(hours=1)
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        popular, rising, single, cold = [await create_shared_look(connection, person) for _ in range(4)]
        await give_hearts(connection, popular, *[40 * hour] * 12)
        fans = await give_hearts(connection, rising, hour, 2 * hour, timedelta())
        await give_hearts(connection, single, 3 * hour)
        assert await list_ids_by_time(connection, TimeOrder.RISING) == [rising, single, popular], cold
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
        assert await list_ids_by_time(connection, TimeOrder.RISING) == [single, popular]


async def test_a_heart_after_years_is_counted(database: Database) -> None:
    async with database.transaction() as connection:
        look = await create_shared_look(connection, (await create_person(connection)).id)
        await give_hearts(connection, look, timedelta(days=4000), timedelta())
        (each,) = await leaderboard.get_page_by_time(connection, TimeOrder.RISING, limit=5)
    assert each.at == pytest.approx(NOW, abs=timedelta(milliseconds=1))
