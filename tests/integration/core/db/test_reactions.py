"""Hearts and bookmarks."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text
from uuid_utils.compat import uuid7

from core.db import looks, people, reactions, relations
from core.db.database import Database
from core.errors import PersonNotFoundError
from tests.databases import wait_until_blocked
from tests.factories import bookmarked_look_ids, create_look, create_person, hearted_look_ids

SELECT_RISING = """
SELECT hearts, rising_at, (SELECT max(created_at) FROM hearts WHERE look_id = looks.id) AS given_at
FROM looks WHERE id = :look_id
"""


@pytest.fixture
async def shared(database: Database) -> UUID:
    async with database.transaction() as connection:
        look = await create_look(connection, (await create_person(connection)).id)
        await looks.share(connection, look.id)
        return look.id


async def count_hearts(database: Database, look_id: UUID) -> int:
    async with database.transaction() as connection:
        look = await looks.get(connection, look_id)
        assert look is not None
        return look.hearts


async def test_a_person_gives_one_heart_and_can_take_it_back(database: Database, shared: UUID) -> None:
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        assert await reactions.create_heart(connection, shared, person) == 1
        assert await reactions.create_heart(connection, shared, person) == 1
        assert await hearted_look_ids(connection, person) == {shared}
        assert await reactions.delete_heart(connection, shared, person) == 0
        assert await reactions.delete_heart(connection, shared, person) == 0
        assert await hearted_look_ids(connection, person) == set()


async def test_reactions_are_taken_back_from_one_look_alone(database: Database, shared: UUID) -> None:
    async with database.transaction() as connection:
        mina, jun = [(await create_person(connection)).id for _ in range(2)]
        second = (await create_look(connection, jun)).id
        assert await looks.share(connection, second)
        for person in (mina, jun):
            for look_id in (shared, second):
                assert await reactions.create_heart(connection, look_id, person)
                assert await reactions.create_bookmark(connection, look_id, person)
        assert await reactions.delete_heart(connection, shared, mina) == 1
        assert await reactions.delete_bookmark(connection, shared, mina)
        for given in (hearted_look_ids, bookmarked_look_ids):
            assert await given(connection, mina) == {second}
            assert await given(connection, jun) == {shared, second}


async def test_a_private_look_gets_no_heart(database: Database) -> None:
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        private = (await create_look(connection, person)).id
        assert await reactions.create_heart(connection, private, person) is None
        assert await reactions.create_heart(connection, uuid7(), person) is None
        assert await reactions.delete_heart(connection, private, person) is None
        look = await looks.get(connection, private)
        assert look is not None
        assert look.hearts == 0


async def test_a_look_is_open_to_one_heart_of_each_person_who_sees_it(database: Database, shared: UUID) -> None:
    async with database.transaction() as connection:
        mina, jun, owner = [(await create_person(connection)).id for _ in range(3)]
        second, private = [(await create_look(connection, owner)).id for _ in range(2)]
        assert await looks.share(connection, second)
        assert await reactions.create_heart(connection, shared, mina) == 1

        async def list_open(person_id: UUID) -> list[bool]:
            return [await reactions.is_open_to_heart(connection, look_id, person_id) for look_id in all_looks]

        all_looks = (shared, second, private, uuid7())
        assert await list_open(mina) == [False, True, False, False]
        assert await list_open(jun) == [True, True, False, False]
        assert await relations.create_block(connection, owner, jun)
        assert await list_open(jun) == [True, False, False, False]


async def test_a_deleted_person_cannot_give_a_heart(database: Database, shared: UUID) -> None:
    with pytest.raises(PersonNotFoundError):
        async with database.transaction() as connection:
            await reactions.create_heart(connection, shared, uuid7())


async def test_hearts_are_deleted_with_their_giver(database: Database, shared: UUID) -> None:
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        await reactions.create_heart(connection, shared, person)
    async with database.transaction() as connection:
        await people.delete_person(connection, person)
    assert await count_hearts(database, shared) == 0


async def test_concurrent_hearts_are_all_counted_once(database: Database, shared: UUID) -> None:
    async with database.transaction() as connection:
        crowd = [(await create_person(connection)).id for _ in range(50)]

    async def add(person: UUID) -> None:
        async with database.transaction() as connection:
            await reactions.create_heart(connection, shared, person)

    async def remove(person: UUID) -> None:
        async with database.transaction() as connection:
            await reactions.delete_heart(connection, shared, person)

    await asyncio.gather(*(add(person) for person in (*crowd, *crowd)))
    assert await count_hearts(database, shared) == 50
    await asyncio.gather(*(remove(person) for person in (*crowd[:20], *crowd[:20])))
    assert await count_hearts(database, shared) == 30


async def test_a_heart_given_while_another_is_taken_back_makes_its_look_rise(database: Database, shared: UUID) -> None:
    async with database.transaction() as connection:
        first, second = [(await create_person(connection)).id for _ in range(2)]
        await reactions.create_heart(connection, shared, first)

    async def take_back() -> None:
        async with database.transaction() as connection:
            await reactions.delete_heart(connection, shared, first)

    async with database.transaction() as giving:
        await reactions.create_heart(giving, shared, second)
        taking = asyncio.create_task(take_back())
        await wait_until_blocked(database)
    await taking
    async with database.connection() as connection:
        row = (await connection.execute(text(SELECT_RISING), {"look_id": shared})).one()
    assert row.hearts == 1
    assert row.rising_at == row.given_at


async def test_a_person_bookmarks_a_look_once_and_can_remove_it(database: Database) -> None:
    async with database.transaction() as connection:
        person, other = [(await create_person(connection)).id for _ in range(2)]
        look = await create_look(connection, (await create_person(connection)).id)
        assert not await reactions.create_bookmark(connection, look.id, person), "it is not public"
        assert await bookmarked_look_ids(connection, person) == set()
        assert await looks.share(connection, look.id)
        for _ in range(2):
            assert await reactions.create_bookmark(connection, look.id, person)
        assert await bookmarked_look_ids(connection, person) == {look.id}
        assert await bookmarked_look_ids(connection, other) == set()
        assert await reactions.delete_bookmark(connection, look.id, person)
        assert await bookmarked_look_ids(connection, person) == set()
        assert not await reactions.delete_bookmark(connection, uuid7(), person)


async def test_bookmarks_of_public_looks_are_listed_page_by_page(database: Database) -> None:
    bookmarked = []
    for number in range(5):
        # One transaction each, since all rows of a transaction have the same time.
        async with database.transaction() as connection:
            if number == 0:
                person = (await create_person(connection)).id
            owner = await create_person(connection)
            assert await people.update_display_name(connection, owner.id, f"Owner {number}")
            look = await create_look(connection, owner.id)
            assert await looks.share(connection, look.id)
            assert await reactions.create_bookmark(connection, look.id, person)
            bookmarked.append(look.id)
    async with database.transaction() as connection:
        await looks.unshare(connection, bookmarked.pop(2))
        first = await reactions.list_bookmarks(connection, person, limit=3)
        last = first[-1]
        rest = await reactions.list_bookmarks(connection, person, limit=3, after=(last.created_at, last.entry.look.id))
        assert [bookmark.entry.look.id for bookmark in first + rest] == bookmarked[::-1]
        assert first[0].entry.owner_name == "Owner 4"
        assert await reactions.list_bookmarks(connection, owner.id, limit=3) == []


async def test_a_deleted_person_cannot_bookmark(database: Database) -> None:
    async with database.transaction() as connection:
        look = await create_look(connection, (await create_person(connection)).id)
        assert await looks.share(connection, look.id)
    with pytest.raises(PersonNotFoundError):
        async with database.transaction() as connection:
            await reactions.create_bookmark(connection, look.id, uuid7())
