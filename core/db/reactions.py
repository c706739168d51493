"""Reactions to public looks: hearts, whose number is public, and bookmarks, which only their owner sees.

A person has at most one reaction of each kind to a look. A trigger maintains the number of hearts in the look.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Table, Uuid, delete, exists, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import public_looks, schema
from core.db.errors import missing_person_as_error
from core.db.keyset import cursor_values, paginate
from core.db.look_summaries import LeaderboardEntry, to_entry
from core.db.relations import is_unblocked, prevent_blocks


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookmark:
    """A bookmarked look."""

    entry: LeaderboardEntry
    created_at: datetime


async def create_heart(connection: AsyncConnection, look_id: UUID, person_id: UUID) -> int | None:
    """Give a look a person's heart, once.

    Returns:
        The number of hearts of the look; None if it is not public, or its owner and the person do not see each other.

    Raises:
        PersonNotFoundError: the person was deleted.
    """
    await _create_reaction(connection, schema.hearts, look_id, person_id)
    return await _count_hearts(connection, look_id, person_id)


async def is_open_to_heart(connection: AsyncConnection, look_id: UUID, person_id: UUID) -> bool:
    """Whether a look is public and has no heart of the person, and its owner and the person see each other."""
    hearts = schema.hearts
    is_given = exists().where(hearts.c.look_id == look_id, hearts.c.person_id == person_id)
    statement = select(schema.looks.c.id).where(*_is_open(look_id, person_id), ~is_given)
    return (await connection.execute(statement)).first() is not None


async def delete_heart(connection: AsyncConnection, look_id: UUID, person_id: UUID) -> int | None:
    """Take a person's heart back.

    Returns:
        The number of hearts of the look; None if it is not public, or its owner and the person do not see each other.
    """
    await _delete_reaction(connection, schema.hearts, look_id, person_id)
    return await _count_hearts(connection, look_id, person_id)


async def create_bookmark(connection: AsyncConnection, look_id: UUID, person_id: UUID) -> bool:
    """Bookmark a look, once; False if it is not public, or its owner and the person do not see each other.

    Raises:
        PersonNotFoundError: the person was deleted.
    """
    await _create_reaction(connection, schema.bookmarks, look_id, person_id)
    return await public_looks.is_public(connection, look_id, viewer_id=person_id)


async def delete_bookmark(connection: AsyncConnection, look_id: UUID, person_id: UUID) -> bool:
    """Remove a bookmark; False if the look is not public, or its owner and the person do not see each other."""
    await _delete_reaction(connection, schema.bookmarks, look_id, person_id)
    return await public_looks.is_public(connection, look_id, viewer_id=person_id)


async def list_bookmarks(
    connection: AsyncConnection,
    person_id: UUID,
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
    viewer_key: str = "",
) -> list[Bookmark]:
    """A person's bookmarks of public looks, the latest first.

    Args:
        connection: to execute on.
        person_id: the owner of the bookmarks.
        limit: number of bookmarks, at most.
        after: (`created_at`, id of the look) of the last bookmark of the page before.
        viewer_key: see `core.db.public_looks`.
    """
    table = schema.bookmarks
    statement = paginate(
        public_looks.select_entries()
        .add_columns(table.c.created_at)
        .join(table, table.c.look_id == schema.looks.c.id)
        .where(table.c.person_id == person_id),
        table.c.created_at,
        table.c.look_id,
        has_cursor=after is not None,
    )
    values = {"limit": limit, "viewer_key": viewer_key, **cursor_values(after)}
    rows = await connection.execute(statement, values)
    return [Bookmark(entry=to_entry(row), created_at=row.created_at) for row in rows]


async def _create_reaction(connection: AsyncConnection, table: Table, look_id: UUID, person_id: UUID) -> None:
    """Insert a heart or a bookmark if the look is public, has none of the person, and neither has blocked the other.

    The look is locked: one that is deleted at the same time is gone, and no violation of the foreign key.

    Raises:
        PersonNotFoundError: the person was deleted.
    """
    await prevent_blocks(connection, person_id, look_id)
    public_look = select(schema.looks.c.id, literal(person_id, Uuid)).where(*_is_open(look_id, person_id))
    locked_look = public_look.with_for_update(read=True, key_share=True)
    statement = upsert(table).from_select(["look_id", "person_id"], locked_look).on_conflict_do_nothing()
    with missing_person_as_error(table):
        await connection.execute(statement)


async def _delete_reaction(connection: AsyncConnection, table: Table, look_id: UUID, person_id: UUID) -> None:
    await connection.execute(delete(table).where(table.c.look_id == look_id, table.c.person_id == person_id))


async def _count_hearts(connection: AsyncConnection, look_id: UUID, person_id: UUID) -> int | None:
    statement = select(schema.looks.c.hearts).where(*_is_open(look_id, person_id))
    return (await connection.execute(statement)).scalar_one_or_none()


def _is_open(look_id: UUID, person_id: UUID) -> tuple[ColumnElement[bool], ...]:
    """Whether a look is public, and its owner and the person see each other."""
    table = schema.looks
    return table.c.id == look_id, table.c.is_public, is_unblocked(person_id, table.c.person_id)
