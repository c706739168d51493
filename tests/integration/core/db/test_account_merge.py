"""Two people become one: nothing is lost, nothing is there twice, and every number is right."""

import asyncio
import random
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import looks, moderation, one_time_tokens, people, reactions, schema
from core.db.account_merge import has_no_content, merge_people
from core.db.database import Database
from core.db.schema import IdentityProvider, ModerationAction
from core.styles import STYLES
from core.uuid7 import uuid7
from tests.factories import bookmarked_look_ids, classify_scripted, create_look, create_person, hearted_look_ids

WRONG = {
    "hearts": "SELECT id FROM looks WHERE hearts <> (SELECT count(*) FROM hearts WHERE look_id = looks.id)",
    "reports": """SELECT id FROM looks
        WHERE report_count <> (SELECT count(*) FROM reports WHERE look_id = looks.id AND reviewed_at IS NULL)""",
    "follows": """SELECT id FROM people
        WHERE followers <> (SELECT count(*) FROM follows WHERE followed_id = people.id)
           OR following <> (SELECT count(*) FROM follows WHERE follower_id = people.id)""",
    "styles": """SELECT 1 FROM (SELECT * FROM person_style_counts WHERE count > 0) AS kept
        FULL JOIN (SELECT person_id, style, count(*) AS n FROM looks WHERE is_public GROUP BY 1, 2) AS counted
        USING (person_id, style) WHERE kept.count IS DISTINCT FROM counted.n""",
}
"""Rows whose number is not what counting gives."""


async def all_numbers_are_right(connection: AsyncConnection) -> None:
    for what, query in WRONG.items():
        assert (await connection.execute(text(query))).all() == [], what


async def count(connection: AsyncConnection, name: str) -> int:
    table = schema.metadata.tables[name]
    return (await connection.execute(select(func.count()).select_from(table))).scalar_one()


async def follow(connection: AsyncConnection, who: UUID, whom: UUID) -> None:
    await connection.execute(insert(schema.follows).values(follower_id=who, followed_id=whom))


async def test_everything_becomes_the_others(database: Database) -> None:
    async with database.transaction() as connection:
        gone, into, fan, star = [(await create_person(connection)).id for _ in range(4)]
        mine = await create_look(connection, gone)
        assert await looks.share(connection, mine.id)
        theirs = await create_look(connection, star)
        assert await looks.share(connection, theirs.id)
        await people.set_display_name(connection, gone, "민아")
        await people.set_consent(connection, gone, is_given=True)
        await reactions.add_heart(connection, theirs.id, gone)
        await reactions.add_heart(connection, mine.id, fan)
        await reactions.add_bookmark(connection, theirs.id, gone)
        await moderation.create_report(connection, theirs.id, gone, "why")
        await follow(connection, gone, star)
        await follow(connection, fan, gone)
        token = await one_time_tokens.create(connection, gone)
        await connection.execute(
            insert(schema.moderation_log).values(
                action=ModerationAction.HIDE, moderator_id=gone, look_id=theirs.id, person_id=gone
            )
        )
        before = await people.get(connection, gone)
        assert await merge_people(connection, source=gone, target=into)
        assert await people.get(connection, gone) is None
        assert len(await people.list_identities(connection, into)) == 2
        kept = await people.get(connection, into)
        assert kept is not None
        assert before is not None
        assert (kept.name, kept.consented_at, kept.created_at) == ("민아", before.consented_at, before.created_at)
        assert (kept.followers, kept.following) == (1, 1)
        assert [each.id for each in await looks.list_for_person(connection, into, limit=9)] == [mine.id]
        assert await hearted_look_ids(connection, into) == {theirs.id}
        assert await bookmarked_look_ids(connection, into) == {theirs.id}
        assert await one_time_tokens.consume(connection, token) == into
        acts = (await connection.execute(select(schema.moderation_log))).one()
        assert (acts.moderator_id, acts.person_id) == (into, into)
        await all_numbers_are_right(connection)


