"""Updates in the inbox whose sender was erased by them: they have none, and are deleted when they are processed."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, null, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema


async def delete_sender(connection: AsyncConnection, inbox_id: int, payload: Mapping[str, Any]) -> None:
    """Keep an update while everything of its sender is deleted.

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
    """Delete an update with its checkpoints, when it is processed."""
    await connection.execute(delete(schema.inbox).where(schema.inbox.c.id == inbox_id))
