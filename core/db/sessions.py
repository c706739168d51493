"""Browser sessions, each an identity of its provider `WEB`: their last use, and their end.

Both deletions find their rows through `ix_identities_sessions`, an index of the sessions by their last use.

See ADR 0012.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.account_merge import no_content_condition
from core.db.identities import Identity
from core.db.schema import IdentityProvider

TOUCH_INTERVAL = timedelta(days=30)
"""Precision of the last use; exact times would cost a write per request."""
MAX_IDLE = timedelta(days=400)
"""After which a session that changed nothing ends; browsers keep its cookie no longer (RFC 6265bis, 5.5)."""
ANONYMOUS_MAX_IDLE = timedelta(days=90)
"""After which a visitor without content and without a login is deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOwner:
    """The person that a session belongs to."""

    person_id: UUID
    is_anonymous: bool
    """Whether the person has browser sessions only, and neither a chat nor a login."""


async def touch(connection: AsyncConnection, session: Identity) -> bool:
    """Record that a session changed something, at most once in `TOUCH_INTERVAL`; reading is not recorded.

    Returns:
        False if the session was deleted at this moment.
    """
    if datetime.now(UTC) - session.last_seen_at < TOUCH_INTERVAL:
        return True
    table, people = schema.identities, schema.people
    # The deletion of idle visitors has locked the person, or leaves them out.
    person = select(people.c.id).where(people.c.id == session.person_id).with_for_update(read=True, key_share=True)
    is_session = (
        table.c.provider == session.provider,
        table.c.subject == session.subject,
        table.c.person_id.in_(person),
    )
    touched = await connection.execute(update(table).where(*is_session).values(last_seen_at=func.now()))
    return touched.rowcount == 1


async def get_owner(connection: AsyncConnection, key: str) -> SessionOwner | None:
    """The person of the session with this key; None for an unknown session."""
    table, other = schema.identities, schema.identities.alias()
    has_other_identity = exists().where(
        other.c.person_id == table.c.person_id, other.c.provider != IdentityProvider.WEB
    )
    is_session = table.c.provider == IdentityProvider.WEB, table.c.subject == key
    statement = select(table.c.person_id, (~has_other_identity).label("is_anonymous")).where(*is_session)
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else SessionOwner(person_id=row.person_id, is_anonymous=row.is_anonymous)


async def delete_expired(connection: AsyncConnection) -> int:
    """Delete sessions that were idle for `MAX_IDLE`; their number.

    The last session of a person without another identity remains, so that they can still manage what they shared.
    """
    table = schema.identities
    expired = delete(table).where(*_is_idle_session(MAX_IDLE), _has_active_identity(table.c.person_id, MAX_IDLE))
    return (await connection.execute(expired)).rowcount


async def delete_empty_visitors(connection: AsyncConnection, *, limit: int) -> int:
    """Delete people who have idle browser sessions only, and no content.

    Someone who comes back at the same time is left out, or waits for this transaction: a use of a session, a login and
    all content lock the person.

    Args:
        connection: the transaction.
        limit: number of people, at most.

    Returns:
        The number of deleted people.
    """
    table, people = schema.identities, schema.people
    is_empty = ~_has_active_identity(people.c.id, ANONYMOUS_MAX_IDLE), no_content_condition(people.c.id)
    idle = (
        select(people.c.id)
        .join(table, table.c.person_id == people.c.id)
        .where(*_is_idle_session(ANONYMOUS_MAX_IDLE), people.c.banned_at.is_(None), *is_empty)
        .order_by(table.c.last_seen_at)
        .limit(limit)
        .with_for_update(of=people, skip_locked=True)
    )
    person_ids = set((await connection.execute(idle)).scalars())
    # Again, since they may have come back before they were locked.
    return (await connection.execute(delete(people).where(people.c.id.in_(person_ids), *is_empty))).rowcount


def _is_idle_session(idle_for: timedelta) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    table = schema.identities
    return table.c.provider == IdentityProvider.WEB, table.c.last_seen_at < func.now() - idle_for


def _has_active_identity(person_id: ColumnElement[UUID], idle_for: timedelta) -> ColumnElement[bool]:
    """Whether a person has a chat, a login, or a session that was used since."""
    other = schema.identities.alias()
    is_active = or_(other.c.provider != IdentityProvider.WEB, other.c.last_seen_at >= func.now() - idle_for)
    return exists().where(other.c.person_id == person_id, is_active)
