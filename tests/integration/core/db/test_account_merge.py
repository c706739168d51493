"""Merging two people loses nothing, duplicates nothing, and keeps all counters right."""

import asyncio
import random
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from core.db import looks, moderation, one_time_tokens, people, reactions, relations, schema, submissions
from core.db.account_merge import has_no_content, merge_people
from core.db.database import Database
from core.db.identities import list_identities
from core.db.schema import IdentityProvider, ModerationAction
from core.styles import STYLES
from tests.factories import bookmarked_look_ids, classify_scripted, create_look, create_person, hearted_look_ids

WRONG_COUNTERS = {
    "hearts": "SELECT id FROM looks WHERE hearts <> (SELECT count(*) FROM hearts WHERE look_id = looks.id)",
    "reports": """SELECT id FROM looks
        WHERE report_count <> (SELECT count(*) FROM reports WHERE look_id = looks.id AND reviewed_at IS NULL)""",
    "follows": """SELECT id FROM people
        WHERE followers <> (SELECT count(*) FROM follows WHERE followed_id = people.id)
           OR following <> (SELECT count(*) FROM follows WHERE follower_id = people.id)""",
    "styles": """SELECT 1 FROM (SELECT * FROM person_style_counts WHERE count > 0) AS stored
        FULL JOIN (SELECT person_id, style, count(*) AS n FROM looks WHERE is_public GROUP BY 1, 2) AS counted
        USING (person_id, style) WHERE stored.count IS DISTINCT FROM counted.n""",
}
"""Queries for rows whose stored counter is wrong."""


async def assert_counters_are_right(connection: AsyncConnection) -> None:
    for name, query in WRONG_COUNTERS.items():
        assert (await connection.execute(text(query))).all() == [], name


async def count(connection: AsyncConnection, name: str) -> int:
    table = schema.metadata.tables[name]
    return (await connection.execute(select(func.count()).select_from(table))).scalar_one()


async def insert_follow(connection: AsyncConnection, follower: UUID, followed: UUID) -> None:
    await connection.execute(insert(schema.follows).values(follower_id=follower, followed_id=followed))


async def test_a_merge_moves_everything_to_the_target(database: Database) -> None:
    async with database.transaction() as connection:
        source, target, follower, other = [(await create_person(connection)).id for _ in range(4)]
        own_look = await create_look(connection, source)
        assert await looks.share(connection, own_look.id)
        other_look = await create_look(connection, other)
        assert await looks.share(connection, other_look.id)
        await people.update_display_name(connection, source, "민아")
        await people.record_consent(connection, source, is_given=True)
        await reactions.create_heart(connection, other_look.id, source)
        await reactions.create_heart(connection, own_look.id, follower)
        await reactions.create_bookmark(connection, other_look.id, source)
        await moderation.create_report(connection, other_look.id, source, "why")
        await insert_follow(connection, source, other)
        await insert_follow(connection, follower, source)
        token = await one_time_tokens.create(connection, source)
        await connection.execute(
            insert(schema.moderation_log).values(
                action=ModerationAction.HIDE, moderator_id=source, look_id=other_look.id, person_id=source
            )
        )
        before = await people.get(connection, source)
        assert await merge_people(connection, source=source, target=target)
        assert await people.get(connection, source) is None
        assert len(await list_identities(connection, target)) == 2
        merged = await people.get(connection, target)
        assert merged is not None
        assert before is not None
        assert (merged.name, merged.consented_at, merged.created_at) == ("민아", before.consented_at, before.created_at)
        assert (merged.followers, merged.following) == (1, 1)
        assert [person_id.id for person_id in await looks.list_for_person(connection, target, limit=9)] == [own_look.id]
        assert await hearted_look_ids(connection, target) == {other_look.id}
        assert await bookmarked_look_ids(connection, target) == {other_look.id}
        assert await one_time_tokens.consume(connection, token) == target
        log = (await connection.execute(select(schema.moderation_log))).one()
        assert (log.moderator_id, log.person_id) == (target, target)
        await assert_counters_are_right(connection)


