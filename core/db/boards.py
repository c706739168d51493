"""The boards: shared looks in the order in which people see them. Never ordered by the model's confidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from core.db import tables
from core.db.looks import as_look

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from core.db.looks import Look

__all__ = ["top"]


async def top(connection: AsyncConnection, *, since: datetime, limit: int) -> list[Look]:
    """The looks that were shared at this moment or later: most hearts first, of equals the newest."""
    table = tables.looks
    found = (
        select(table)
        .where(table.c.shared_at >= since, table.c.hidden_at.is_(None))
        .order_by(table.c.hearts.desc(), table.c.id.desc())
        .limit(limit)
    )
    return [as_look(row) for row in await connection.execute(found)]
