"""Follows, on a real Postgres."""

from __future__ import annotations

import pytest
from sqlalchemy import func, update

from core.db import follows, people, tables
from core.db.engine import Database
from core.errors import PersonGone
from core.ids import uuid7
from tests.integration.records import a_person, followed_by


async def test_one_follows_another_once_and_may_stop(database: Database) -> None:
    async with database.begin() as connection:
        mina, jun = [(await a_person(connection)).id for _ in range(2)]
        for _ in range(2):
            assert await follows.follow(connection, mina, jun) == 1
        assert await followed_by(connection, mina) == {jun}
        assert await followed_by(connection, jun) == set()
        for _ in range(2):
            assert await follows.unfollow(connection, mina, jun) == 0
        assert await followed_by(connection, mina) == set()
        assert await follows.unfollow(connection, mina, uuid7()) is None


async def test_nobody_follows_themselves_or_somebody_banned_or_gone(database: Database) -> None:
    async with database.begin() as connection:
        mina, jun = [(await a_person(connection)).id for _ in range(2)]
        assert await follows.follow(connection, mina, jun) == 1
        await connection.execute(update(tables.people).where(tables.people.c.id == jun).values(banned_at=func.now()))
        late = (await a_person(connection)).id
        for who, whom in ((mina, mina), (late, jun), (mina, uuid7())):
            assert await follows.follow(connection, who, whom) is None
        assert await follows.unfollow(connection, mina, jun) == 0, "one may always stop"
        everybody = [await people.get(connection, each) for each in (mina, jun, late)]
        assert [(each.followers, each.following) for each in everybody if each] == [(0, 0)] * 3


async def test_whom_one_follows_comes_page_by_page(database: Database) -> None:
    async with database.begin() as connection:
        mina, *crowd = [(await a_person(connection)).id for _ in range(6)]
        for each in crowd:
            await follows.follow(connection, mina, each)
        first = await follows.followed_by(connection, mina, limit=3)
        rest = await follows.followed_by(connection, mina, limit=3, after=first[-1].id)
        assert [each.id for each in first + rest] == sorted(crowd, reverse=True)
        assert first[0].followers == 1


async def test_a_forgotten_person_follows_nobody(database: Database) -> None:
    async with database.begin() as connection:
        jun = (await a_person(connection)).id
    with pytest.raises(PersonGone):
        async with database.begin() as connection:
            await follows.follow(connection, uuid7(), jun)
