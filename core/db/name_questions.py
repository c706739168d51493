"""The question for a display name, which a person is asked before their first look is shared; columns of `people`."""

from uuid import UUID

from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.people import NAME_QUESTION_LIFETIME

NO_NAME_QUESTION = {
    "pending_name_look_id": None,
    "pending_name_chat": None,
    "pending_name_asked_at": None,
    "pending_name": None,
}
"""Values of a row without a question for a display name."""


async def record(
    connection: AsyncConnection, person_id: UUID, look_id: UUID, *, chat: str, proposed_name: str | None = None
) -> None:
    """Record that a display name is asked for now, or shown back to be confirmed.

    Args:
        connection: to execute on.
        person_id: who is asked.
        look_id: the look to be shared under the name.
        chat: where the question is asked.
        proposed_name: the name to confirm, 1 to 40 characters; None while there is none.
    """
    values = {
        "pending_name_look_id": look_id,
        "pending_name_chat": chat,
        "pending_name_asked_at": func.now(),
        "pending_name": proposed_name,
    }
    await connection.execute(update(schema.people).where(schema.people.c.id == person_id).values(values))


async def delete(connection: AsyncConnection, person_id: UUID) -> None:
    """Close the question for a display name, and forget a name that was not confirmed."""
    await connection.execute(update(schema.people).where(schema.people.c.id == person_id).values(NO_NAME_QUESTION))


async def delete_expired(connection: AsyncConnection) -> None:
    """Close all questions for a display name whose time is over."""
    is_expired = schema.people.c.pending_name_asked_at < func.now() - NAME_QUESTION_LIFETIME
    await connection.execute(update(schema.people).where(is_expired).values(NO_NAME_QUESTION))
