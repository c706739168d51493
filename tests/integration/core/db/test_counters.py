"""The counters that triggers maintain."""

import asyncio
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import leaderboard, looks, people, public_looks, schema
from core.db.database import Database
from core.db.looks import Look
from core.styles import Style
from core.vision.verdict import ConfidenceBand
from tests.factories import classify_scripted, create_look, create_person


async def public_styles(connection: AsyncConnection, person_id: UUID) -> dict[str, int]:
    table = schema.person_style_counts
    statement = select(table.c.style, table.c["count"].label("looks")).where(
        table.c.person_id == person_id, table.c["count"] > 0
    )
    return {row.style: row.looks for row in await connection.execute(statement)}


async def report(connection: AsyncConnection, look: Look, *reporters: UUID) -> Look:
    for reporter in reporters:
        await connection.execute(insert(schema.reports).values(look_id=look.id, person_id=reporter))
    reported = await looks.get(connection, look.id)
    assert reported is not None
    return reported


async def test_concurrent_mutual_follows_do_not_deadlock(database: Database) -> None:
    async with database.transaction() as connection:
        crowd = [(await create_person(connection)).id for _ in range(6)]

    async def follow(follower: UUID, followed: UUID) -> None:
        async with database.transaction() as connection:
            await connection.execute(insert(schema.follows).values(follower_id=follower, followed_id=followed))

    await asyncio.gather(*(follow(first, second) for first in crowd for second in crowd if first != second))
    async with database.transaction() as connection:
        await people.delete_person(connection, crowd[0])
        await connection.execute(delete(schema.follows).where(schema.follows.c.follower_id == crowd[1]))
        remaining = [await people.get(connection, person_id) for person_id in crowd[1:]]
    assert [(person.followers, person.following) for person in remaining if person] == [(4, 0)] + [(3, 4)] * 4


async def test_style_counts_include_public_looks_only(database: Database) -> None:
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        mode, other, retro = [
            await create_look(connection, person, verdict=classify_scripted(style))
            for style in (Style.MODE, Style.MODE, Style.RETRO)
        ]
        assert await public_styles(connection, person) == {}
        for look in (mode, other, retro, retro):
            assert await looks.share(connection, look.id)
        assert await public_styles(connection, person) == {"mode": 2, "retro": 1}
        await looks.unshare(connection, mode.id)
        await looks.remove_from_board(connection, retro.id)
        assert await public_styles(connection, person) == {"mode": 1}
        await looks.delete(connection, other.id)
        await looks.delete(connection, retro.id)
        assert await public_styles(connection, person) == {}


async def test_three_unreviewed_reports_suspend_a_look(database: Database) -> None:
    async with database.transaction() as connection:
        owner, *reporters = [(await create_person(connection)).id for _ in range(6)]
        look = await create_look(connection, owner)
        assert await looks.share(connection, look.id)
        twice = await report(connection, look, *reporters[:2])
        assert (twice.report_count, twice.suspended_at, twice.is_public) == (2, None, True)
        assert await public_looks.get_look(connection, look.id) is not None
        suspended = await report(connection, look, reporters[2])
        assert (suspended.report_count, suspended.suspended_at is None, suspended.is_public) == (3, False, False)
        assert await public_looks.get_look(connection, look.id) is None
        assert await public_styles(connection, owner) == {}
        await connection.execute(update(schema.reports).values(reviewed_at=func.now()))
        await connection.execute(update(schema.looks).values(suspended_at=None))
        again = await report(connection, look, reporters[3])
        assert (again.report_count, again.is_public) == (1, True)
        await people.delete_person(connection, reporters[3])
        assert (await report(connection, look)).report_count == 0


async def test_deleted_looks_stay_in_the_count_of_today(database: Database) -> None:
    async with database.transaction() as connection:
        assert await leaderboard.count_judged_today(connection) == 0
        person = (await create_person(connection)).id
        created = [await create_look(connection, person) for _ in range(5)]
        no_outfit = classify_scripted(outfit=0.01)
        assert no_outfit.band is ConfidenceBand.NOT_AN_OUTFIT
        await create_look(connection, person, verdict=no_outfit)
        await looks.delete(connection, created[0].id)
        await people.delete_person(connection, person)
        assert await leaderboard.count_judged_today(connection) == 5