async def test_rows_of_both_people_remain_once(database: Database) -> None:
    async with database.transaction() as connection:
        source, target, follower, other = [(await create_person(connection)).id for _ in range(4)]
        other_look = await create_look(connection, other)
        assert await looks.share(connection, other_look.id)
        for person_id in (source, target):
            await people.update_display_name(connection, person_id, f"name {str(person_id)[-12:]}")
            await reactions.create_heart(connection, other_look.id, person_id)
            await reactions.create_bookmark(connection, other_look.id, person_id)
            await moderation.create_report(connection, other_look.id, person_id)
            await insert_follow(connection, person_id, other)
            await insert_follow(connection, follower, person_id)
        await insert_follow(connection, source, target)
        await insert_follow(connection, target, source)
        same = [await create_look(connection, person_id, source_message_id="photo 1") for person_id in (source, target)]
        for shared in same:
            assert await looks.share(connection, shared.id)
        assert await merge_people(connection, source=source, target=target)
        merged = await people.get(connection, target)
        assert merged is not None
        assert (merged.name, merged.followers, merged.following) == (f"name {str(target)[-12:]}", 1, 1)
        assert {person_id.id for person_id in await looks.list_for_person(connection, target, limit=9)} == {
            shared.id for shared in same
        }
        again = await looks.get_by_source(connection, target, "photo 1")
        assert again is not None
        assert again.id == same[1].id
        for name in ("hearts", "bookmarks", "reports"):
            assert await count(connection, name) == 1, name
        await assert_counters_are_right(connection)


async def test_a_moved_report_is_not_counted_twice(database: Database) -> None:
    """The trigger would suspend a look at the third unreviewed report."""
    async with database.transaction() as connection:
        source, target, other, owner = [(await create_person(connection)).id for _ in range(4)]
        look = await create_look(connection, owner)
        assert await looks.share(connection, look.id)
        for person_id in (source, other):
            await moderation.create_report(connection, look.id, person_id)
        assert await merge_people(connection, source=source, target=target)
        merged = await looks.get(connection, look.id)
        assert merged is not None
        assert (merged.report_count, merged.suspended_at) == (2, None)


async def test_reports_of_own_looks_are_dropped(database: Database) -> None:
    async with database.transaction() as connection:
        source, target = [(await create_person(connection)).id for _ in range(2)]
        for owner, reporter in ((source, target), (target, source)):
            look = await create_look(connection, owner)
            assert await looks.share(connection, look.id)
            await moderation.create_report(connection, look.id, reporter)
        assert await merge_people(connection, source=source, target=target)
        assert await count(connection, "reports") == 0
        await assert_counters_are_right(connection)


async def test_photos_of_the_day_are_counted_together_and_end_with_the_person(database: Database) -> None:
    async with database.transaction() as connection:
        source, target = [(await create_person(connection)).id for _ in range(2)]
        for number, person_id in enumerate((source, source, target)):
            await submissions.record_submission(
                connection, person_id, f"photo {number}", model="any", limit=1, daily_limit=9
            )
        assert await merge_people(connection, source=source, target=target)
        counters = (await connection.execute(select(schema.rate_limits.c.key, schema.rate_limits.c["count"]))).all()
        assert counters == [(target.bytes, 3)]


@pytest.mark.parametrize("banned", ["source", "target"])
async def test_a_ban_of_either_person_applies_after_the_merge(database: Database, banned: str) -> None:
    async with database.transaction() as connection:
        pair = {name: (await create_person(connection)).id for name in ("source", "target")}
        shared = [await create_look(connection, person_id) for person_id in pair.values()]
        for look in shared:
            assert await looks.share(connection, look.id)
        table = schema.people
        await connection.execute(update(table).where(table.c.id == pair[banned]).values(banned_at=func.now()))
        assert await merge_people(connection, **pair)
        merged = await people.get(connection, pair["target"])
        assert merged is not None
        assert merged.banned_at is not None
        assert not any(person_id.is_public for person_id in await looks.list_for_person(connection, merged.id, limit=9))
        await assert_counters_are_right(connection)
        assert await moderation.mark_unbanned(connection, merged.id)
        assert all(person_id.is_public for person_id in await looks.list_for_person(connection, merged.id, limit=9))
        await assert_counters_are_right(connection)


