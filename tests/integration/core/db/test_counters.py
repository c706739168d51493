"""What the database counts by itself, whoever writes."""

import asyncio
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import leaderboard, looks, people, schema
from core.db.database import Database
from core.db.looks import Look
from core.styles import Style
from core.vision.verdict import ConfidenceBand
from tests.factories import classify_scripted, create_look, create_person


async def styles(connection: AsyncConnection, person_id: UUID) -> dict[str, int]:
    table = schema.person_style_counts
    found = select(table.c.style, table.c["count"].label("looks")).where(
        table.c.person_id == person_id, table.c["count"] > 0
    )
    return {row.style: row.looks for row in await connection.execute(found)}


async def report(connection: AsyncConnection, look: Look, *reporters: UUID) -> Look:
    for each in reporters:
        await connection.execute(insert(schema.reports).values(look_id=look.id, person_id=each))
    kept = await looks.get(connection, look.id)
    assert kept is not None
    return kept


async def test_people_who_follow_each_other_at_once_do_not_lock_each_other_out(database: Database) -> None:
    async with database.transaction() as connection:
        crowd = [(await create_person(connection)).id for _ in range(6)]

    async def follow(who: UUID, whom: UUID) -> None:
        async with database.transaction() as connection:
            await connection.execute(insert(schema.follows).values(follower_id=who, followed_id=whom))

    await asyncio.gather(*(follow(who, whom) for who in crowd for whom in crowd if who != whom))
    async with database.transaction() as connection:
        await people.delete_person(connection, crowd[0])
        await connection.execute(delete(schema.follows).where(schema.follows.c.follower_id == crowd[1]))
        numbers = [await people.get(connection, each) for each in crowd[1:]]
    assert [(each.followers, each.following) for each in numbers if each] == [(4, 0)] + [(3, 4)] * 4


async def test_a_persons_styles_follow_what_is_on_the_board(database: Database) -> None:
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        mode, other, retro = [
            await create_look(connection, person, verdict=classify_scripted(style))
            for style in (Style.MODE, Style.MODE, Style.RETRO)
        ]
        assert await styles(connection, person) == {}
        for look in (mode, other, retro, retro):
            assert await looks.share(connection, look.id)
        assert await styles(connection, person) == {"mode": 2, "retro": 1}
        await looks.unshare(connection, mode.id)
        await looks.remove_from_board(connection, retro.id)
        assert await styles(connection, person) == {"mode": 1}
        await looks.delete(connection, other.id)
        await looks.delete(connection, retro.id)
        assert await styles(connection, person) == {}


async def test_three_reports_hold_a_look_until_they_are_seen(database: Database) -> None:
    async with database.transaction() as connection:
        owner, *reporters = [(await create_person(connection)).id for _ in range(6)]
        look = await create_look(connection, owner)
        assert await looks.share(connection, look.id)
        twice = await report(connection, look, *reporters[:2])
        assert (twice.report_count, twice.suspended_at, twice.is_public) == (2, None, True)
        assert await leaderboard.get_look(connection, look.id) is not None
        held = await report(connection, look, reporters[2])
        assert (held.report_count, held.suspended_at is None, held.is_public) == (3, False, False)
        assert await leaderboard.get_look(connection, look.id) is None
        assert await styles(connection, owner) == {}
        seen = update(schema.reports).values(reviewed_at=func.now())
        await connection.execute(seen)
        await connection.execute(update(schema.looks).values(suspended_at=None))
        again = await report(connection, look, reporters[3])
        assert (again.report_count, again.is_public) == (1, True)
        await people.delete_person(connection, reporters[3])
        assert (await report(connection, look)).report_count == 0


async def test_outfits_judged_today_stay_counted_when_they_are_gone(database: Database) -> None:
    async with database.transaction() as connection:
        assert await leaderboard.count_judged_today(connection) == 0
        person = (await create_person(connection)).id
        made = [await create_look(connection, person) for _ in range(5)]
        nothing = classify_scripted(outfit=0.01)
        assert nothing.band is ConfidenceBand.NOT_AN_OUTFIT
        await create_look(connection, person, verdict=nothing)
        await looks.delete(connection, made[0].id)
        await people.delete_person(connection, person)
        assert await leaderboard.count_judged_today(connection) == 5
