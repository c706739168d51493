"""Follows, on a real Postgres."""

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import follows, people, schema
from core.db.database import Database
from core.errors import PersonNotFoundError
from core.uuid7 import uuid7
from tests.factories import create_look, create_person, followed_person_ids


async def test_one_follows_another_once_and_may_stop(database: Database) -> None:
    async with database.transaction() as connection:
        mina, jun = [(await create_person(connection)).id for _ in range(2)]
        for _ in range(2):
            assert await follows.follow(connection, mina, jun) == 1
        assert await followed_person_ids(connection, mina) == {jun}
        assert await followed_person_ids(connection, jun) == set()
        for _ in range(2):
            assert await follows.unfollow(connection, mina, jun) == 0
        assert await followed_person_ids(connection, mina) == set()
        assert await follows.unfollow(connection, mina, uuid7()) is None


async def test_nobody_follows_themselves_or_somebody_banned_or_gone(database: Database) -> None:
    async with database.transaction() as connection:
        mina, jun = [(await create_person(connection)).id for _ in range(2)]
        assert await follows.follow(connection, mina, jun) == 1
        await connection.execute(update(schema.people).where(schema.people.c.id == jun).values(banned_at=func.now()))
        late = (await create_person(connection)).id
        for who, whom in ((mina, mina), (late, jun), (mina, uuid7())):
            assert await follows.follow(connection, who, whom) is None
        assert await follows.unfollow(connection, mina, jun) == 0, "one may always stop"
        everybody = [await people.get(connection, each) for each in (mina, jun, late)]
        assert [(each.followers, each.following) for each in everybody if each] == [(0, 0)] * 3


async def test_whom_one_follows_comes_page_by_page(database: Database) -> None:
    async with database.transaction() as connection:
        mina, *crowd = [(await create_person(connection)).id for _ in range(6)]
        for each in crowd:
            await follows.follow(connection, mina, each)
        first = await follows.list_followed(connection, mina, limit=3)
        rest = await follows.list_followed(connection, mina, limit=3, after=first[-1].id)
        assert [each.id for each in first + rest] == sorted(crowd, reverse=True)
        assert first[0].followers == 1


async def test_a_forgotten_person_follows_nobody(database: Database) -> None:
    async with database.transaction() as connection:
        jun = (await create_person(connection)).id
    with pytest.raises(PersonNotFoundError):
        async with database.transaction() as connection:
            await follows.follow(connection, uuid7(), jun)


MANY = 3000
"""Looks beside those of the feed: enough for Postgres to care which way it takes."""


async def share(connection: AsyncConnection, look_id: UUID, moment: datetime) -> None:
    await connection.execute(update(schema.looks).where(schema.looks.c.id == look_id).values(shared_at=moment))


async def copies(connection: AsyncConnection, look_id: UUID, owners: list[UUID], number: int) -> None:
    """Put so many copies of a look on the board, shared by the owners in turn, a second after another."""
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
    dice = random.Random(5)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    async with database.transaction() as connection:
        me, *others = [await create_person(connection) for _ in range(9)]
        followed = others[:6]
        rows = [{"follower_id": me.id, "followed_id": each.id} for each in followed]
        await connection.execute(insert(schema.follows), rows)
        expected = []
        for _ in range(60):
            # One shares much more than the others; many share in one moment.
            owner = dice.choice([*others, me, *4 * followed[:1]])
            look = await create_look(connection, owner.id)
            moment = start + timedelta(minutes=dice.randrange(30))
            await share(connection, look.id, moment)
            if dice.random() < 0.2:
                await connection.execute(
                    update(schema.looks).where(schema.looks.c.id == look.id).values(suspended_at=moment)
                )
            elif owner in followed:
                expected.append((moment, look.id))
        expected.sort(reverse=True)
        assert len(expected) > 25
        for limit in (1, 4, 7, 100):
            seen: list[tuple[datetime, UUID]] = []
            while page := await follows.get_feed_page(connection, me.id, limit=limit, after=seen[-1] if seen else None):
                assert len(page) <= limit
                seen += [(each.look.shared_at, each.look.id) for each in page if each.look.shared_at]
            assert seen == expected, limit


async def test_who_follows_nobody_has_an_empty_feed(database: Database) -> None:
    async with database.transaction() as connection:
        me, other = await create_person(connection), await create_person(connection)
        await share(connection, (await create_look(connection, other.id)).id, datetime.now(UTC))
        assert await follows.get_feed_page(connection, me.id, limit=5) == []


async def test_a_page_reads_no_more_than_a_few_looks_of_each(database: Database) -> None:
    async with database.transaction() as connection:
        me, *others = [await create_person(connection) for _ in range(31)]
        rows = [{"follower_id": me.id, "followed_id": each.id} for each in others]
        await connection.execute(insert(schema.follows), rows)
        first = await create_look(connection, others[0].id)
        await share(connection, first.id, datetime(2026, 1, 1, tzinfo=UTC))
        await copies(connection, first.id, [each.id for each in others], MANY)
        await connection.execute(text("ANALYZE"))
        plan = await explained(connection, me.id, limit=5)
    reads = [node for node in nodes(plan) if node.get("Relation Name") == "looks"]
    assert {node.get("Index Name") for node in reads} == {"ix_looks_person_shared", "pk_looks"}
    assert sum(node["Actual Rows"] * node["Actual Loops"] for node in reads) <= len(others) + 5 * 5 + 5


async def explained(connection: AsyncConnection, person_id: UUID, *, limit: int) -> dict[str, Any]:
    """What Postgres did for a page after the first."""
    said: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        said.append((statement, parameters))

    newest = select(schema.looks.c.shared_at, schema.looks.c.id).where(schema.looks.c.is_public)
    here = (await connection.execute(newest.order_by(schema.looks.c.shared_at.desc()).offset(100).limit(1))).one()
    engine = connection.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        await follows.get_feed_page(connection, person_id, limit=limit, after=(here.shared_at, here.id))
    finally:
        event.remove(engine, "before_cursor_execute", note)
    statement, parameters = said[-1]
    raw = await connection.exec_driver_sql(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}", parameters)
    found = raw.scalar_one()
    whole = json.loads(found) if isinstance(found, str) else found
    plan: dict[str, Any] = whole[0]["Plan"]
    return plan


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for each in plan.get("Plans", []) for node in nodes(each))]
