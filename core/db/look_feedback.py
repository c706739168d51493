"""What people say about a look's style, and what Eva asked them about it."""

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.looks import Look, to_look, update_where
from core.db.schema import PendingQuestion
from core.styles import Style


async def record_guess(connection: AsyncConnection, look_id: UUID, style: Style) -> bool:
    """Keep what the person guessed. False if the look is gone, or does not wait for a guess (any more)."""
    waits = schema.looks.c.pending_question == PendingQuestion.GUESS
    return await update_where(connection, look_id, waits, guessed_style=style, pending_question=None)


async def record_correction(connection: AsyncConnection, look_id: UUID, style: Style) -> bool:
    """Keep what the person says the style is; the last word counts. False if the look is gone."""
    return await update_where(connection, look_id, corrected_style=style, pending_question=None)


async def set_pending_question(connection: AsyncConnection, look_id: UUID, question: PendingQuestion | None) -> None:
    """Wait for the answer to a question about a look, and to no other one; None for nothing any more."""
    await update_where(connection, look_id, pending_question=question)


async def mark_revealed(connection: AsyncConnection, *look_ids: UUID) -> None:
    """Note that the verdicts on these looks were told: they do not wait for a guess any more."""
    table = schema.looks
    waiting = (table.c.id.in_(look_ids), table.c.pending_question == PendingQuestion.GUESS)
    await connection.execute(update(table).where(*waiting).values(pending_question=None))


async def list_corrected(connection: AsyncConnection, *, limit: int, after: UUID | None = None) -> list[Look]:
    """Looks whose style somebody corrected and whose photo is still there, in the order in which they came.

    Args:
        connection: the unit of work.
        limit: how many at most.
        after: the last one of the page before.
    """
    table = schema.looks
    found = select(table).where(table.c.corrected_style.is_not(None), table.c.photo_key.is_not(None))
    if after is not None:
        found = found.where(table.c.id > after)
    return [to_look(row) for row in await connection.execute(found.order_by(table.c.id).limit(limit))]
