"""Follows: who wants to see whose looks. How many somebody has is kept in the people by the database itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Uuid, delete, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert

from core.db import tables
from core.db.errors import missing_person_as_error
from core.db.people import as_person

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncConnection

    from core.db.people import Person

__all__ = ["follow", "followed_by", "unfollow"]


async def follow(connection: AsyncConnection, person_id: UUID, followed_id: UUID) -> int | None:
    """Follow somebody, once. Nobody follows themselves, and nobody begins to follow who is banned.

    Returns:
        How many followers they have now; None if they are gone, banned, or the same person.

    Raises:
        PersonGone: who wants to follow was forgotten.
    """
    people = tables.people
    may_be = people.c.banned_at.is_(None), people.c.id != person_id
    other = select(literal(person_id, Uuid), people.c.id).where(people.c.id == followed_id, *may_be)
    statement = upsert(tables.follows).from_select(["person_id", "followed_id"], other).on_conflict_do_nothing()
    with missing_person_as_error(tables.follows):
        await connection.execute(statement)
    found = select(people.c.followers).where(people.c.id == followed_id, *may_be)
    return (await connection.execute(found)).scalar_one_or_none()


async def unfollow(connection: AsyncConnection, person_id: UUID, followed_id: UUID) -> int | None:
    """Follow somebody no longer.

    Returns:
        How many followers they have now; None if they are gone.
    """
    table, people = tables.follows, tables.people
    await connection.execute(delete(table).where(table.c.person_id == person_id, table.c.followed_id == followed_id))
    found = select(people.c.followers).where(people.c.id == followed_id)
    return (await connection.execute(found)).scalar_one_or_none()


async def followed_by(
    connection: AsyncConnection, person_id: UUID, *, limit: int, after: UUID | None = None
) -> list[Person]:
    """The people whom a person follows, those who came to Eva last first.

    Args:
        connection: the unit of work.
        person_id: who follows them.
        limit: how many at most.
        after: the id of the last one of the page before.
    """
    table, people = tables.follows, tables.people
    found = select(people).join(table, table.c.followed_id == people.c.id).where(table.c.person_id == person_id)
    if after is not None:
        found = found.where(table.c.followed_id < after)
    found = found.order_by(table.c.followed_id.desc()).limit(limit)
    return [as_person(row) for row in await connection.execute(found)]
