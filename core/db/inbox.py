"""What the messengers brought: each update once, kept until it is done, however often it is brought."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Row, any_, bindparam, delete, func, null, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.compiled_statements import CompiledStatement
from core.db.schema import Channel
from core.jobs.queue import DEFER_SQL, JobInsert

PROCESSED_RETENTION = timedelta(days=7)
"""How long a done update is known as one that came already; Telegram repeats for a day."""
INSERT_WITH_JOB = CompiledStatement(
    text(f"""
WITH taken AS (
    INSERT INTO inbox (channel, external_id, external_sender_id, payload)
    VALUES (:channel, :external_id, :external_sender_id, CAST(CAST(:payload AS text) AS jsonb))
    ON CONFLICT DO NOTHING RETURNING id
)
SELECT id,
    {DEFER_SQL.format(args="CAST(CAST(:args AS text) AS jsonb) || jsonb_build_object('inbox_id', id)")}
FROM taken
""")
)
SELECT_BY_ID = CompiledStatement(
    select(schema.inbox).where(schema.inbox.c.id == bindparam("inbox_id", type_=BigInteger))
)
HAS_GIVEN_ID = schema.inbox.c.id == any_(bindparam("inbox_ids", type_=ARRAY(BigInteger)))
SELECT_UNFINISHED = CompiledStatement(
    select(schema.inbox.c.id).where(HAS_GIVEN_ID, schema.inbox.c.processed_at.is_(None))
)
MARK_PROCESSED = CompiledStatement(
    update(schema.inbox)
    .where(HAS_GIVEN_ID)
    .values(processed_at=func.now(), payload=null())
    .returning(schema.inbox.c.id)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxUpdate:
    """One message of a messenger's, as it came."""

    id: int
    channel: Channel
    external_id: str
    """The platform's own number of it."""
    external_sender_id: str | None
    """The platform's id of the person who sent it, if it says so."""
    payload: dict[str, Any] | None
    """What came; None once it is done."""
    received_at: datetime
    processed_at: datetime | None


async def insert(
    connection: AsyncConnection,
    channel: Channel,
    external_id: str,
    *,
    external_sender_id: str | None,
    payload: Mapping[str, Any],
) -> int | None:
    """Take an update in; its number here, or None if it came before. Enqueue its job in the same unit of work."""
    taken = await connection.execute(
        upsert(schema.inbox)
        .values(channel=channel, external_id=external_id, external_sender_id=external_sender_id, payload=dict(payload))
        .on_conflict_do_nothing()
        .returning(schema.inbox.c.id)
    )
    number: int | None = taken.scalar()
    return number


async def insert_with_job(
    connection: AsyncConnection,
    channel: Channel,
    external_id: str,
    *,
    external_sender_id: str | None,
    payload: Mapping[str, Any],
    job: JobInsert,
) -> int | None:
    """Take an update in and enqueue the job that answers it, both or neither, in one statement.

    Args:
        connection: a direct one, or the unit of work.
        platform: who brought the update.
        update_id: the platform's own number of it.
        sender: the platform's id of the person who sent it, if it says so.
        payload: what came.
        job: gets the update's number here as its argument `inbox_id`.

    Returns:
        The update's number here; None if it came before, then there is no new job either.
    """
    values = {
        "channel": channel,
        "external_id": external_id,
        "external_sender_id": external_sender_id,
        "payload": json.dumps(payload),
    }
    taken = await INSERT_WITH_JOB.fetch_one(connection, **values, **job.values)
    return None if taken is None else int(taken.id)


async def get(connection: AsyncConnection, inbox_id: int) -> InboxUpdate | None:
    """An update, or None if its sender was forgotten since."""
    row = await SELECT_BY_ID.fetch_one(connection, inbox_id=inbox_id)
    return None if row is None else _to_inbox_update(row)


async def get_by_external_id(connection: AsyncConnection, channel: Channel, external_id: str) -> InboxUpdate | None:
    """An update by the platform's own number of it, or None."""
    table = schema.inbox
    found = select(table).where(table.c.channel == channel, table.c.external_id == external_id)
    row = (await connection.execute(found)).first()
    return None if row is None else _to_inbox_update(row)


async def get_latest(connection: AsyncConnection, channel: Channel, external_sender_id: str) -> InboxUpdate | None:
    """The update that came last from a sender, or None."""
    table = schema.inbox
    found = select(table).where(table.c.channel == channel, table.c.external_sender_id == external_sender_id)
    row = (await connection.execute(found.order_by(table.c.id.desc()).limit(1))).first()
    return None if row is None else _to_inbox_update(row)


async def filter_unfinished(connection: AsyncConnection, inbox_ids: Collection[int]) -> set[int]:
    """Which of some updates are still to be done; forgotten ones are not."""
    return {row.id for row in await SELECT_UNFINISHED.fetch_all(connection, inbox_ids=list(inbox_ids))}


async def update_payload(connection: AsyncConnection, inbox_id: int, payload: Mapping[str, Any]) -> None:
    """Change what an update that is not done says."""
    table = schema.inbox
    unfinished = (table.c.id == inbox_id) & table.c.processed_at.is_(None)
    await connection.execute(update(table).where(unfinished).values(payload=dict(payload)))


