"""What people say about a look's style, and what Eva asked them about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from core.db import tables
from core.db.looks import as_look, change
from core.db.tables import Asked

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncConnection

    from core.db.looks import Look
    from core.styles import Style

__all__ = ["ask", "correct", "corrections", "guess", "tell"]


async def guess(connection: AsyncConnection, look_id: UUID, style: Style) -> bool:
    """Keep what the person guessed. False if the look is gone, or does not wait for a guess (any more)."""
    waits = tables.looks.c.asked == Asked.GUESS
    return await change(connection, look_id, waits, guessed_style=style, asked=None)


async def correct(connection: AsyncConnection, look_id: UUID, style: Style) -> bool:
    """Keep what the person says the style is; the last word counts. False if the look is gone."""
    return await change(connection, look_id, corrected_style=style, asked=None)


async def ask(connection: AsyncConnection, look_id: UUID, question: Asked | None) -> None:
    """Wait for the answer to a question about a look, and to no other one; None for nothing any more."""
    await change(connection, look_id, asked=question)


async def tell(connection: AsyncConnection, *look_ids: UUID) -> None:
    """Note that the verdicts on these looks were told: they do not wait for a guess any more."""
    table = tables.looks
    waiting = (table.c.id.in_(look_ids), table.c.asked == Asked.GUESS)
    await connection.execute(update(table).where(*waiting).values(asked=None))


async def corrections(connection: AsyncConnection, *, limit: int, after: UUID | None = None) -> list[Look]:
    """Looks whose style somebody corrected and whose photo is still there, in the order in which they came.

    Args:
        connection: the unit of work.
        limit: how many at most.
        after: the last one of the page before.
    """
    table = tables.looks
    found = select(table).where(table.c.corrected_style.is_not(None), table.c.photo_key.is_not(None))
    if after is not None:
        found = found.where(table.c.id > after)
    return [as_look(row) for row in await connection.execute(found.order_by(table.c.id).limit(limit))]
