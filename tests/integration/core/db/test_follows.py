"""Follows and feeds."""

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from core.db import looks, people, public_looks, relations, schema
from core.db.database import Database
from core.db.relations import Relation, list_people
from core.errors import PersonNotFoundError
from tests.factories import create_look, create_person, followed_person_ids


async def test_a_person_follows_another_once_and_can_stop(database: Database) -> None:
    async with database.transaction() as connection:
        mina, jun = [(await create_person(connection)).id for _ in range(2)]
        for _ in range(2):
            assert await relations.create_follow(connection, mina, jun) == 1
        assert await followed_person_ids(connection, mina) == {jun}
        assert await followed_person_ids(connection, jun) == set()
        for _ in range(2):
            assert await relations.delete_follow(connection, mina, jun) == 0
        assert await followed_person_ids(connection, mina) == set()
        assert await relations.delete_follow(connection, mina, uuid7()) is None


async def test_the_end_of_a_follow_ends_no_other_one(database: Database) -> None:
    async with database.transaction() as connection:
        mina, jun, ann = [(await create_person(connection)).id for _ in range(3)]
        for follower, followed in ((mina, jun), (mina, ann), (ann, jun)):
            assert await relations.create_follow(connection, follower, followed)
        assert await relations.delete_follow(connection, mina, jun) == 1
        assert await followed_person_ids(connection, mina) == {ann}
        assert await followed_person_ids(connection, ann) == {jun}
        expected = {(mina, jun): False, (mina, ann): True, (ann, jun): True, (jun, ann): False}
        assert {pair: await relations.is_following(connection, *pair) for pair in expected} == expected
        assert await relations.create_block(connection, jun, ann)
        assert await relations.delete_follow(connection, ann, jun) is None, "not even a number is told"


async def test_following_oneself_or_a_banned_or_missing_person_fails(database: Database) -> None:
    async with database.transaction() as connection:
        mina, jun = [(await create_person(connection)).id for _ in range(2)]
        assert await relations.create_follow(connection, mina, jun) == 1
        await connection.execute(update(schema.people).where(schema.people.c.id == jun).values(banned_at=func.now()))
        late = (await create_person(connection)).id
        for follower, followed in ((mina, mina), (late, jun), (mina, uuid7())):
            assert await relations.create_follow(connection, follower, followed) is None
        assert await relations.delete_follow(connection, mina, jun) == 0, "unfollowing a banned person works"
        everyone = [await people.get(connection, person_id) for person_id in (mina, jun, late)]
        assert [(person.followers, person.following) for person in everyone if person] == [(0, 0)] * 3


async def test_followed_people_are_listed_page_by_page(database: Database) -> None:
    async with database.transaction() as connection:
        mina, *crowd = [(await create_person(connection)).id for _ in range(6)]
        for person_id in crowd:
            await relations.create_follow(connection, mina, person_id)
        first = await list_people(connection, Relation.FOLLOWED, mina, limit=3)
        rest = await list_people(connection, Relation.FOLLOWED, mina, limit=3, after=first[-1].person.id)
        assert [listed.person.id for listed in (*first, *rest)] == sorted(crowd, reverse=True)
        assert first[0].person.followers == 1
        look = await create_look(connection, mina)
        assert await looks.share(connection, look.id)
        (follower,) = await list_people(connection, Relation.FOLLOWER, crowd[0], limit=3)
        assert (follower.person.id, follower.style) == (mina, look.style)


async def test_a_deleted_person_cannot_follow(database: Database) -> None:
    async with database.transaction() as connection:
        jun = (await create_person(connection)).id
    with pytest.raises(PersonNotFoundError):
        async with database.transaction() as connection:
            await relations.create_follow(connection, uuid7(), jun)


COPIES = 3000
"""Number of looks that makes the planner choose between indexes and scans."""


async def share_at(connection: AsyncConnection, look_id: UUID, shared_at: datetime) -> None:
    await connection.execute(update(schema.looks).where(schema.looks.c.id == look_id).values(shared_at=shared_at))


