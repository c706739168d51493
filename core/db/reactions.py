"""What a person puts on looks, a heart or a scrap: one of each kind on a look, and only on looks of the board.

For the repositories of the kinds; each table has the columns `look_id` and `person_id`, and both are its key.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Integer, Table, Uuid, any_, bindparam, delete, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import leaderboard, schema
from core.db.compiled_statements import CompiledStatement
from core.db.errors import missing_person_as_error
from core.db.leaderboard import LeaderboardEntry
from core.db.schema import IdentityProvider


async def insert_reaction(connection: AsyncConnection, table: Table, look_id: UUID, person_id: UUID) -> None:
    """Put a person's mark on a look, if that is on the board; a second one changes nothing.

    Raises:
        PersonNotFoundError: the person was forgotten.
    """
    looks = schema.looks
    is_public = select(looks.c.id, literal(person_id, Uuid)).where(looks.c.id == look_id, looks.c.is_public)
    statement = upsert(table).from_select(["look_id", "person_id"], is_public).on_conflict_do_nothing()
    with missing_person_as_error(table):
        await connection.execute(statement)


async def delete_reaction(connection: AsyncConnection, table: Table, look_id: UUID, person_id: UUID) -> None:
    """Take a person's mark off a look, if it is there."""
    await connection.execute(delete(table).where(table.c.look_id == look_id, table.c.person_id == person_id))


async def add_heart(connection: AsyncConnection, look_id: UUID, person_id: UUID) -> int | None:
    """Give a look a heart; one person's is one heart, however often it is given.

    Returns:
        How many hearts it has now; None if it is not on the board.

    Raises:
        PersonNotFoundError: the person was forgotten.
    """
    await insert_reaction(connection, schema.hearts, look_id, person_id)
    return await _count_hearts(connection, look_id)


async def remove_heart(connection: AsyncConnection, look_id: UUID, person_id: UUID) -> int | None:
    """Take a heart back, if it was given.

    Returns:
        How many hearts the look has now; None if it is not on the board.
    """
    await delete_reaction(connection, schema.hearts, look_id, person_id)
    return await _count_hearts(connection, look_id)


async def list_hearted_look_ids(
    connection: AsyncConnection, provider: IdentityProvider, subject: str, look_ids: Iterable[UUID]
) -> frozenset[UUID]:
    """Those of the looks that have the heart of whoever a provider knows by this id; none if that is nobody."""
    found = await SELECT_HEARTED.fetch_all(connection, provider=provider, subject=subject, look_ids=list(look_ids))
    return frozenset(row.look_id for row in found)


SELECT_HEARTED = CompiledStatement(
    select(schema.hearts.c.look_id)
    .join(schema.identities, schema.identities.c.person_id == schema.hearts.c.person_id)
    .where(
        schema.identities.c.provider == bindparam("provider"),
        schema.identities.c.subject == bindparam("subject"),
        schema.hearts.c.look_id == any_(bindparam("look_ids", type_=ARRAY(Uuid))),
    )
)


async def _count_hearts(connection: AsyncConnection, look_id: UUID) -> int | None:
    table = schema.looks
    found = select(table.c.hearts).where(table.c.id == look_id, table.c.is_public)
    return (await connection.execute(found)).scalar_one_or_none()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookmark:
    """A look that somebody keeps."""

    entry: LeaderboardEntry
    created_at: datetime
    """When it was kept."""


async def add_bookmark(connection: AsyncConnection, look_id: UUID, person_id: UUID) -> bool:
    """Keep a look, once; False if it is not on the board.

    Raises:
        PersonNotFoundError: the person was forgotten.
    """
    await insert_reaction(connection, schema.bookmarks, look_id, person_id)
    return await leaderboard.is_public(connection, look_id)


async def remove_bookmark(connection: AsyncConnection, look_id: UUID, person_id: UUID) -> bool:
    """Keep a look no longer; False if it is not on the board."""
    await delete_reaction(connection, schema.bookmarks, look_id, person_id)
    return await leaderboard.is_public(connection, look_id)


async def list_bookmarks(
    connection: AsyncConnection,
    person_id: UUID,
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
    viewer_key: str = "",
) -> list[Bookmark]:
    """The looks of the board that a person keeps, the latest kept first.

    Args:
        connection: the unit of work.
        person_id: whose scraps.
        limit: how many at most.
        after: (`created_at`, look's id) of the last one of the page before.
        visitor: the key of who asks, see `boards.visitor_id`.
    """
    values: dict[str, Any] = {"person_id": person_id, "limit": limit, "visitor": viewer_key}
    if after is not None:
        values |= {"kept_at": after[0], "look_id": after[1]}
    found = await _select_bookmarks(after is not None).fetch_all(connection, **values)
    return [Bookmark(entry=leaderboard.to_entry(row), created_at=row.kept_at) for row in found]


@cache
def _select_bookmarks(has_cursor: bool) -> CompiledStatement:
    table = schema.bookmarks
    found = (
        leaderboard.select_entries()
        .add_columns(table.c.created_at.label("kept_at"))
        .join(table, table.c.look_id == schema.looks.c.id)
        .where(table.c.person_id == bindparam("person_id"))
    )
    if has_cursor:
        place = func.row(bindparam("kept_at", type_=DateTime(timezone=True)), bindparam("look_id", type_=Uuid))
        found = found.where(func.row(table.c.created_at, table.c.look_id) < place)
    found = found.order_by(table.c.created_at.desc(), table.c.look_id.desc())
    return CompiledStatement(found.limit(bindparam("limit", type_=Integer)))