@pytest.mark.parametrize("first", ["source", "target"])
async def test_lifting_a_ban_releases_the_looks_of_both_banned_people(database: Database, first: str) -> None:
    pair, table = {}, schema.people
    async with database.transaction() as connection:
        for name in ("source", "target"):
            pair[name] = (await create_person(connection)).id
            assert await looks.share(connection, (await create_look(connection, pair[name])).id)
    for person_id in sorted(pair.values(), key=lambda person_id: person_id != pair[first]):
        async with database.transaction() as connection:
            assert await moderation.mark_banned(connection, person_id)
    async with database.transaction() as connection:
        assert await merge_people(connection, **pair)
        assert await moderation.mark_unbanned(connection, pair["target"])
        merged = await looks.list_for_person(connection, pair["target"], limit=9)
        assert [look.is_public for look in merged] == [True, True]
        assert (await connection.execute(select(table.c.banned_at))).scalars().all() == [None]


async def test_lifting_a_merged_ban_keeps_looks_that_reports_suspended_later(database: Database) -> None:
    async with database.transaction() as connection:
        banned, other, *reporters = [(await create_person(connection)).id for _ in range(5)]
        by_ban, by_reports = [(await create_look(connection, person_id)).id for person_id in (banned, other)]
        for look_id in (by_ban, by_reports):
            assert await looks.share(connection, look_id)
        assert await moderation.mark_banned(connection, banned)
    for reporter in reporters:
        async with database.transaction() as connection:
            assert await moderation.create_report(connection, by_reports, reporter)
    async with database.transaction() as connection:
        assert await merge_people(connection, source=banned, target=other)
        for reporter in reporters:
            await people.delete_person(connection, reporter)
        assert await moderation.mark_unbanned(connection, other)
        public = {look.id: look.is_public for look in await looks.list_for_person(connection, other, limit=9)}
        assert public == {by_ban: True, by_reports: False}


def test_every_column_about_people_is_handled_by_the_merge() -> None:
    """A new column that references people must be handled in `merge_people` and listed here."""
    references = {
        f"{table.name}.{column.name}"
        for table in schema.metadata.sorted_tables
        for column in table.columns
        for key in column.foreign_keys
        if key.column is schema.people.c.id
    }
    assert references == {
        *("identities.person_id", "looks.person_id", "hearts.person_id", "bookmarks.person_id", "reports.person_id"),
        *("follows.follower_id", "follows.followed_id", "person_style_counts.person_id", "one_time_tokens.person_id"),
        *(
            "moderation_log.person_id",
            "moderation_log.moderator_id",
            "blocks.person_id",
            "blocks.blocked_id",
            "look_guesses.person_id",
            "person_reports.person_id",
            "person_reports.reported_id",
        ),
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
        *("pending_name_chat", "pending_name_asked_at", "pending_name"),
        *("learning_consent", "learning_asked_at", "learning_answered_at"),
        *("followers", "following", "banned_at"),
        *("news_seen_at", "news_since", "daily_news", "daily_news_on"),
    }


@pytest.mark.parametrize(
    ("source_answer", "target_answer", "merged"),
    [(True, None, True), (None, True, True), (True, False, False), (False, True, False), (None, None, None)],
)
async def test_refusal_to_learn_outweighs_a_consent(
    database: Database, source_answer: bool | None, target_answer: bool | None, merged: bool | None
) -> None:
    async with database.transaction() as connection:
        source, target = [(await create_person(connection)).id for _ in range(2)]
        for person, answer in ((source, source_answer), (target, target_answer)):
            if answer is not None:
                await people.record_learning_consent(connection, person, is_given=answer)
        assert await merge_people(connection, source=source, target=target)
        merged_person = await people.get(connection, target)
    assert merged_person is not None
    assert merged_person.learning_consent is merged


async def test_missing_people_are_not_merged(database: Database) -> None:
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        assert not await merge_people(connection, source=person, target=uuid7())
        assert not await merge_people(connection, source=uuid7(), target=person)
        assert await people.get(connection, person) is not None


