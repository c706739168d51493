"""Sessions: browsers that Eva knows, each an identity of its own (`Provider.WEB`), until they do not come back.

Both purges find their few rows in `ix_identities_sessions`, which holds browsers by when they were last used.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.account_merge import no_content_condition
from core.db.people import Identity
from core.db.schema import IdentityProvider

TOUCH_INTERVAL = timedelta(days=30)
"""How exactly it is known when a browser was last used; a write for each deed would be too much."""
MAX_IDLE = timedelta(days=400)
"""After which an unused session ends: no browser keeps its cookie so long."""
ANONYMOUS_MAX_IDLE = timedelta(days=90)
"""After which somebody is forgotten whom one browser knew and of whom there is nothing."""


async def touch(connection: AsyncConnection, session: Identity) -> None:
    """Note that a browser did something."""
    if datetime.now(UTC) - session.last_seen_at < TOUCH_INTERVAL:
        return
    table = schema.identities
    used = (table.c.provider == session.provider, table.c.subject == session.subject)
    await connection.execute(update(table).where(*used).values(last_seen_at=func.now()))


async def is_anonymous(connection: AsyncConnection, person_id: UUID) -> bool:
    """Whether nothing but browsers leads to a person, neither a chat nor a login."""
    table = schema.identities
    proved = exists().where(table.c.person_id == person_id, table.c.provider != IdentityProvider.WEB)
    return not (await connection.execute(select(proved))).scalar_one()


async def delete_expired(connection: AsyncConnection) -> int:
    """End the sessions that were not used for so long that their cookies are gone; how many those were.

    Those of people to whom nothing else leads stay: what such people shared is still theirs.
    """
    table = schema.identities
    gone = delete(table).where(*_is_idle_session(MAX_IDLE), _has_active_identity(MAX_IDLE))
    return (await connection.execute(gone)).rowcount


async def delete_empty_visitors(connection: AsyncConnection, *, limit: int) -> int:
    """Delete people to whom nothing but unused browsers leads, and of whom there is nothing.

    A browser that does something at the same time keeps its person: it renews its session, or waits for this to end.

    Args:
        connection: the unit of work.
        limit: how many at most.

    Returns:
        How many those were.
    """
    table, people = schema.identities, schema.people
    banned = exists().where(people.c.id == table.c.person_id, people.c.banned_at.is_not(None))
    found = (
        select(table.c.person_id)
        .where(
            *_is_idle_session(ANONYMOUS_MAX_IDLE),
            ~_has_active_identity(ANONYMOUS_MAX_IDLE),
            ~banned,
            no_content_condition(table.c.person_id),
        )
        .order_by(table.c.last_seen_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    strangers = set((await connection.execute(found)).scalars())
    return (await connection.execute(delete(people).where(people.c.id.in_(strangers)))).rowcount


def _is_idle_session(idle_for: timedelta) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    table = schema.identities
    return table.c.provider == IdentityProvider.WEB, table.c.last_seen_at < func.now() - idle_for


def _has_active_identity(idle_for: timedelta) -> ColumnElement[bool]:
    """Whether a chat, a login or a browser that was used since leads to the same person."""
    table, other = schema.identities, schema.identities.alias()
    alive = or_(other.c.provider != IdentityProvider.WEB, other.c.last_seen_at >= func.now() - idle_for)
    return exists().where(other.c.person_id == table.c.person_id, alive)