async def test_what_both_have_stays_once(database: Database) -> None:
    async with database.transaction() as connection:
        gone, into, fan, star = [(await create_person(connection)).id for _ in range(4)]
        theirs = await create_look(connection, star)
        assert await looks.share(connection, theirs.id)
        for each in (gone, into):
            await people.set_display_name(connection, each, f"name {str(each)[-12:]}")
            await reactions.add_heart(connection, theirs.id, each)
            await reactions.add_bookmark(connection, theirs.id, each)
            await moderation.create_report(connection, theirs.id, each)
            await follow(connection, each, star)
            await follow(connection, fan, each)
        await follow(connection, gone, into)
        await follow(connection, into, gone)
        same = [await create_look(connection, each, source_message_id="photo 1") for each in (gone, into)]
        for shown in same:
            assert await looks.share(connection, shown.id)
        assert await merge_people(connection, source=gone, target=into)
        kept = await people.get(connection, into)
        assert kept is not None
        assert (kept.name, kept.followers, kept.following) == (f"name {str(into)[-12:]}", 1, 1)
        assert {each.id for each in await looks.list_for_person(connection, into, limit=9)} == {
            shown.id for shown in same
        }
        again = await looks.get_by_source(connection, into, "photo 1")
        assert again is not None
        assert again.id == same[1].id
        for name in ("hearts", "bookmarks", "reports"):
            assert await count(connection, name) == 1, name
        await all_numbers_are_right(connection)


async def test_no_report_counts_twice_even_for_a_moment(database: Database) -> None:
    """Two unseen reports do not hold a look, whoever made them turns out to be."""
    async with database.transaction() as connection:
        gone, into, other, star = [(await create_person(connection)).id for _ in range(4)]
        look = await create_look(connection, star)
        assert await looks.share(connection, look.id)
        for each in (gone, other):
            await moderation.create_report(connection, look.id, each)
        assert await merge_people(connection, source=gone, target=into)
        kept = await looks.get(connection, look.id)
        assert kept is not None
        assert (kept.report_count, kept.suspended_at) == (2, None)


async def test_nobody_has_reported_themselves(database: Database) -> None:
    async with database.transaction() as connection:
        gone, into = [(await create_person(connection)).id for _ in range(2)]
        for whose, reporter in ((gone, into), (into, gone)):
            look = await create_look(connection, whose)
            assert await looks.share(connection, look.id)
            await moderation.create_report(connection, look.id, reporter)
        assert await merge_people(connection, source=gone, target=into)
        assert await count(connection, "reports") == 0
        await all_numbers_are_right(connection)


@pytest.mark.parametrize("banned", ["source", "target"])
async def test_a_ban_is_not_left_behind(database: Database, banned: str) -> None:
    async with database.transaction() as connection:
        pair = {name: (await create_person(connection)).id for name in ("source", "target")}
        shown = [await create_look(connection, each) for each in pair.values()]
        for look in shown:
            assert await looks.share(connection, look.id)
        table = schema.people
        await connection.execute(update(table).where(table.c.id == pair[banned]).values(banned_at=func.now()))
        assert await merge_people(connection, **pair)
        kept = await people.get(connection, pair["target"])
        assert kept is not None
        assert kept.banned_at is not None
        assert not any(each.is_public for each in await looks.list_for_person(connection, kept.id, limit=9))
        await all_numbers_are_right(connection)
        assert await moderation.unban(connection, kept.id)
        assert all(each.is_public for each in await looks.list_for_person(connection, kept.id, limit=9))
        await all_numbers_are_right(connection)


