"""Blocks between two people."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from core.db import leaderboard, looks, people, person_reports, public_looks, reactions, relations, schema
from core.db.account_merge import has_no_content, merge_people
from core.db.database import Database
from core.db.relations import Relation, list_people
from core.styles import Style
from tests.databases import wait_until_blocked
from tests.factories import create_look, create_person


async def _create_two_who_like_each_other(connection: AsyncConnection) -> tuple[dict[UUID, UUID], UUID, UUID]:
    """Two people with a shared look each, who follow each other and gave a heart and a bookmark."""
    first, second = [(await create_person(connection)).id for _ in range(2)]
    look_ids = {}
    for person_id in (first, second):
        look = await create_look(connection, person_id)
        assert await looks.share(connection, look.id)
        look_ids[person_id] = look.id
    for person_id, other in ((first, second), (second, first)):
        await relations.create_follow(connection, person_id, other)
        for look_id in look_ids.values():
            await reactions.create_heart(connection, look_id, person_id)
        await reactions.create_bookmark(connection, look_ids[other], person_id)
    return look_ids, first, second


async def _reactions(connection: AsyncConnection) -> dict[str, set[tuple[UUID, UUID]]]:
    """All follows and reactions, as pairs of ids."""
    columns = {
        "follows": (schema.follows.c.follower_id, schema.follows.c.followed_id),
        "hearts": (schema.hearts.c.person_id, schema.hearts.c.look_id),
        "bookmarks": (schema.bookmarks.c.person_id, schema.bookmarks.c.look_id),
    }
    return {
        name: {(row[0], row[1]) for row in await connection.execute(select(*pair))} for name, pair in columns.items()
    }


async def test_a_block_ends_what_was_between_two_people(database: Database) -> None:
    async with database.transaction() as connection:
        look_ids, mina, jun = await _create_two_who_like_each_other(connection)
        ann = (await create_person(connection)).id
        for followed in (mina, jun):
            await relations.create_follow(connection, ann, followed)
        assert await relations.create_block(connection, mina, jun)
        assert await relations.create_block(connection, mina, jun), "a second time changes nothing"
        assert await _reactions(connection) == {
            "follows": {(ann, mina), (ann, jun)},
            "hearts": {(mina, look_ids[mina]), (jun, look_ids[jun])},
            "bookmarks": set(),
        }
        for viewer, other in ((mina, jun), (jun, mina)):
            page = await leaderboard.get_page(connection, limit=9, viewer_id=viewer)
            assert [entry.look.person_id for entry in page] == [viewer]
            assert await public_looks.get_look(connection, look_ids[other], viewer_id=viewer) is None
            assert await reactions.create_heart(connection, look_ids[other], viewer) is None
            assert not await reactions.create_bookmark(connection, look_ids[other], viewer)
            assert await relations.create_follow(connection, viewer, other) is None
        assert len(await leaderboard.get_page(connection, limit=9, viewer_id=ann)) == 2
        assert [listed.person.id for listed in await list_people(connection, Relation.BLOCKED, mina, limit=9)] == [jun]
        assert not await list_people(connection, Relation.BLOCKED, jun, limit=9), "who was blocked is not told"
        assert not await relations.delete_block(connection, jun, mina), "only who blocked can end it"
        assert await relations.delete_block(connection, mina, jun)
        assert await relations.create_follow(connection, mina, jun) == 2


async def test_the_end_of_a_block_ends_no_other_one(database: Database) -> None:
    async with database.transaction() as connection:
        mina, jun, ann = [(await create_person(connection)).id for _ in range(3)]
        for person_id, blocked_id in ((mina, jun), (mina, ann), (ann, jun)):
            assert await relations.create_block(connection, person_id, blocked_id)
        assert await relations.delete_block(connection, mina, jun)
        hidden = [await relations.list_hidden(connection, person_id) for person_id in (mina, jun, ann)]
        assert hidden == [{ann}, {ann}, {mina, jun}]


@pytest.mark.parametrize("other", ["self", "missing"])
async def test_a_person_cannot_block_themselves_or_a_missing_person(database: Database, other: str) -> None:
    async with database.transaction() as connection:
        mina = (await create_person(connection)).id
        assert not await relations.create_block(connection, mina, mina if other == "self" else uuid7())
        assert await has_no_content(connection, mina)


async def test_blocks_of_both_directions_are_merged_with_an_account(database: Database) -> None:
    async with database.transaction() as connection:
        _, target, jun = await _create_two_who_like_each_other(connection)
        source, ann = [(await create_person(connection)).id for _ in range(2)]
        pairs = [(source, jun), (ann, source), (source, target), (target, source), (target, ann)]
        await connection.execute(
            insert(schema.blocks), [{"person_id": one, "blocked_id": other} for one, other in pairs]
        )
        assert not await has_no_content(connection, source), "a visitor who blocked a person is kept"
        assert await merge_people(connection, source=source, target=target)
        table = schema.blocks
        merged = await connection.execute(select(table.c.person_id, table.c.blocked_id))
        assert {(row[0], row[1]) for row in merged} == {(target, jun), (ann, target), (target, ann)}
        left = await _reactions(connection)
        assert not left["follows"]
        assert not left["bookmarks"]
        person = await people.get(connection, target)
        assert person is not None
        assert (person.followers, person.following) == (0, 0)


async def test_reports_of_people_are_merged_with_an_account(database: Database) -> None:
    async with database.transaction() as connection:
        target, source, jun = [(await create_person(connection)).id for _ in range(3)]
        for reported_id, person_id in ((jun, source), (source, jun), (target, jun), (target, source), (jun, jun)):
            await person_reports.create(connection, reported_id, person_id, f"of {reported_id}")
        assert await merge_people(connection, source=source, target=target)
        reported = await person_reports.list_reported(connection, limit=9)
        assert {person.id: person.reasons for person in reported} == {
            jun: (f"of {jun}",),
            target: (f"of {target}",),
        }
        assert await person_reports.resolve(connection, jun)
        assert not await person_reports.resolve(connection, jun)
        assert [person.id for person in await person_reports.list_reported(connection, limit=9)] == [target]


@pytest.mark.parametrize(
    "react",
    [
        reactions.create_heart,
        reactions.create_bookmark,
        lambda connection, look_id, person_id: reactions.create_guess(connection, look_id, person_id, Style.MODE),
    ],
    ids=["hearts", "bookmarks", "look_guesses"],
)
async def test_a_reaction_at_the_same_time_as_a_block_is_not_stored(
    database: Database, react: Callable[[AsyncConnection, UUID, UUID], Awaitable[object]]
) -> None:
    async with database.transaction() as connection:
        mina, jun = [(await create_person(connection)).id for _ in range(2)]
        look = await create_look(connection, mina)
        assert await looks.share(connection, look.id)

    async def react_to_look() -> object:
        async with database.transaction() as connection:
            return await react(connection, look.id, jun)

    async with database.transaction() as blocking:
        assert await relations.create_block(blocking, mina, jun)
        reacting = asyncio.create_task(react_to_look())
        await wait_until_blocked(database)
    assert not await reacting
    async with database.connection() as connection:
        for table in (schema.hearts, schema.bookmarks, schema.look_guesses):
            assert (await connection.execute(select(table))).first() is None
