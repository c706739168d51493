"""Sessions: browsers that Eva knows, each an identity of its own (`Provider.WEB`), until they do not come back.

Both purges find their few rows in `ix_identities_browsers`, which holds browsers by when they were last used.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update

from core.db import tables
from core.db.merges import bare
from core.db.tables import Provider

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncConnection

    from core.db.people import Identity

__all__ = ["is_cookie_alone", "purge", "purge_bare", "use"]

RENEWED = timedelta(days=30)
"""How exactly it is known when a browser was last used; a write for each deed would be too much."""
KEPT = timedelta(days=400)
"""After which an unused session ends: no browser keeps its cookie so long."""
BARE = timedelta(days=90)
"""After which somebody is forgotten whom one browser knew and of whom there is nothing."""


async def use(connection: AsyncConnection, session: Identity) -> None:
    """Note that a browser did something."""
    if datetime.now(UTC) - session.used_at < RENEWED:
        return
    table = tables.identities
    used = (table.c.provider == session.provider, table.c.subject == session.subject)
    await connection.execute(update(table).where(*used).values(used_at=func.now()))


async def is_cookie_alone(connection: AsyncConnection, person_id: UUID) -> bool:
    """Whether nothing but browsers leads to a person, neither a chat nor a login."""
    table = tables.identities
    proved = exists().where(table.c.person_id == person_id, table.c.provider != Provider.WEB)
    return not (await connection.execute(select(proved))).scalar_one()


async def purge(connection: AsyncConnection) -> int:
    """End the sessions that were not used for so long that their cookies are gone; how many those were.

    Those of people to whom nothing else leads stay: what such people shared is still theirs.
    """
    table = tables.identities
    gone = delete(table).where(*_unused(KEPT), _has_another(KEPT))
    return (await connection.execute(gone)).rowcount


async def purge_bare(connection: AsyncConnection, *, limit: int) -> int:
    """Delete people to whom nothing but unused browsers leads, and of whom there is nothing.

    A browser that does something at the same time keeps its person: it renews its session, or waits for this to end.

    Args:
        connection: the unit of work.
        limit: how many at most.

    Returns:
        How many those were.
    """
    table, people = tables.identities, tables.people
    banned = exists().where(people.c.id == table.c.person_id, people.c.banned_at.is_not(None))
    found = (
        select(table.c.person_id)
        .where(*_unused(BARE), ~_has_another(BARE), ~banned, bare(table.c.person_id))
        .order_by(table.c.used_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    strangers = set((await connection.execute(found)).scalars())
    return (await connection.execute(delete(people).where(people.c.id.in_(strangers)))).rowcount


def _unused(age: timedelta) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    table = tables.identities
    return table.c.provider == Provider.WEB, table.c.used_at < func.now() - age


def _has_another(age: timedelta) -> ColumnElement[bool]:
    """Whether a chat, a login or a browser that was used since leads to the same person."""
    table, other = tables.identities, tables.identities.alias()
    alive = or_(other.c.provider != Provider.WEB, other.c.used_at >= func.now() - age)
    return exists().where(other.c.person_id == table.c.person_id, alive)
