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

from sqlalchemy import ColumnElement, delete, func, literal, select
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
    look_id: UUID | None = None,
) -> str:
    """Issue a token, 192 random bits as URL-safe text.

    Args:
        connection: the transaction.
        person_id: whom it logs in, the visitor for a new login, or the owner of the look.
        lifetime: for how long it works.
        kind: any but `PROOF`.
        look_id: whose card a `CARD_LINK` opens.

    Raises:
        PersonNotFoundError: the person was deleted.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    await _insert_token(connection, _hash(kind, token, look_id), person_id, lifetime)
    return token


async def get_person_id(
    connection: AsyncConnection, token: str, kind: TokenKind = TokenKind.LOGIN_LINK, look_id: UUID | None = None
) -> UUID | None:
    """The person of a token, which stays valid; None if it is unknown, used or expired.

    Args:
        connection: to execute on.
        token: what `create` returned.
        kind: with which it was created.
        look_id: with which it was created.
    """
    table = schema.one_time_tokens
    statement = select(table.c.person_id).where(*_is_valid(kind, token, look_id))
    return (await connection.execute(statement)).scalar_one_or_none()


async def consume(
    connection: AsyncConnection, token: str, kind: TokenKind = TokenKind.LOGIN_LINK, look_id: UUID | None = None
) -> UUID | None:
    """The person of a token, which is deleted; None if it is unknown, used or expired.

    Args:
        connection: to execute on.
        token: what `create` returned.
        kind: with which it was created.
        look_id: with which it was created.
    """
    table = schema.one_time_tokens
    deleted = await connection.execute(
        delete(table).where(*_is_valid(kind, token, look_id)).returning(table.c.person_id)
    )
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


def _is_valid(kind: TokenKind, token: str, look_id: UUID | None) -> tuple[ColumnElement[bool], ...]:
    table = schema.one_time_tokens
    return table.c.token_hash == _hash(kind, token, look_id), table.c.expires_at > func.now()


def _hash(kind: TokenKind, secret: str, look_id: UUID | None = None) -> bytes:
    text = f"{kind:d} {secret}" if look_id is None else f"{kind:d} {look_id} {secret}"
    return bytes([kind]) + hashlib.sha256(text.encode()).digest()[1:]