async def mark_processed(connection: AsyncConnection, *inbox_ids: int) -> None:
    """Note that updates are done; what they said is not kept."""
    await MARK_PROCESSED.fetch_all(connection, inbox_ids=list(inbox_ids))


async def count_unfinished(connection: AsyncConnection) -> int:
    """How many updates are not done."""
    found = select(func.count()).where(schema.inbox.c.processed_at.is_(None))
    return (await connection.execute(found)).scalar_one()


async def delete_processed(connection: AsyncConnection) -> int:
    """Delete what was done a week ago; how many that were."""
    gone = await connection.execute(
        delete(schema.inbox).where(schema.inbox.c.processed_at < func.now() - PROCESSED_RETENTION)
    )
    return gone.rowcount


def _to_inbox_update(row: Row[tuple[object, ...]]) -> InboxUpdate:
    return InboxUpdate(
        id=row.id,
        channel=Channel(row.channel),
        external_id=row.external_id,
        external_sender_id=row.external_sender_id,
        payload=row.payload,
        received_at=row.received_at,
        processed_at=row.processed_at,
    )


SELECT_WAITING = text("""
WITH jobs AS (
    SELECT status, attempts, CAST(args ->> 'inbox_id' AS bigint) AS inbox_id,
        row_number() OVER (ORDER BY priority DESC, id) - 1 AS ahead,
        row_number() OVER (PARTITION BY lock ORDER BY status DESC, priority DESC, id) AS turn
    FROM procrastinate_jobs
    WHERE status IN ('doing', 'todo') AND task_name = ANY (:tasks) AND (scheduled_at IS NULL OR scheduled_at <= now())
)
SELECT inbox.id, inbox.payload, jobs.ahead, now() - inbox.received_at AS since
FROM jobs JOIN inbox ON inbox.id = jobs.inbox_id
WHERE jobs.status = 'todo' AND jobs.attempts = 0 AND jobs.turn = 1
    AND inbox.processed_at IS NULL AND inbox.failed_at IS NULL
    AND inbox.received_at < now() - CAST(:since AS interval)
    AND inbox.payload -> 'message' ?| ARRAY['photo', 'document']
ORDER BY jobs.ahead LIMIT :limit
""")

SELECT_ORPHANED = text("""
SELECT inbox.id, inbox.payload FROM inbox
WHERE channel = :channel AND processed_at IS NULL AND failed_at IS NULL AND received_at < now() - CAST(:age AS interval)
    AND NOT EXISTS (
        SELECT FROM procrastinate_jobs
        WHERE status IN ('doing', 'todo') AND CAST(args ->> 'inbox_id' AS bigint) = inbox.id
    )
ORDER BY received_at LIMIT :limit FOR UPDATE OF inbox SKIP LOCKED
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedUpdate:
    """An update that waits for its turn."""

    id: int
    """Its number in the inbox."""
    payload: dict[str, Any]
    position: int
    """How many jobs come before it or are being done."""
    waited: timedelta


async def list_waiting(
    connection: AsyncConnection, tasks: Sequence[str], *, min_wait: timedelta, limit: int
) -> list[QueuedUpdate]:
    """The photos that came longer ago than this and that nobody has begun with, the first in the queue first.

    Of each chat only the one whose turn is next, and none while the chat is being answered.

    Args:
        connection: the unit of work.
        tasks: the queue's tasks that answer, called with an `inbox_id`.
        since: how long they have waited.
        limit: how many at most.
    """
    found = await connection.execute(SELECT_WAITING, {"tasks": list(tasks), "since": min_wait, "limit": limit})
    return [QueuedUpdate(id=row.id, payload=row.payload, position=row.ahead, waited=row.since) for row in found]


async def list_orphaned(
    connection: AsyncConnection, channel: Channel, *, min_age: timedelta, limit: int
) -> list[tuple[int, dict[str, Any]]]:
    """Undone updates that came longer ago than this and have no job any more: it gave up while the database was away.

    They are locked until the unit of work ends, so that one worker alone enqueues them anew.

    Args:
        connection: the unit of work.
        platform: whose updates.
        age: how long ago they came, at least.
        limit: how many at most.

    Returns:
        Their numbers in the inbox, and what they say.
    """
    found = await connection.execute(SELECT_ORPHANED, {"channel": channel, "age": min_age, "limit": limit})
    return [(row.id, row.payload or {}) for row in found]


async def list_unfinished_album(
    connection: AsyncConnection, external_sender_id: str, media_group_id: str
) -> dict[int, dict[str, Any]]:
    """What the updates of an album say that are not done, by their numbers in the inbox, in the order of arrival.

    Args:
        connection: the unit of work.
        sender: whose album it is.
        album: its `media_group_id`.
    """
    table = schema.inbox
    found = (
        select(table.c.id, table.c.payload)
        .where(
            table.c.channel == Channel.TELEGRAM,
            table.c.external_sender_id == external_sender_id,
            table.c.processed_at.is_(None),
            table.c.payload["message", "media_group_id"].astext == media_group_id,
        )
        .order_by(table.c.id)
    )
    return {row.id: row.payload for row in await connection.execute(found)}
