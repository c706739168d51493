"""One-time tokens: login links and questions about a login that were issued, and proofs of providers that were used.

Links to result cards are in the same table, but may be used again until they end.

Only a SHA-256 hash of each is stored, so that a copy of the table contains no valid token. The kinds have different
hashes, so that none is accepted as another, and the first byte of a hash names its kind, so that all ways to log in can
be ended together. The hash of a card link covers the look: a token opens one card.
"""

import hashlib
import secrets
from datetime import timedelta
from enum import IntEnum
from uuid import UUID

from sqlalchemy import delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.errors import missing_person_as_error


class TokenKind(IntEnum):
    """What a token is for: the first byte of its hash."""

    LOGIN_LINK = 0
    PROOF = 1
    CARD_LINK = 2
    PENDING_LOGIN = 3
    """A verified login that waits for an answer, and logs in together with the session that it waits in."""


LOGIN_KINDS = (TokenKind.LOGIN_LINK, TokenKind.PENDING_LOGIN)
LOGIN_LINK_LIFETIME = timedelta(minutes=10)
TOKEN_BYTES = 24


async def create(
    connection: AsyncConnection,
    person_id: UUID,
    *,
    lifetime: timedelta = LOGIN_LINK_LIFETIME,
    kind: TokenKind = TokenKind.LOGIN_LINK,
) -> str:
    """Issue a token for a person, 192 random bits as URL-safe text.

    Args:
        connection: the transaction.
        person_id: whom it logs in, or the visitor for a new login.
        lifetime: for how long it works.
        kind: one of `LOGIN_KINDS`.

    Raises:
        PersonNotFoundError: the person was deleted.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    await _insert_token(connection, _hash(kind, token), person_id, lifetime)
    return token


async def get_person_id(connection: AsyncConnection, token: str, kind: TokenKind = TokenKind.LOGIN_LINK) -> UUID | None:
    """The person of a token, which stays valid; None if it is unknown, used or expired."""
    table = schema.one_time_tokens
    is_valid = table.c.token_hash == _hash(kind, token), table.c.expires_at > func.now()
    return (await connection.execute(select(table.c.person_id).where(*is_valid))).scalar_one_or_none()


async def consume(connection: AsyncConnection, token: str, kind: TokenKind = TokenKind.LOGIN_LINK) -> UUID | None:
    """The person of a token, which is deleted; None if it is unknown, used or expired."""
    table = schema.one_time_tokens
    is_valid = table.c.token_hash == _hash(kind, token), table.c.expires_at > func.now()
    deleted = await connection.execute(delete(table).where(*is_valid).returning(table.c.person_id))
    return deleted.scalar_one_or_none()


async def record_used_proof(connection: AsyncConnection, proof: str, person_id: UUID, *, lifetime: timedelta) -> bool:
    """Record that a proof of identity was used, so that it is not accepted again.

    Args:
        connection: to execute on.
        proof: e.g. the signature of a Telegram login.
        person_id: whose identity it proves.
        lifetime: how long the proof would be accepted, from now on.

    Returns:
        False if it was used before.

    Raises:
        PersonNotFoundError: the person was deleted.
    """
    return await _insert_token(connection, _hash(TokenKind.PROOF, proof), person_id, lifetime)


async def create_card_link(connection: AsyncConnection, look_id: UUID, person_id: UUID, *, lifetime: timedelta) -> str:
    """Create a link to the card of a look; its token, 192 random bits as URL-safe text.

    Args:
        connection: the transaction.
        look_id: whose card it opens.
        person_id: the owner of the look; the link is deleted with them.
        lifetime: for how long it works.

    Raises:
        PersonNotFoundError: the person was deleted.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    await _insert_token(connection, _hash_card_token(look_id, token), person_id, lifetime)
    return token


async def is_card_link_valid(connection: AsyncConnection, look_id: UUID, token: str) -> bool:
    """Whether a token opens the card of a look now."""
    table = schema.one_time_tokens
    is_valid = table.c.token_hash == _hash_card_token(look_id, token), table.c.expires_at > func.now()
    return (await connection.execute(select(table.c.person_id).where(*is_valid))).first() is not None


async def delete_card_link(connection: AsyncConnection, look_id: UUID, token: str) -> None:
    """End a link at once; does nothing for one that is over."""
    table = schema.one_time_tokens
    await connection.execute(delete(table).where(table.c.token_hash == _hash_card_token(look_id, token)))


async def delete_login_tokens(connection: AsyncConnection, person_id: UUID) -> None:
    """End all login links of a person and logins that wait for an answer, at once."""
    table = schema.one_time_tokens
    is_login = func.get_byte(table.c.token_hash, 0).in_(LOGIN_KINDS)
    await connection.execute(delete(table).where(table.c.person_id == person_id, is_login))


async def delete_expired(connection: AsyncConnection) -> int:
    """Delete expired tokens and proofs; their number."""
    table = schema.one_time_tokens
    return (await connection.execute(delete(table).where(table.c.expires_at <= func.now()))).rowcount


async def _insert_token(connection: AsyncConnection, token_hash: bytes, person_id: UUID, lifetime: timedelta) -> bool:
    values = {"token_hash": token_hash, "person_id": person_id, "expires_at": func.now() + literal(lifetime)}
    with missing_person_as_error(schema.one_time_tokens):
        inserted = await connection.execute(upsert(schema.one_time_tokens).values(**values).on_conflict_do_nothing())
    return inserted.rowcount == 1


def _hash_card_token(look_id: UUID, token: str) -> bytes:
    return _hash(TokenKind.CARD_LINK, f"{look_id} {token}")


def _hash(kind: TokenKind, secret: str) -> bytes:
    return bytes([kind]) + hashlib.sha256(f"{kind:d} {secret}".encode()).digest()[1:]