async def insert_copies(connection: AsyncConnection, look_id: UUID, owners: list[UUID], number: int) -> None:
    """Insert public copies of a look, owned by the owners in turn, shared one second after another."""
    columns = [column.name for column in schema.looks.c if column.computed is None]
    changed = {
        "id": "gen_random_uuid()",
        "source_message_id": "'copy ' || number",
        "shared_at": "shared_at + number * interval '1 s'",
    }
    changed["person_id"] = f"(CAST(:owners AS uuid[]))[1 + number % {len(owners)}]"
    values = ", ".join(changed.get(name, name) for name in columns)
    statement = (
        f"INSERT INTO looks ({', '.join(columns)}) SELECT {values} FROM looks, generate_series(1, :number) AS number"
    )
    await connection.execute(
        text(f"{statement} WHERE id = :look"), {"owners": owners, "number": number, "look": look_id}
    )


async def test_a_feed_is_complete_and_in_order_page_by_page(database: Database) -> None:
    rng = random.Random(5)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    async with database.transaction() as connection:
        me, *others = [await create_person(connection) for _ in range(9)]
        followed = others[:6]
        rows = [{"follower_id": me.id, "followed_id": person.id} for person in followed]
        rows += [{"follower_id": followed[0].id, "followed_id": person.id} for person in (me, *others[6:])]
        await connection.execute(insert(schema.follows), rows)
        expected = []
        for _ in range(60):
            # One person shares much more than the others, and many times are equal.
            owner = rng.choice([*others, me, *4 * followed[:1]])
            look = await create_look(connection, owner.id)
            shared_at = start + timedelta(minutes=rng.randrange(30))
            await share_at(connection, look.id, shared_at)
            if rng.random() < 0.2:
                await connection.execute(
                    update(schema.looks).where(schema.looks.c.id == look.id).values(suspended_at=shared_at)
                )
            elif owner in followed:
                expected.append((shared_at, look.id))
        expected.sort(reverse=True)
        assert len(expected) > 25
        for limit in (1, 4, 7, 100):
            collected: list[tuple[datetime, UUID]] = []
            while page := await public_looks.get_feed_page(
                connection, me.id, limit=limit, after=collected[-1] if collected else None
            ):
                assert len(page) <= limit
                collected += [(entry.look.shared_at, entry.look.id) for entry in page if entry.look.shared_at]
            assert collected == expected, limit


async def test_the_feed_of_a_person_without_follows_is_empty(database: Database) -> None:
    async with database.transaction() as connection:
        me, other = await create_person(connection), await create_person(connection)
        await share_at(connection, (await create_look(connection, other.id)).id, datetime.now(UTC))
        assert await public_looks.get_feed_page(connection, me.id, limit=5) == []


async def test_a_feed_page_reads_few_looks_of_each_followed_person(database: Database) -> None:
    async with database.transaction() as connection:
        me, *others = [await create_person(connection) for _ in range(31)]
        rows = [{"follower_id": me.id, "followed_id": person.id} for person in others]
        await connection.execute(insert(schema.follows), rows)
        first = await create_look(connection, others[0].id)
        await share_at(connection, first.id, datetime(2026, 1, 1, tzinfo=UTC))
        await insert_copies(connection, first.id, [person.id for person in others], COPIES)
        await connection.execute(text("ANALYZE"))
        plan = await explain_feed_page(connection, me.id, limit=5)
    reads = [node for node in nodes(plan) if node.get("Relation Name") == "looks"]
    assert {node.get("Index Name") for node in reads} == {"ix_looks_person_shared", "pk_looks"}
    assert sum(node["Actual Rows"] * node["Actual Loops"] for node in reads) <= len(others) + 5 * 5 + 5


async def explain_feed_page(connection: AsyncConnection, person_id: UUID, *, limit: int) -> dict[str, Any]:
    """The plan of a page after the first one."""
    captured: list[tuple[str, Any]] = []

    def capture(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        captured.append((statement, parameters))

    newest = select(schema.looks.c.shared_at, schema.looks.c.id).where(schema.looks.c.is_public)
    cursor = (await connection.execute(newest.order_by(schema.looks.c.shared_at.desc()).offset(100).limit(1))).one()
    engine = connection.engine.sync_engine
    event.listen(engine, "before_cursor_execute", capture)
    try:
        await public_looks.get_feed_page(connection, person_id, limit=limit, after=(cursor.shared_at, cursor.id))
    finally:
        event.remove(engine, "before_cursor_execute", capture)
    statement, parameters = captured[-1]
    result = await connection.exec_driver_sql(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}", parameters)
    explained = result.scalar_one()
    document = json.loads(explained) if isinstance(explained, str) else explained
    plan: dict[str, Any] = document[0]["Plan"]
    return plan


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", []) for node in nodes(child))]
