"""Links to result cards: `one_time_tokens` that may be used again until they end.

As for login links only a hash is stored. It covers the look, so that a token opens one card.
"""

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.errors import missing_person_as_error
from core.db.one_time_tokens import TOKEN_BYTES


async def create_link(connection: AsyncConnection, look_id: UUID, person_id: UUID, *, lifetime: timedelta) -> str:
    """Create a link to the card of a look; its token, 192 random bits as URL-safe text.

    Args:
        connection: the transaction.
        look_id: whose card it opens.
        person_id: the owner of the look; the link is deleted with them.
        lifetime: for how long it works.

    Raises:
        PersonNotFoundError: the person was deleted.
    """
    token, table = secrets.token_urlsafe(TOKEN_BYTES), schema.one_time_tokens
    values = {
        "token_hash": _hash(look_id, token),
        "person_id": person_id,
        "expires_at": func.now() + literal(lifetime),
    }
    with missing_person_as_error(table):
        await connection.execute(insert(table).values(**values))
    return token


async def is_valid(connection: AsyncConnection, look_id: UUID, token: str) -> bool:
    """Whether a token opens the card of a look now."""
    table = schema.one_time_tokens
    is_this = table.c.token_hash == _hash(look_id, token), table.c.expires_at > func.now()
    return (await connection.execute(select(table.c.person_id).where(*is_this))).first() is not None


async def delete_link(connection: AsyncConnection, look_id: UUID, token: str) -> None:
    """End a link at once; does nothing for one that is over."""
    table = schema.one_time_tokens
    await connection.execute(delete(table).where(table.c.token_hash == _hash(look_id, token)))


def _hash(look_id: UUID, token: str) -> bytes:
    """Differs from the hashes of login links and proofs, so that none is accepted as another."""
    return hashlib.sha256(f"card {look_id} {token}".encode()).digest()
