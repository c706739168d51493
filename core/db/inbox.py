"""The inbox: every update of a messenger, stored once until it is processed.

An update and the job that handles it are stored by one statement, so that neither exists without the other. Updates
whose jobs are lost or fail again and again are the concern of `core.db.queued_updates`.

Checkpoints say which steps of an update's job are done, so that a repeated job continues where it stopped. Each message
of a reply is a step with a name. It is recorded right after it was sent: a crash between the two repeats that one
message and nothing else. The reply to an action is a step as well, recorded in the transaction of the action.
Checkpoints hold message ids and other references, never texts of people, and are deleted with the update.

See ADR 0004.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Row, any_, bindparam, delete, func, null, or_, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.database import CompiledStatement
from core.db.people import Person, to_person
from core.db.schema import Channel
from core.jobs.queue import DEFER_SQL, JobInsert

RETENTION = timedelta(days=7)
"""How long processed and failed updates are stored, to recognize repetitions. Telegram repeats an update for a day."""

IS_UNFINISHED = schema.inbox.c.processed_at.is_(None) & schema.inbox.c.failed_at.is_(None)
HAS_GIVEN_ID = schema.inbox.c.id == any_(bindparam("inbox_ids", type_=ARRAY(BigInteger)))
INSERT_WITH_JOB = CompiledStatement(
    text(f"""
WITH stored AS (
    INSERT INTO inbox (channel, external_id, external_sender_id, payload)
    VALUES (:channel, :external_id, :external_sender_id, CAST(CAST(:payload AS text) AS jsonb))
    ON CONFLICT DO NOTHING RETURNING id
)
SELECT id,
    {DEFER_SQL.format(args="CAST(CAST(:args AS text) AS jsonb) || jsonb_build_object('inbox_id', id)")}
FROM stored
""")
)
SELECT_BY_ID = CompiledStatement(
    select(schema.inbox).where(schema.inbox.c.id == bindparam("inbox_id", type_=BigInteger))
)
SELECT_UNPROCESSED = CompiledStatement(
    select(
        schema.inbox.c.external_sender_id,
        schema.inbox.c.payload,
        schema.inbox.c.fault_count,
        select(func.jsonb_object_agg(schema.job_checkpoints.c.name, schema.job_checkpoints.c.data))
        .where(schema.job_checkpoints.c.inbox_id == schema.inbox.c.id)
        .scalar_subquery()
        .label("checkpoints"),
        *schema.people.c,
    )
    .outerjoin(
        schema.identities,
        (schema.identities.c.provider == schema.inbox.c.channel)
        & (schema.identities.c.subject == schema.inbox.c.external_sender_id)
        & schema.identities.c.blocked_at.is_(None),
    )
    .outerjoin(schema.people)
    .where(schema.inbox.c.id == bindparam("inbox_id", type_=BigInteger), schema.inbox.c.processed_at.is_(None))
)
SELECT_UNFINISHED = CompiledStatement(select(schema.inbox.c.id).where(HAS_GIVEN_ID, IS_UNFINISHED))
MARK_PROCESSED = CompiledStatement(
    update(schema.inbox)
    .where(HAS_GIVEN_ID)
    .values(processed_at=func.now(), failed_at=null(), payload=null())
    .returning(schema.inbox.c.id)
)
INSERT_CHECKPOINT = CompiledStatement(
    text("""
INSERT INTO job_checkpoints (inbox_id, name, data)
SELECT id, CAST(:name AS text), CAST(CAST(:data AS text) AS jsonb) FROM inbox WHERE id = :inbox_id FOR KEY SHARE
ON CONFLICT DO NOTHING RETURNING name
""")
)
SELECT_CHECKPOINTS = CompiledStatement(
    select(schema.job_checkpoints.c.name, schema.job_checkpoints.c.data).where(
        schema.job_checkpoints.c.inbox_id == bindparam("inbox_id", type_=BigInteger)
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxUpdate:
    """An update of a messenger as it was received."""

    id: int
    channel: Channel
    external_id: str
    """The messenger's id of the update."""
    external_sender_id: str | None
    """The messenger's id of the sender, if it names one."""
    payload: dict[str, Any] | None
    """The JSON that was received; None once the update is processed."""
    received_at: datetime
    processed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnprocessedUpdate:
    """What the job of an update needs."""

    external_sender_id: str | None
    """The messenger's id of the sender, if it names one."""
    payload: dict[str, Any]
    """The JSON that was received."""
    checkpoints: dict[str, Any]
    """The data of all recorded steps of the job, by the names of the steps."""
    fault_count: int
    """How many attempts ended by a fault. An attempt whose process was stopped or killed is none of them."""
    sender: Person | None
    """Who sent it, if they are known and have not blocked the bot."""


