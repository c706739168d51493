"""Marks of what Eva has sent, so that a job that starts again goes on where it was.

Each message of an answer is a step with a name. It is marked right after it was sent: a crash between the two
repeats that one message, and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, bindparam, select, text

from core.db import tables
from core.db.direct import Statement

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ["claim", "mark", "sent"]

CLAIM = Statement(
    text("""
INSERT INTO deliveries (inbox_id, step, message)
SELECT id, CAST(:step AS text), CAST(:message AS text) FROM inbox WHERE id = :inbox_id FOR KEY SHARE
ON CONFLICT DO NOTHING RETURNING step
""")
)
SENT = Statement(
    select(tables.deliveries.c.step, tables.deliveries.c.message).where(
        tables.deliveries.c.inbox_id == bindparam("inbox_id", type_=BigInteger)
    )
)


async def sent(connection: AsyncConnection, inbox_id: int) -> dict[str, str | None]:
    """The steps of the answer to an update that were sent already, with the messenger's ids of the messages."""
    return {row.step: row.message for row in await SENT.all(connection, inbox_id=inbox_id)}


async def mark(connection: AsyncConnection, inbox_id: int, step: str, *, message: str | None = None) -> None:
    """Note that a step was sent; nothing happens if it was noted before, or if the update was forgotten."""
    await claim(connection, inbox_id, step, message=message)


async def claim(connection: AsyncConnection, inbox_id: int, step: str, *, message: str | None = None) -> bool:
    """Note a step before it is sent, so that of several workers one sends it; True for that one."""
    return await CLAIM.first(connection, inbox_id=inbox_id, step=step, message=message) is not None
