"""Tickets: what may be used once and not for long. Only a hash of each is kept, so that who reads the table has none.

There are two kinds, which cannot be taken for each other: links that a person was given and that have not been used,
and proofs of somebody else's that were used and must not be used again.
"""

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.errors import missing_person_as_error

LOGIN_LINK_LIFETIME = timedelta(minutes=10)
"""Of a link."""
TOKEN_BYTES = 24


async def create(connection: AsyncConnection, person_id: UUID, *, lifetime: timedelta = LOGIN_LINK_LIFETIME) -> str:
    """A new token, 192 random bits in letters that fit into an address, which stands for a person once.

    Raises:
        PersonNotFoundError: the person was forgotten.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    await _insert_token(connection, _hash_link_token(token), person_id, lifetime)
    return token


async def get_person_id(connection: AsyncConnection, token: str) -> UUID | None:
    """The person for whom a token stands, which stays good; None if it was used, is too old or never was one."""
    table = schema.one_time_tokens
    found = select(table.c.person_id).where(
        table.c.token_hash == _hash_link_token(token), table.c.expires_at > func.now()
    )
    return (await connection.execute(found)).scalar_one_or_none()


async def consume(connection: AsyncConnection, token: str) -> UUID | None:
    """The person for whom a token stands, to whom else asks at the same time or later: None."""
    table = schema.one_time_tokens
    used = delete(table).where(table.c.token_hash == _hash_link_token(token), table.c.expires_at > func.now())
    return (await connection.execute(used.returning(table.c.person_id))).scalar_one_or_none()


async def record_used_proof(connection: AsyncConnection, proof: str, person_id: UUID, *, lifetime: timedelta) -> bool:
    """Note that a proof was used; False if it was before.

    Args:
        connection: the unit of work.
        proof: what shows who somebody is, e.g. a signature of Telegram's.
        person_id: who that is.
        lifetime: how long it would be believed, from now on.

    Raises:
        PersonNotFoundError: the person was forgotten.
    """
    return await _insert_token(connection, _hash("proof", proof), person_id, lifetime)


async def delete_expired(connection: AsyncConnection) -> int:
    """Delete what is too old; how many that were."""
    gone = await connection.execute(
        delete(schema.one_time_tokens).where(schema.one_time_tokens.c.expires_at <= func.now())
    )
    return gone.rowcount


async def _insert_token(connection: AsyncConnection, token_hash: bytes, person_id: UUID, lifetime: timedelta) -> bool:
    values = {"token_hash": token_hash, "person_id": person_id, "expires_at": func.now() + literal(lifetime)}
    with missing_person_as_error(schema.one_time_tokens):
        kept = await connection.execute(upsert(schema.one_time_tokens).values(**values).on_conflict_do_nothing())
    return kept.rowcount == 1


def _hash_link_token(token: str) -> bytes:
    return _hash("link", token)


def _hash(kind: str, secret: str) -> bytes:
    return hashlib.sha256(f"{kind} {secret}".encode()).digest()
