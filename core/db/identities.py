"""Identities of people: a chat, a login or a browser session, each with its provider's id of the person."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Row, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.database import CompiledStatement
from core.db.errors import missing_person_as_error
from core.db.schema import IdentityProvider


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The identity of a person with a provider."""

    provider: IdentityProvider
    subject: str
    """The provider's id of the person."""
    person_id: UUID
    created_at: datetime
    blocked_at: datetime | None
    """When the person was found to have blocked the bot or deleted the chat."""
    last_seen_at: datetime
    """Of a browser session, when it last changed something, exact to a month; of all others, the time of creation."""


async def create_identity(
    connection: AsyncConnection, person_id: UUID, provider: IdentityProvider, subject: str
) -> bool:
    """Add an identity to a person.

    Args:
        connection: to execute on.
        person_id: the person.
        provider: of the identity.
        subject: the provider's id of the person.

    Returns:
        False if the identity belongs to another person.

    Raises:
        PersonNotFoundError: the person was deleted.
    """
    values = {"provider": provider, "subject": subject, "person_id": person_id}
    with missing_person_as_error(schema.identities):
        await connection.execute(upsert(schema.identities).values(**values).on_conflict_do_nothing())
    identity = await get_identity(connection, provider, subject)
    return identity is not None and identity.person_id == person_id


async def delete_identity(connection: AsyncConnection, provider: IdentityProvider, subject: str) -> None:
    """Delete an identity of any person."""
    await connection.execute(delete(schema.identities).where(*identity_matches(provider, subject)))


async def delete_identities(
    connection: AsyncConnection, person_id: UUID, providers: Iterable[IdentityProvider]
) -> None:
    """Delete all identities of a person with these providers."""
    table = schema.identities
    is_affected = table.c.person_id == person_id, table.c.provider.in_(list(providers))
    await connection.execute(delete(table).where(*is_affected))


async def get_identity(connection: AsyncConnection, provider: IdentityProvider, subject: str) -> Identity | None:
    """The identity with this provider and subject, or None."""
    rows = await SELECT_IDENTITY.fetch(connection, provider=provider, subject=subject)
    return _to_identity(rows[0]) if rows else None


async def list_identities(connection: AsyncConnection, person_id: UUID) -> list[Identity]:
    """All identities of a person, the oldest first."""
    table = schema.identities
    statement = select(table).where(table.c.person_id == person_id).order_by(table.c.created_at, table.c.provider)
    return [_to_identity(row) for row in await connection.execute(statement)]


async def mark_blocked(connection: AsyncConnection, provider: IdentityProvider, subject: str) -> None:
    """Record that messages to this identity are not delivered any more."""
    await connection.execute(
        update(schema.identities).where(*identity_matches(provider, subject)).values(blocked_at=func.now())
    )


async def mark_unblocked(connection: AsyncConnection, provider: IdentityProvider, subject: str) -> None:
    """Record that messages to this identity are delivered again."""
    table = schema.identities
    await connection.execute(
        update(table)
        .where(*identity_matches(provider, subject), table.c.blocked_at.is_not(None))
        .values(blocked_at=None)
    )


def identity_matches(
    provider: IdentityProvider | BindParameter[str], subject: str | BindParameter[str]
) -> tuple[ColumnElement[bool], ...]:
    """The condition for a row of one identity."""
    return schema.identities.c.provider == provider, schema.identities.c.subject == subject


MATCHES_IDENTITY = identity_matches(bindparam("provider"), bindparam("subject"))
"""The same for the parameters `provider` and `subject`; for the other repositories."""
SELECT_IDENTITY = CompiledStatement(select(schema.identities).where(*MATCHES_IDENTITY))


def _to_identity(row: Row[tuple[object, ...]]) -> Identity:
    return Identity(
        provider=IdentityProvider(row.provider),
        subject=row.subject,
        person_id=row.person_id,
        created_at=row.created_at,
        blocked_at=row.blocked_at,
        last_seen_at=row.last_seen_at,
    )