async def insert(
    connection: AsyncConnection,
    channel: Channel,
    external_id: str,
    *,
    external_sender_id: str | None,
    payload: Mapping[str, Any],
) -> int | None:
    """Store an update without a job; enqueue the job in the same transaction.

    Args:
        connection: the transaction.
        channel: the messenger.
        external_id: the messenger's id of the update.
        external_sender_id: the messenger's id of the sender, if it names one.
        payload: the JSON that was received.

    Returns:
        The inbox id; None if the update was stored before.
    """
    inserted = await connection.execute(
        upsert(schema.inbox)
        .values(channel=channel, external_id=external_id, external_sender_id=external_sender_id, payload=dict(payload))
        .on_conflict_do_nothing()
        .returning(schema.inbox.c.id)
    )
    inbox_id: int | None = inserted.scalar()
    return inbox_id


async def insert_with_job(
    connection: AsyncConnection,
    channel: Channel,
    external_id: str,
    *,
    external_sender_id: str | None,
    payload: str,
    job: JobInsert,
) -> int | None:
    """Store an update and enqueue the job that handles it, both or neither, in one statement.

    Args:
        connection: to execute on.
        channel: the messenger.
        external_id: the messenger's id of the update.
        external_sender_id: the messenger's id of the sender, if it names one.
        payload: what was received, as JSON.
        job: receives the inbox id as its argument `inbox_id`.

    Returns:
        The inbox id; None if the update was stored before, then no job is enqueued either.
    """
    values = {
        "channel": channel,
        "external_id": external_id,
        "external_sender_id": external_sender_id,
        "payload": payload,
    }
    rows = await INSERT_WITH_JOB.fetch(connection, **values, **job.values)
    return int(rows[0].id) if rows else None


async def get(connection: AsyncConnection, inbox_id: int) -> InboxUpdate | None:
    """An update, or None if it was deleted."""
    rows = await SELECT_BY_ID.fetch(connection, inbox_id=inbox_id)
    return _to_inbox_update(rows[0]) if rows else None


async def get_unprocessed(connection: AsyncConnection, inbox_id: int) -> UnprocessedUpdate | None:
    """An update for its job, with its checkpoints and its sender; None if it was processed or deleted."""
    rows = await SELECT_UNPROCESSED.fetch(connection, inbox_id=inbox_id)
    if not rows:
        return None
    row = rows[0]
    return UnprocessedUpdate(
        external_sender_id=row.external_sender_id,
        payload=row.payload or {},
        checkpoints=row.checkpoints or {},
        fault_count=row.fault_count,
        sender=None if row.id is None else to_person(row),
    )


async def count_fault(connection: AsyncConnection, inbox_id: int) -> None:
    """Count that an attempt to handle an update ended by a fault, and is to be repeated."""
    table = schema.inbox
    await connection.execute(update(table).where(table.c.id == inbox_id).values(fault_count=table.c.fault_count + 1))


async def list_checkpoints(connection: AsyncConnection, inbox_id: int) -> dict[str, Any]:
    """The data of all recorded steps of an update's job, by the names of the steps."""
    return {row.name: row.data for row in await SELECT_CHECKPOINTS.fetch(connection, inbox_id=inbox_id)}


async def record_checkpoint(connection: AsyncConnection, inbox_id: int, name: str, *, data: Any = None) -> bool:
    """Record a step, after it was done, or before it is done so that only one of several workers does it.

    Args:
        connection: to execute on.
        inbox_id: the update that the job handles.
        name: of the step, unique for the update.
        data: what a repeated job needs of it, as JSON; ids only, no texts of people.

    Returns:
        True for the worker that recorded it first; False also if the update was deleted.
    """
    encoded = None if data is None else json.dumps(data)
    return bool(await INSERT_CHECKPOINT.fetch(connection, inbox_id=inbox_id, name=name, data=encoded))


async def find_look_id(
    connection: AsyncConnection, channel: Channel, external_sender_id: str, message_id: int
) -> UUID | None:
    """The look that a message of a person's chat is about, as the checkpoint of a reply names it; None without one.

    Args:
        connection: to execute on.
        channel: the messenger.
        external_sender_id: the messenger's id of the person.
        message_id: a photo that was replied to, or a message of a reply, of the last days.
    """
    table, checkpoints = schema.inbox, schema.job_checkpoints
    look_id = checkpoints.c.data[str(message_id)].astext
    statement = (
        select(look_id)
        .join(table, checkpoints.c.inbox_id == table.c.id)
        .where(table.c.channel == channel, table.c.external_sender_id == external_sender_id, look_id.is_not(None))
        .order_by(checkpoints.c.created_at.desc())
        .limit(1)
    )
    found: str | None = (await connection.execute(statement)).scalar_one_or_none()
    return None if found is None else UUID(found)


