"""Marks of what Eva has sent, so that a job that starts again goes on where it was.

Each message of an answer is a step with a name. It is marked right after it was sent: a crash between the two
repeats that one message, and nothing else.
"""

from sqlalchemy import BigInteger, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.compiled_statements import CompiledStatement

INSERT = CompiledStatement(
    text("""
INSERT INTO deliveries (inbox_id, step, message)
SELECT id, CAST(:step AS text), CAST(:message AS text) FROM inbox WHERE id = :inbox_id FOR KEY SHARE
ON CONFLICT DO NOTHING RETURNING step
""")
)
SELECT_DONE = CompiledStatement(
    select(schema.job_checkpoints.c.step, schema.job_checkpoints.c.message).where(
        schema.job_checkpoints.c.inbox_id == bindparam("inbox_id", type_=BigInteger)
    )
)


async def list_done(connection: AsyncConnection, inbox_id: int) -> dict[str, str | None]:
    """The steps of the answer to an update that were sent already, with the messenger's ids of the messages."""
    return {row.step: row.message for row in await SELECT_DONE.fetch_all(connection, inbox_id=inbox_id)}


async def record(connection: AsyncConnection, inbox_id: int, name: str, *, data: str | None = None) -> None:
    """Note that a step was sent; nothing happens if it was noted before, or if the update was forgotten."""
    await try_claim(connection, inbox_id, name, data=data)


async def try_claim(connection: AsyncConnection, inbox_id: int, name: str, *, data: str | None = None) -> bool:
    """Note a step before it is sent, so that of several workers one sends it; True for that one."""
    return await INSERT.fetch_one(connection, inbox_id=inbox_id, step=name, message=data) is not None
