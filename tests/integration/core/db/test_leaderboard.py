"""The boards, on a real Postgres."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import leaderboard, looks, people, schema
from core.db.database import Database
from core.db.leaderboard import LeaderboardCursor, Period
from core.seoul_time import start_of_day, start_of_week
from core.styles import Style
from core.uuid7 import uuid7
from tests.factories import classify_scripted, create_look, create_person


async def a_shared(
    connection: AsyncConnection,
    person_id: UUID,
    *,
    hearts: int = 0,
    style: Style = Style.STREET,
    confidence: float = 0.9,
    at: datetime | None = None,
) -> UUID:
    look = await create_look(connection, person_id, verdict=classify_scripted(style, confidence=confidence))
    assert await looks.share(connection, look.id)
    changed = (
        update(schema.looks)
        .where(schema.looks.c.id == look.id)
        .values(hearts=hearts, shared_at=at or datetime.now(UTC))
    )
    await connection.execute(changed)
    return look.id


async def ids(connection: AsyncConnection, **which: object) -> list[UUID]:
    found = await leaderboard.get_page(connection, **{"limit": 100, **which})  # type: ignore[arg-type]
    return [each.look.id for each in found]


async def test_hearts_come_first_then_the_newest_and_never_confidence(database: Database) -> None:
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        old = await a_shared(connection, person, hearts=2, confidence=0.99)
        new = await a_shared(connection, person, hearts=2, confidence=0.4)
        loved = await a_shared(connection, person, hearts=5, confidence=0.4)
        plain = await a_shared(connection, person, confidence=0.99)
        assert await ids(connection) == [loved, new, old, plain]


async def test_pages_follow_each_other_without_gap_or_repetition(database: Database) -> None:
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        for number in range(11):
            await a_shared(connection, person, hearts=number // 3)
        everything = await ids(connection)
        seen: list[UUID] = []
        after: LeaderboardCursor | None = None
        while page := await leaderboard.get_page(connection, limit=4, after=after):
            seen += [each.look.id for each in page]
            after = LeaderboardCursor(hearts=page[-1].look.hearts, look_id=page[-1].look.id)
    assert len(everything) == 11
    assert seen == everything


async def test_a_board_of_one_style_or_one_time(database: Database) -> None:
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        ancient = await a_shared(connection, person, style=Style.MODE, at=start_of_week() - timedelta(seconds=1))
        began = await a_shared(connection, person, style=Style.GIRLISH, hearts=1, at=start_of_week())
        new = await a_shared(connection, person, style=Style.MODE, at=start_of_day())
        other = await a_shared(connection, person, style=Style.RETRO, hearts=9)
        assert await ids(connection, style=Style.MODE) == [new, ancient]
        assert await ids(connection, period=Period.WEEK) == [other, began, new]
        assert await ids(connection, style=Style.MODE, period=Period.WEEK) == [new]
        today = [other, new] if start_of_week() < start_of_day() else [other, began, new]
        assert await ids(connection, period=Period.TODAY) == today
        assert await ids(connection, style=Style.MODE, period=Period.TODAY) == [new]
        assert await ids(connection, style=Style.CASUAL) == []
        await looks.unshare(connection, new)
        assert await ids(connection, style=Style.MODE, period=Period.WEEK) == []
        assert await ids(connection, style=Style.MODE) == [ancient]


async def test_only_what_is_shared_and_not_hidden_exists(database: Database) -> None:
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        kept = await a_shared(connection, person)
        private = (await create_look(connection, person)).id
        taken_back, hidden = await a_shared(connection, person), await a_shared(connection, person)
        await looks.unshare(connection, taken_back)
        await looks.remove_from_board(connection, hidden)
        assert await ids(connection) == [kept]
        for gone in (private, taken_back, hidden, uuid7()):
            assert await leaderboard.get_look(connection, gone) is None


@pytest.mark.parametrize("name", [None, "미나", "<script>"])
async def test_a_shared_look_says_whose_it_is(database: Database, name: str | None) -> None:
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        if name is not None:
            assert await people.set_display_name(connection, person, name)
        look_id = await a_shared(connection, person)
        found = await leaderboard.get_look(connection, look_id)
        assert found is not None
        assert (found.look.id, found.owner_name) == (look_id, name)
        assert [each.owner_name for each in await leaderboard.get_page(connection, limit=5)] == [name]


async def test_a_persons_shared_looks_come_page_by_page_and_their_styles_are_counted(database: Database) -> None:
    made = []
    for number in range(5):
        async with database.transaction() as connection:
            if number == 0:
                person = (await create_person(connection)).id
            look = await create_look(
                connection, person, verdict=classify_scripted(Style.MODE if number else Style.RETRO)
            )
            assert await looks.share(connection, look.id)
            made.append(look.id)
    async with database.transaction() as connection:
        await looks.unshare(connection, made.pop(3))
        await create_look(connection, person)
        first = await leaderboard.list_for_person(connection, person, limit=3)
        last = first[-1].look
        assert last.shared_at is not None
        rest = await leaderboard.list_for_person(connection, person, limit=3, after=(last.shared_at, last.id))
        assert [each.look.id for each in first + rest] == made[::-1]
        assert await leaderboard.count_styles(connection, person) == {Style.MODE: 3, Style.RETRO: 1}
        assert list(await leaderboard.count_styles(connection, person)) == [Style.MODE, Style.RETRO]
