"""The leaderboard."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from core.clothing import Color, Item
from core.db import chronological_boards, leaderboard, look_feedback, looks, people, schema
from core.db.chronological_boards import TimeOrder
from core.db.database import Database
from core.db.leaderboard import LeaderboardCursor, Period
from core.seoul_time import start_of_day
from core.styles import Style
from core.vision.attributes import Attribute
from tests.factories import classify_scripted, classify_with_attributes, create_look, create_person


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
            assert await leaderboard.get_look(connection, look_id) is None


@pytest.mark.parametrize("name", [None, "미나", "<script>"])
async def test_a_public_look_has_the_display_name_of_its_owner(database: Database, name: str | None) -> None:
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        if name is not None:
            assert await people.update_display_name(connection, person, name)
        look_id = await create_shared_look(connection, person)
        public = await leaderboard.get_look(connection, look_id)
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
        first = await leaderboard.list_for_person(connection, person, limit=3)
        last = first[-1].look
        assert last.shared_at is not None
        rest = await leaderboard.list_for_person(connection, person, limit=3, after=(last.shared_at, last.id))
        assert [entry.look.id for entry in first + rest] == created[::-1]
        assert await leaderboard.count_styles(connection, person) == {Style.MODE: 3, Style.RETRO: 1}
        assert list(await leaderboard.count_styles(connection, person)) == [Style.MODE, Style.RETRO]


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
        newest = await chronological_boards.get_page(connection, TimeOrder.NEW, limit=9, things=(Color.RED,))
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
