"""Marks of what Eva has sent, so that a job that starts again goes on where it was.

Each message of an answer is a step with a name. It is marked right after it was sent: a crash between the two
repeats that one message, and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, text

from core.db import tables

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ["claim", "mark", "sent"]

CLAIM = text("""
INSERT INTO deliveries (inbox_id, step, message)
SELECT id, :step, :message FROM inbox WHERE id = :inbox_id FOR KEY SHARE
ON CONFLICT DO NOTHING
""")


async def sent(connection: AsyncConnection, inbox_id: int) -> dict[str, str | None]:
    """The steps of the answer to an update that were sent already, with the messenger's ids of the messages."""
    table = tables.deliveries
    found = select(table.c.step, table.c.message).where(table.c.inbox_id == inbox_id)
    return {row.step: row.message for row in await connection.execute(found)}


async def mark(connection: AsyncConnection, inbox_id: int, step: str, *, message: str | None = None) -> None:
    """Note that a step was sent; nothing happens if it was noted before, or if the update was forgotten."""
    await claim(connection, inbox_id, step, message=message)


async def claim(connection: AsyncConnection, inbox_id: int, step: str, *, message: str | None = None) -> bool:
    """Note a step before it is sent, so that of several workers one sends it; True for that one."""
    noted = await connection.execute(CLAIM, {"inbox_id": inbox_id, "step": step, "message": message})
    return noted.rowcount == 1
