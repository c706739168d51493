"""What owners say about the style of their looks: guesses before the verdict, and corrections after it."""

from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.keyset import cursor_values, paginate
from core.db.looks import Look, to_look, update_where
from core.db.schema import PendingQuestion
from core.styles import Style


async def record_guess(connection: AsyncConnection, look_id: UUID, style: Style) -> bool:
    """Store the owner's guess; False if the look does not exist or does not wait for a guess."""
    waits_for_guess = schema.looks.c.pending_question == PendingQuestion.GUESS
    return await update_where(connection, look_id, waits_for_guess, guessed_style=style, pending_question=None)


async def record_correction(connection: AsyncConnection, look_id: UUID, style: Style) -> bool:
    """Store the style according to the owner, instead of an earlier one; False if the look does not exist."""
    return await update_where(connection, look_id, corrected_style=style, pending_question=None)


async def set_pending_question(connection: AsyncConnection, look_id: UUID, question: PendingQuestion | None) -> None:
    """Set the question about a look that the next answer belongs to; None for no question."""
    await update_where(connection, look_id, pending_question=question)


async def mark_revealed(connection: AsyncConnection, *look_ids: UUID) -> None:
    """Mark the verdicts as revealed: these looks do not wait for a guess any more."""
    table = schema.looks
    waits_for_guess = (table.c.id.in_(look_ids), table.c.pending_question == PendingQuestion.GUESS)
    await connection.execute(update(table).where(*waits_for_guess).values(pending_question=None))


async def mark_shown(connection: AsyncConnection, look_id: UUID) -> None:
    """Record that the verdict on a look was shown now, after newer looks: what is said next is about it."""
    await update_where(connection, look_id, shown_at=func.now())


async def list_corrected(connection: AsyncConnection, *, limit: int, after: UUID | None = None) -> list[Look]:
    """Looks with a corrected style whose photo still exists and whose owners let Eva learn, the oldest first.

    Args:
        connection: to execute on.
        limit: number of looks, at most.
        after: id of the last look of the page before.
    """
    table, owners = schema.looks, schema.people
    statement = paginate(
        select(table)
        .join(owners, owners.c.id == table.c.person_id)
        .where(
            table.c.corrected_style.is_not(None), table.c.photo_key.is_not(None), owners.c.learning_consent.is_(True)
        ),
        table.c.id,
        has_cursor=after is not None,
        descending=False,
    )
    cursor = None if after is None else (after,)
    rows = await connection.execute(statement, {"limit": limit, **cursor_values(cursor)})
    return [to_look(row) for row in rows]
