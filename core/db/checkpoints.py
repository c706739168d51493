"""Checkpoints of a job: which steps of it are done, so that a repeated job continues where it stopped.

Each message of a reply is a step with a name. It is recorded right after it was sent: a crash between the two repeats
that one message and nothing else. Checkpoints hold message ids and other references, never texts of people, and are
deleted with the update.
"""

import json
from typing import Any

from sqlalchemy import BigInteger, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.compiled_statements import CompiledStatement

INSERT = CompiledStatement(
    text("""
INSERT INTO job_checkpoints (inbox_id, name, data)
SELECT id, CAST(:name AS text), CAST(CAST(:data AS text) AS jsonb) FROM inbox WHERE id = :inbox_id FOR KEY SHARE
ON CONFLICT DO NOTHING RETURNING name
""")
)
SELECT_DONE = CompiledStatement(
    select(schema.job_checkpoints.c.name, schema.job_checkpoints.c.data).where(
        schema.job_checkpoints.c.inbox_id == bindparam("inbox_id", type_=BigInteger)
    )
)


async def list_done(connection: AsyncConnection, inbox_id: int) -> dict[str, Any]:
    """The data of all recorded steps of an update's job, by the names of the steps."""
    return {row.name: row.data for row in await SELECT_DONE.fetch_all(connection, inbox_id=inbox_id)}


async def record(connection: AsyncConnection, inbox_id: int, name: str, *, data: Any = None) -> bool:
    """Record a step, after it was done, or before it is done so that only one of several workers does it.

    Args:
        connection: to execute on.
        inbox_id: the update that the job handles.
        name: of the step, unique for the update.
        data: what a repeated job needs of it, as JSON; ids only, no texts of people.

    Returns:
        True for the worker that recorded it first; False also if the update was deleted.
    """
    encoded = None if data is None else json.dumps(data)
    return await INSERT.fetch_one(connection, inbox_id=inbox_id, name=name, data=encoded) is not None
