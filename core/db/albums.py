"""Albums of Telegram: each photo is an update of its own, and nothing says how many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from core.db import tables
from core.db.tables import Channel

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ["undone"]


async def undone(connection: AsyncConnection, sender: str, album: str) -> dict[int, dict[str, Any]]:
    """What the updates of an album say that are not done, by their numbers in the inbox, in the order of arrival.

    Args:
        connection: the unit of work.
        sender: whose album it is.
        album: its `media_group_id`.
    """
    table = tables.inbox
    found = (
        select(table.c.id, table.c.payload)
        .where(
            table.c.platform == Channel.TELEGRAM,
            table.c.sender == sender,
            table.c.done_at.is_(None),
            table.c.payload["message", "media_group_id"].astext == album,
        )
        .order_by(table.c.id)
    )
    return {row.id: row.payload for row in await connection.execute(found)}
