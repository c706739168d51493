"""Reactions to public looks: hearts, whose number is public, bookmarks, which only their owner sees, and guesses.

A person has at most one reaction of each kind to a look. A trigger maintains the number of hearts in the look. A guess
says which style a visitor saw, without the verdict on the page where they guess, and not in a look of their own. Others
see guesses as numbers only, once there are enough.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Table, Text, Uuid, delete, exists, func, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import public_looks, schema
from core.db.database import cursor_values, paginate
from core.db.errors import missing_person_as_error
from core.db.look_summaries import LeaderboardEntry, to_entry
from core.db.public_looks import is_visible_to_viewer, select_viewer_id
from core.db.relations import is_unblocked, prevent_blocks
from core.styles import Style

MIN_GUESSES_SHOWN = 5
"""Number of guesses from which their distribution is shown; fewer would tell what a certain person chose."""
CANDIDATES = 200
"""The latest shared looks among which the next one to guess is chosen."""


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


async def create_guess(connection: AsyncConnection, look_id: UUID, person_id: UUID, style: Style) -> bool:
    """Store which style a person guesses; the first guess counts.

    Args:
        connection: the transaction.
        look_id: the look.
        person_id: who guesses.
        style: what they guess.

    Returns:
        False if the look is not public, the person's own, or of a person they do not see.

    Raises:
        PersonNotFoundError: the person was deleted.
    """
    is_other = schema.looks.c.person_id != person_id
    await _create_reaction(connection, schema.look_guesses, look_id, person_id, is_other, style=style)
    statement = select(schema.looks.c.id).where(*_is_open(look_id, person_id), is_other)
    return (await connection.execute(statement)).first() is not None


async def count_guesses(connection: AsyncConnection, look_id: UUID) -> Mapping[Style, int]:
    """How many guessed each style of a look, the most frequent first; empty for less than `MIN_GUESSES_SHOWN`."""
    table = schema.look_guesses
    statement = select(table.c.style, func.count()).where(table.c.look_id == look_id).group_by(table.c.style)
    counts = Counter({Style(style): count for style, count in await connection.execute(statement)})
    return dict(counts.most_common()) if counts.total() >= MIN_GUESSES_SHOWN else {}


async def find_look_to_guess(connection: AsyncConnection, viewer_key: str) -> UUID | None:
    """One of the latest shared looks, at random, that the viewer can still guess; None if there is none.

    Args:
        connection: to execute on.
        viewer_key: of the viewer's browser session; empty for none.
    """
    looks, table, viewer = schema.looks, schema.look_guesses, select_viewer_id()
    is_guessed = exists().where(table.c.look_id == looks.c.id, table.c.person_id == viewer)
    candidates = (
        select(looks.c.id)
        .where(
            looks.c.is_public,
            func.coalesce(looks.c.person_id != viewer, True),
            is_visible_to_viewer(looks.c.person_id),
            ~is_guessed,
        )
        .order_by(looks.c.shared_at.desc(), looks.c.id.desc())
        .limit(CANDIDATES)
        .subquery()
    )
    statement = select(candidates.c.id).order_by(func.random()).limit(1)
    return (await connection.execute(statement, {"viewer_key": viewer_key})).scalar_one_or_none()


async def _create_reaction(
    connection: AsyncConnection,
    table: Table,
    look_id: UUID,
    person_id: UUID,
    *conditions: ColumnElement[bool],
    **values: str,
) -> None:
    """Insert a reaction if the look is public, has none of the person, and neither has blocked the other.

    The look is locked: one that is deleted at the same time is gone, and no violation of the foreign key.

    Args:
        connection: the transaction.
        table: of these reactions.
        look_id: the look.
        person_id: who reacts to it.
        conditions: that must hold for the look as well.
        values: of further columns.

    Raises:
        PersonNotFoundError: the person was deleted.
    """
    await prevent_blocks(connection, person_id, look_id)
    row = select(schema.looks.c.id, literal(person_id, Uuid), *(literal(value, Text) for value in values.values()))
    locked_look = row.where(*_is_open(look_id, person_id), *conditions).with_for_update(read=True, key_share=True)
    statement = upsert(table).from_select(["look_id", "person_id", *values], locked_look).on_conflict_do_nothing()
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
