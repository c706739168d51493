"""Tickets: what may be used once and not for long. Only a hash of each is kept, so that who reads the table has none.

There are two kinds, which cannot be taken for each other: links that a person was given and that have not been used,
and proofs of somebody else's that were used and must not be used again.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert

from core.db import tables
from core.db.errors import missing_person_as_error

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ["LIFETIME", "find", "issue", "purge", "redeem", "spend"]

LIFETIME = timedelta(minutes=10)
"""Of a link."""
RANDOM_BYTES = 24


async def issue(connection: AsyncConnection, person_id: UUID, *, lifetime: timedelta = LIFETIME) -> str:
    """A new token, 192 random bits in letters that fit into an address, which stands for a person once.

    Raises:
        PersonGone: the person was forgotten.
    """
    token = secrets.token_urlsafe(RANDOM_BYTES)
    await _keep(connection, _link(token), person_id, lifetime)
    return token


async def find(connection: AsyncConnection, token: str) -> UUID | None:
    """The person for whom a token stands, which stays good; None if it was used, is too old or never was one."""
    table = tables.tickets
    found = select(table.c.person_id).where(table.c.digest == _link(token), table.c.expires_at > func.now())
    return (await connection.execute(found)).scalar_one_or_none()


async def redeem(connection: AsyncConnection, token: str) -> UUID | None:
    """The person for whom a token stands, to whom else asks at the same time or later: None."""
    table = tables.tickets
    used = delete(table).where(table.c.digest == _link(token), table.c.expires_at > func.now())
    return (await connection.execute(used.returning(table.c.person_id))).scalar_one_or_none()


async def spend(connection: AsyncConnection, proof: str, person_id: UUID, *, lifetime: timedelta) -> bool:
    """Note that a proof was used; False if it was before.

    Args:
        connection: the unit of work.
        proof: what shows who somebody is, e.g. a signature of Telegram's.
        person_id: who that is.
        lifetime: how long it would be believed, from now on.

    Raises:
        PersonGone: the person was forgotten.
    """
    return await _keep(connection, _digest("proof", proof), person_id, lifetime)


async def purge(connection: AsyncConnection) -> int:
    """Delete what is too old; how many that were."""
    gone = await connection.execute(delete(tables.tickets).where(tables.tickets.c.expires_at <= func.now()))
    return gone.rowcount


async def _keep(connection: AsyncConnection, digest: bytes, person_id: UUID, lifetime: timedelta) -> bool:
    values = {"digest": digest, "person_id": person_id, "expires_at": func.now() + literal(lifetime)}
    with missing_person_as_error(tables.tickets):
        kept = await connection.execute(upsert(tables.tickets).values(**values).on_conflict_do_nothing())
    return kept.rowcount == 1


def _link(token: str) -> bytes:
    return _digest("link", token)


def _digest(kind: str, words: str) -> bytes:
    return hashlib.sha256(f"{kind} {words}".encode()).digest()