def test_everything_that_belongs_to_people_is_thought_of() -> None:
    """Whoever adds a column that names people decides here, and in `merge`, what becomes of it."""
    naming = {
        f"{table.name}.{column.name}"
        for table in schema.metadata.sorted_tables
        for column in table.columns
        for key in column.foreign_keys
        if key.column is schema.people.c.id
    }
    assert naming == {
        *("identities.person_id", "looks.person_id", "hearts.person_id", "bookmarks.person_id", "reports.person_id"),
        *("follows.follower_id", "follows.followed_id", "person_style_counts.person_id", "one_time_tokens.person_id"),
        *("moderation_log.person_id", "moderation_log.moderator_id"),
    }
    assert {column.name for column in schema.people.columns} == {
        *(
            "id",
            "name",
            "display_name_key",
            "language",
            "created_at",
            "consented_at",
            "guesses_first",
            "pending_name_look_id",
        ),
        *("followers", "following", "banned_at"),
    }


async def test_who_is_not_there_is_not_merged(database: Database) -> None:
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        assert not await merge_people(connection, source=person, target=uuid7())
        assert not await merge_people(connection, source=uuid7(), target=person)
        assert await people.get(connection, person) is not None


async def test_bare_is_who_has_done_nothing_that_is_left(database: Database) -> None:
    async with database.transaction() as connection:
        owner, bare = [(await create_person(connection, IdentityProvider.WEB)).id for _ in range(2)]
        look = await create_look(connection, owner)
        assert await looks.share(connection, look.id)
        assert await has_no_content(connection, bare)
        assert not await has_no_content(connection, owner)
        await reactions.add_heart(connection, look.id, bare)
        assert not await has_no_content(connection, bare)
        await reactions.remove_heart(connection, look.id, bare)
        assert await has_no_content(connection, bare)
        await people.set_display_name(connection, bare, "누구")
        assert not await has_no_content(connection, bare)


async def a_crowd(connection: AsyncConnection, dice: random.Random) -> list[UUID]:
    """People who do all kinds of things with each other's looks."""
    crowd = [(await create_person(connection)).id for _ in range(7)]
    shown = []
    for owner in crowd:
        for number in range(dice.randrange(3)):
            verdict = classify_scripted(dice.choice(STYLES))
            look = await create_look(connection, owner, verdict=verdict, source_message_id=f"photo {number}")
            if dice.random() < 0.8:
                assert await looks.share(connection, look.id)
            shown.append(look.id)
    for who in crowd:
        for look_id in shown:
            for deed in (reactions.add_heart, reactions.add_bookmark, moderation.create_report):
                if dice.random() < 0.3:
                    await deed(connection, look_id, who)
        for whom in crowd:
            if who != whom and dice.random() < 0.4:
                await follow(connection, who, whom)
    return crowd


@pytest.mark.parametrize("seed", range(4))
async def test_numbers_stay_right_whoever_becomes_whom(database: Database, seed: int) -> None:
    dice = random.Random(seed)
    async with database.transaction() as connection:
        crowd = await a_crowd(connection, dice)
        dice.shuffle(crowd)
        owned = await count(connection, "looks")
        while len(crowd) > 1:
            assert await merge_people(connection, source=crowd.pop(), target=dice.choice(crowd))
            await all_numbers_are_right(connection)
        assert await count(connection, "looks") == owned
        assert await count(connection, "people") == 1
        assert await count(connection, "follows") == 0


async def test_merges_at_once_do_not_lock_each_other_out(database: Database) -> None:
    async with database.transaction() as connection:
        crowd = await a_crowd(connection, random.Random(9))
    ends = [(crowd[0], crowd[6]), (crowd[6], crowd[0]), (crowd[1], crowd[5]), (crowd[4], crowd[2])]

    async def one(gone: UUID, into: UUID) -> bool:
        async with database.transaction() as connection:
            return await merge_people(connection, source=gone, target=into)

    done = await asyncio.gather(*(one(gone, into) for gone, into in ends))
    assert done[0] != done[1]
    assert done[2:] == [True, True]
    async with database.transaction() as connection:
        assert await count(connection, "people") == 4
        await all_numbers_are_right(connection)
