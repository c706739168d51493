"""Hearts, on a real Postgres, one by one and all at once."""

import asyncio
from uuid import UUID

import pytest

from core.db import looks, people, reactions
from core.db.database import Database
from core.errors import PersonNotFoundError
from core.uuid7 import uuid7
from tests.factories import bookmarked_look_ids, create_look, create_person, hearted_look_ids


@pytest.fixture
async def shared(database: Database) -> UUID:
    async with database.transaction() as connection:
        look = await create_look(connection, (await create_person(connection)).id)
        await looks.share(connection, look.id)
        return look.id


async def count(database: Database, look_id: UUID) -> int:
    async with database.transaction() as connection:
        look = await looks.get(connection, look_id)
        assert look is not None
        return look.hearts


async def test_one_person_gives_one_heart_and_may_take_it_back(database: Database, shared: UUID) -> None:
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        assert await reactions.add_heart(connection, shared, person) == 1
        assert await reactions.add_heart(connection, shared, person) == 1
        assert await hearted_look_ids(connection, person) == {shared}
        assert await reactions.remove_heart(connection, shared, person) == 0
        assert await reactions.remove_heart(connection, shared, person) == 0
        assert await hearted_look_ids(connection, person) == set()
        assert await hearted_look_ids(connection, person) == set()


async def test_what_is_not_on_the_board_gets_no_heart(database: Database) -> None:
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        private = (await create_look(connection, person)).id
        assert await reactions.add_heart(connection, private, person) is None
        assert await reactions.add_heart(connection, uuid7(), person) is None
        assert await reactions.remove_heart(connection, private, person) is None
        look = await looks.get(connection, private)
        assert look is not None
        assert look.hearts == 0


async def test_a_forgotten_person_gives_none(database: Database, shared: UUID) -> None:
    with pytest.raises(PersonNotFoundError):
        async with database.transaction() as connection:
            await reactions.add_heart(connection, shared, uuid7())


async def test_hearts_go_with_the_person(database: Database, shared: UUID) -> None:
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        await reactions.add_heart(connection, shared, person)
    async with database.transaction() as connection:
        await people.delete_person(connection, person)
    assert await count(database, shared) == 0


async def test_no_heart_is_lost_or_counted_twice_among_fifty_at_once(database: Database, shared: UUID) -> None:
    async with database.transaction() as connection:
        crowd = [(await create_person(connection)).id for _ in range(50)]

    async def give(person: UUID) -> None:
        async with database.transaction() as connection:
            await reactions.add_heart(connection, shared, person)

    async def take_back(person: UUID) -> None:
        async with database.transaction() as connection:
            await reactions.remove_heart(connection, shared, person)

    await asyncio.gather(*(give(person) for person in (*crowd, *crowd)))
    assert await count(database, shared) == 50
    await asyncio.gather(*(take_back(person) for person in (*crowd[:20], *crowd[:20])))
    assert await count(database, shared) == 30


async def test_one_person_keeps_a_look_once_and_may_let_it_go(database: Database) -> None:
    async with database.transaction() as connection:
        person, other = [(await create_person(connection)).id for _ in range(2)]
        look = await create_look(connection, (await create_person(connection)).id)
        assert not await reactions.add_bookmark(connection, look.id, person), "it is not on the board"
        assert await bookmarked_look_ids(connection, person) == set()
        assert await looks.share(connection, look.id)
        for _ in range(2):
            assert await reactions.add_bookmark(connection, look.id, person)
        assert await bookmarked_look_ids(connection, person) == {look.id}
        assert await bookmarked_look_ids(connection, other) == set()
        assert await reactions.remove_bookmark(connection, look.id, person)
        assert await bookmarked_look_ids(connection, person) == set()
        assert not await reactions.remove_bookmark(connection, uuid7(), person)


async def test_scraps_come_page_by_page_the_latest_first_without_what_left_the_board(database: Database) -> None:
    kept = []
    for number in range(5):
        # Each in a unit of work of its own: one has one time.
        async with database.transaction() as connection:
            if number == 0:
                person = (await create_person(connection)).id
            owner = await create_person(connection)
            assert await people.set_display_name(connection, owner.id, f"Owner {number}")
            look = await create_look(connection, owner.id)
            assert await looks.share(connection, look.id)
            assert await reactions.add_bookmark(connection, look.id, person)
            kept.append(look.id)
    async with database.transaction() as connection:
        await looks.unshare(connection, kept.pop(2))
        first = await reactions.list_bookmarks(connection, person, limit=3)
        last = first[-1]
        rest = await reactions.list_bookmarks(connection, person, limit=3, after=(last.created_at, last.entry.look.id))
        assert [each.entry.look.id for each in first + rest] == kept[::-1]
        assert first[0].entry.owner_name == "Owner 4"
        assert await reactions.list_bookmarks(connection, owner.id, limit=3) == []


async def test_a_forgotten_person_keeps_nothing(database: Database) -> None:
    async with database.transaction() as connection:
        look = await create_look(connection, (await create_person(connection)).id)
        assert await looks.share(connection, look.id)
    with pytest.raises(PersonNotFoundError):
        async with database.transaction() as connection:
            await reactions.add_bookmark(connection, look.id, uuid7())
