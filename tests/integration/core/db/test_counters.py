"""What the database counts by itself, whoever writes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select, update

from core.db import boards, looks, people, tables
from core.db.engine import Database
from core.styles import Style
from core.vision.verdict import Band
from tests.integration.records import a_look, a_person, a_verdict

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncConnection

    from core.db.looks import Look


async def styles(connection: AsyncConnection, person_id: UUID) -> dict[str, int]:
    table = tables.person_styles
    found = select(table.c.style, table.c.looks).where(table.c.person_id == person_id, table.c.looks > 0)
    return {row.style: row.looks for row in await connection.execute(found)}


async def report(connection: AsyncConnection, look: Look, *reporters: UUID) -> Look:
    for each in reporters:
        await connection.execute(insert(tables.reports).values(look_id=look.id, person_id=each))
    kept = await looks.get(connection, look.id)
    assert kept is not None
    return kept


async def test_people_who_follow_each_other_at_once_do_not_lock_each_other_out(database: Database) -> None:
    async with database.begin() as connection:
        crowd = [(await a_person(connection)).id for _ in range(6)]

    async def follow(who: UUID, whom: UUID) -> None:
        async with database.begin() as connection:
            await connection.execute(insert(tables.follows).values(person_id=who, followed_id=whom))

    await asyncio.gather(*(follow(who, whom) for who in crowd for whom in crowd if who != whom))
    async with database.begin() as connection:
        await people.remove(connection, crowd[0])
        await connection.execute(delete(tables.follows).where(tables.follows.c.person_id == crowd[1]))
        numbers = [await people.get(connection, each) for each in crowd[1:]]
    assert [(each.followers, each.following) for each in numbers if each] == [(4, 0)] + [(3, 4)] * 4


async def test_a_persons_styles_follow_what_is_on_the_board(database: Database) -> None:
    async with database.begin() as connection:
        person = (await a_person(connection)).id
        mode, other, retro = [
            await a_look(connection, person, verdict=a_verdict(style))
            for style in (Style.MODE, Style.MODE, Style.RETRO)
        ]
        assert await styles(connection, person) == {}
        for look in (mode, other, retro, retro):
            assert await looks.share(connection, look.id)
        assert await styles(connection, person) == {"mode": 2, "retro": 1}
        await looks.unshare(connection, mode.id)
        await looks.hide(connection, retro.id)
        assert await styles(connection, person) == {"mode": 1}
        await looks.delete(connection, other.id)
        await looks.delete(connection, retro.id)
        assert await styles(connection, person) == {}


async def test_three_reports_hold_a_look_until_they_are_seen(database: Database) -> None:
    async with database.begin() as connection:
        owner, *reporters = [(await a_person(connection)).id for _ in range(6)]
        look = await a_look(connection, owner)
        assert await looks.share(connection, look.id)
        twice = await report(connection, look, *reporters[:2])
        assert (twice.reports, twice.held_at, twice.on_board) == (2, None, True)
        assert await boards.shared(connection, look.id) is not None
        held = await report(connection, look, reporters[2])
        assert (held.reports, held.held_at is None, held.on_board) == (3, False, False)
        assert await boards.shared(connection, look.id) is None
        assert await styles(connection, owner) == {}
        seen = update(tables.reports).values(seen_at=func.now())
        await connection.execute(seen)
        await connection.execute(update(tables.looks).values(held_at=None))
        again = await report(connection, look, reporters[3])
        assert (again.reports, again.on_board) == (1, True)
        await people.remove(connection, reporters[3])
        assert (await report(connection, look)).reports == 0


async def test_outfits_judged_today_stay_counted_when_they_are_gone(database: Database) -> None:
    async with database.begin() as connection:
        assert await boards.judged_today(connection) == 0
        person = (await a_person(connection)).id
        made = [await a_look(connection, person) for _ in range(5)]
        nothing = a_verdict(outfit=0.01)
        assert nothing.band is Band.NOT_AN_OUTFIT
        await a_look(connection, person, verdict=nothing)
        await looks.delete(connection, made[0].id)
        await people.remove(connection, person)
        assert await boards.judged_today(connection) == 5