async def test_a_person_without_rows_has_no_content(database: Database) -> None:
    async with database.transaction() as connection:
        owner, empty = [(await create_person(connection, IdentityProvider.WEB)).id for _ in range(2)]
        look = await create_look(connection, owner)
        assert await looks.share(connection, look.id)
        assert await has_no_content(connection, empty)
        assert not await has_no_content(connection, owner)
        await reactions.create_heart(connection, look.id, empty)
        assert not await has_no_content(connection, empty)
        await reactions.delete_heart(connection, look.id, empty)
        assert await has_no_content(connection, empty)
        await people.update_display_name(connection, empty, "누구")
        assert not await has_no_content(connection, empty)


async def create_crowd(connection: AsyncConnection, rng: random.Random) -> list[UUID]:
    """People with looks, reactions, reports and follows among person_id other."""
    crowd = [(await create_person(connection)).id for _ in range(7)]
    shared = []
    for owner in crowd:
        for number in range(rng.randrange(3)):
            verdict = classify_scripted(rng.choice(STYLES))
            look = await create_look(connection, owner, verdict=verdict, source_message_id=f"photo {number}")
            if rng.random() < 0.8:
                assert await looks.share(connection, look.id)
            shared.append(look.id)
    for person in crowd:
        for look_id in shared:
            for react in (reactions.create_heart, reactions.create_bookmark, moderation.create_report):
                if rng.random() < 0.3:
                    await react(connection, look_id, person)
        for followed in crowd:
            if person != followed and rng.random() < 0.4:
                await insert_follow(connection, person, followed)
    return crowd


@pytest.mark.parametrize("seed", range(4))
async def test_counters_stay_right_in_any_order_of_merges(database: Database, seed: int) -> None:
    rng = random.Random(seed)
    async with database.transaction() as connection:
        crowd = await create_crowd(connection, rng)
        rng.shuffle(crowd)
        owned = await count(connection, "looks")
        while len(crowd) > 1:
            assert await merge_people(connection, source=crowd.pop(), target=rng.choice(crowd))
            await assert_counters_are_right(connection)
        assert await count(connection, "looks") == owned
        assert await count(connection, "people") == 1
        assert await count(connection, "follows") == 0


async def test_people_behind_blocks_of_the_source_are_locked_in_order(database: Database) -> None:
    async with database.transaction() as connection:
        blocked, blocker, source, target = [(await create_person(connection)).id for _ in range(4)]
        await insert_follow(connection, target, blocked)
        await insert_follow(connection, blocker, target)
        assert await relations.create_block(connection, source, blocked)
        assert await relations.create_block(connection, blocker, source)
    for other in (blocked, blocker):
        async with database.transaction() as first:
            await people.lock(first, other)
            with pytest.raises(DBAPIError, match="lock timeout"):
                async with database.transaction() as connection:
                    await connection.execute(text("SET LOCAL lock_timeout = '50ms'"))
                    try:
                        await merge_people(connection, source=source, target=target)
                    except DBAPIError as error:
                        assert error.statement is not None
                        assert error.statement.startswith("SELECT people."), "before anything was changed"
                        raise
    async with database.transaction() as connection:
        assert await merge_people(connection, source=source, target=target)
        await assert_counters_are_right(connection)
        assert await count(connection, "follows") == 0


async def test_concurrent_merges_do_not_deadlock(database: Database) -> None:
    async with database.transaction() as connection:
        crowd = await create_crowd(connection, random.Random(9))
    pairs = [(crowd[0], crowd[6]), (crowd[6], crowd[0]), (crowd[1], crowd[5]), (crowd[4], crowd[2])]

    async def merge(source: UUID, target: UUID) -> bool:
        async with database.transaction() as connection:
            return await merge_people(connection, source=source, target=target)

    results = await asyncio.gather(*(merge(source, target) for source, target in pairs))
    assert results[0] != results[1]
    assert results[2:] == [True, True]
    async with database.transaction() as connection:
        assert await count(connection, "people") == 4
        await assert_counters_are_right(connection)
