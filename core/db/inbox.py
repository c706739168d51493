"""What the messengers brought: each update once, kept until it is done, however often it is brought."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, any_, bindparam, delete, func, null, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert

from core.db import tables
from core.db.direct import Statement
from core.db.tables import Channel
from core.queue import DEFER

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from core.queue import NewJob

__all__ = [
    "Update",
    "find",
    "finish",
    "get",
    "latest",
    "pending",
    "purge",
    "receive",
    "receive_for",
    "rewrite",
    "undone",
]

REMEMBERED = timedelta(days=7)
"""How long a done update is known as one that came already; Telegram repeats for a day."""
RECEIVE = Statement(
    text(f"""
WITH taken AS (
    INSERT INTO inbox (platform, update_id, sender, payload)
    VALUES (:platform, :update_id, :sender, CAST(CAST(:payload AS text) AS jsonb))
    ON CONFLICT DO NOTHING RETURNING id
)
SELECT id, {DEFER.format(args="CAST(CAST(:args AS text) AS jsonb) || jsonb_build_object('inbox_id', id)")} FROM taken
""")
)
GET = Statement(select(tables.inbox).where(tables.inbox.c.id == bindparam("inbox_id", type_=BigInteger)))
AMONG = tables.inbox.c.id == any_(bindparam("inbox_ids", type_=ARRAY(BigInteger)))
PENDING = Statement(select(tables.inbox.c.id).where(AMONG, tables.inbox.c.done_at.is_(None)))
FINISH = Statement(
    update(tables.inbox).where(AMONG).values(done_at=func.now(), payload=null()).returning(tables.inbox.c.id)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """One message of a messenger's, as it came."""

    id: int
    platform: Channel
    update_id: str
    """The platform's own number of it."""
    sender: str | None
    """The platform's id of the person who sent it, if it says so."""
    payload: dict[str, Any] | None
    """What came; None once it is done."""
    received_at: datetime
    done_at: datetime | None


async def receive(
    connection: AsyncConnection,
    platform: Channel,
    update_id: str,
    *,
    sender: str | None,
    payload: Mapping[str, Any],
) -> int | None:
    """Take an update in; its number here, or None if it came before. Enqueue its job in the same unit of work."""
    taken = await connection.execute(
        upsert(tables.inbox)
        .values(platform=platform, update_id=update_id, sender=sender, payload=dict(payload))
        .on_conflict_do_nothing()
        .returning(tables.inbox.c.id)
    )
    number: int | None = taken.scalar()
    return number


async def receive_for(
    connection: AsyncConnection,
    platform: Channel,
    update_id: str,
    *,
    sender: str | None,
    payload: Mapping[str, Any],
    job: NewJob,
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
    values = {"platform": platform, "update_id": update_id, "sender": sender, "payload": json.dumps(payload)}
    taken = await RECEIVE.first(connection, **values, **job.values)
    return None if taken is None else int(taken.id)


async def get(connection: AsyncConnection, inbox_id: int) -> Update | None:
    """An update, or None if its sender was forgotten since."""
    row = await GET.first(connection, inbox_id=inbox_id)
    return None if row is None else _update(row)


async def find(connection: AsyncConnection, platform: Channel, update_id: str) -> Update | None:
    """An update by the platform's own number of it, or None."""
    table = tables.inbox
    found = select(table).where(table.c.platform == platform, table.c.update_id == update_id)
    row = (await connection.execute(found)).first()
    return None if row is None else _update(row)


async def latest(connection: AsyncConnection, platform: Channel, sender: str) -> Update | None:
    """The update that came last from a sender, or None."""
    table = tables.inbox
    found = select(table).where(table.c.platform == platform, table.c.sender == sender)
    row = (await connection.execute(found.order_by(table.c.id.desc()).limit(1))).first()
    return None if row is None else _update(row)


async def pending(connection: AsyncConnection, inbox_ids: Collection[int]) -> set[int]:
    """Which of some updates are still to be done; forgotten ones are not."""
    return {row.id for row in await PENDING.all(connection, inbox_ids=list(inbox_ids))}


async def rewrite(connection: AsyncConnection, inbox_id: int, payload: Mapping[str, Any]) -> None:
    """Change what an update that is not done says."""
    table = tables.inbox
    unfinished = (table.c.id == inbox_id) & table.c.done_at.is_(None)
    await connection.execute(update(table).where(unfinished).values(payload=dict(payload)))


async def finish(connection: AsyncConnection, *inbox_ids: int) -> None:
    """Note that updates are done; what they said is not kept."""
    await FINISH.all(connection, inbox_ids=list(inbox_ids))


async def undone(connection: AsyncConnection) -> int:
    """How many updates are not done."""
    found = select(func.count()).where(tables.inbox.c.done_at.is_(None))
    return (await connection.execute(found)).scalar_one()


async def purge(connection: AsyncConnection) -> int:
    """Delete what was done a week ago; how many that were."""
    gone = await connection.execute(delete(tables.inbox).where(tables.inbox.c.done_at < func.now() - REMEMBERED))
    return gone.rowcount


def _update(row: Row[tuple[object, ...]]) -> Update:
    return Update(
        id=row.id,
        platform=Channel(row.platform),
        update_id=row.update_id,
        sender=row.sender,
        payload=row.payload,
        received_at=row.received_at,
        done_at=row.done_at,
    )