async def get_by_external_id(connection: AsyncConnection, channel: Channel, external_id: str) -> InboxUpdate | None:
    """An update by the messenger's id of it, or None."""
    table = schema.inbox
    statement = select(table).where(table.c.channel == channel, table.c.external_id == external_id)
    row = (await connection.execute(statement)).first()
    return None if row is None else _to_inbox_update(row)


async def get_latest(connection: AsyncConnection, channel: Channel, external_sender_id: str) -> InboxUpdate | None:
    """The latest update of a sender, or None."""
    table = schema.inbox
    statement = select(table).where(table.c.channel == channel, table.c.external_sender_id == external_sender_id)
    row = (await connection.execute(statement.order_by(table.c.id.desc()).limit(1))).first()
    return None if row is None else _to_inbox_update(row)


async def list_unfinished_ids(connection: AsyncConnection, inbox_ids: Collection[int]) -> set[int]:
    """Those of the updates that are neither processed nor failed nor deleted."""
    return {row.id for row in await SELECT_UNFINISHED.fetch(connection, inbox_ids=list(inbox_ids))}


async def list_unfinished_album(
    connection: AsyncConnection, external_sender_id: str, media_group_id: str
) -> dict[int, dict[str, Any]]:
    """Payloads of the unfinished updates of a Telegram album, by their inbox ids, in the order of arrival.

    Telegram sends each photo of an album as a separate update without their number.

    Args:
        connection: to execute on.
        external_sender_id: Telegram's id of the sender.
        media_group_id: Telegram's id of the album.
    """
    table = schema.inbox
    statement = (
        select(table.c.id, table.c.payload)
        .where(
            table.c.channel == Channel.TELEGRAM,
            table.c.external_sender_id == external_sender_id,
            IS_UNFINISHED,
            table.c.payload["message", "media_group_id"].astext == media_group_id,
        )
        .order_by(table.c.id)
    )
    return {row.id: row.payload for row in await connection.execute(statement)}


async def update_payload(connection: AsyncConnection, inbox_id: int, payload: Mapping[str, Any]) -> None:
    """Replace the payload of an unfinished update."""
    table = schema.inbox
    await connection.execute(update(table).where(table.c.id == inbox_id, IS_UNFINISHED).values(payload=dict(payload)))


async def mark_processed(connection: AsyncConnection, *inbox_ids: int) -> None:
    """Mark updates as processed and delete their payloads."""
    await MARK_PROCESSED.fetch(connection, inbox_ids=list(inbox_ids))


async def delete_sender(connection: AsyncConnection, inbox_id: int, payload: Mapping[str, Any]) -> None:
    """Keep an update while everything of its sender is deleted; it is deleted when it is processed.

    Args:
        connection: the transaction of the erasure, before it deletes the updates of the sender.
        inbox_id: the update.
        payload: what its job still needs, instead of all of it.
    """
    table = schema.inbox
    await connection.execute(
        update(table).where(table.c.id == inbox_id).values(external_sender_id=null(), payload=dict(payload))
    )


async def delete_update(connection: AsyncConnection, inbox_id: int) -> None:
    """Delete an update with its checkpoints."""
    await connection.execute(delete(schema.inbox).where(schema.inbox.c.id == inbox_id))


async def count_unfinished(connection: AsyncConnection) -> int:
    """Number of updates that are neither processed nor failed."""
    return (await connection.execute(select(func.count()).select_from(schema.inbox).where(IS_UNFINISHED))).scalar_one()


async def delete_processed(connection: AsyncConnection) -> int:
    """Delete updates that were processed or failed longer ago than `RETENTION`; their number."""
    table, limit = schema.inbox, func.now() - RETENTION
    deleted = await connection.execute(
        delete(table).where(or_(table.c.processed_at < limit, table.c.failed_at < limit))
    )
    return deleted.rowcount


async def get_longest_overdue(connection: AsyncConnection) -> timedelta:
    """How long ago the oldest update that still exists should have been deleted; zero if there is none."""
    table = schema.inbox
    statement = select(func.least(func.min(table.c.processed_at), func.min(table.c.failed_at)))
    oldest: datetime | None = (await connection.execute(statement)).scalar_one()
    return timedelta(0) if oldest is None else max(timedelta(0), datetime.now(UTC) - oldest - RETENTION)


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
