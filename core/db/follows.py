"""Follows between people, and the feed of the looks that followed people share.

The numbers of followers and followed people are maintained in `people` by a trigger.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Integer, Select, Uuid, bindparam, delete, literal, select, true
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import public_looks, schema
from core.db.blocks import is_unblocked
from core.db.errors import missing_person_as_error
from core.db.keyset import after_cursor, cursor_values
from core.db.look_summaries import LeaderboardEntry, to_entry
from core.db.people import prevent_erasure


async def create_follow(connection: AsyncConnection, follower_id: UUID, followed_id: UUID) -> int | None:
    """Follow a person, once. People cannot follow themselves, a banned person, or one whom they do not see.

    Returns:
        The number of followers of the followed person; None if they cannot be followed.

    Raises:
        PersonNotFoundError: the follower was deleted.
    """
    people = schema.people
    await prevent_erasure(connection, follower_id, followed_id)
    can_be_followed = (
        people.c.id == followed_id,
        people.c.banned_at.is_(None),
        people.c.id != follower_id,
        is_unblocked(follower_id, people.c.id),
    )
    row = select(literal(follower_id, Uuid), people.c.id).where(*can_be_followed)
    statement = upsert(schema.follows).from_select(["follower_id", "followed_id"], row).on_conflict_do_nothing()
    with missing_person_as_error(schema.follows, "follower_id"):
        await connection.execute(statement)
    count = select(people.c.followers).where(*can_be_followed)
    return (await connection.execute(count)).scalar_one_or_none()


async def delete_follow(connection: AsyncConnection, follower_id: UUID, followed_id: UUID) -> int | None:
    """Stop following a person.

    Returns:
        The number of followers of that person; None if they were deleted, or the two do not see each other.
    """
    table, people = schema.follows, schema.people
    is_follow = table.c.follower_id == follower_id, table.c.followed_id == followed_id
    await connection.execute(delete(table).where(*is_follow))
    count = select(people.c.followers).where(people.c.id == followed_id, is_unblocked(follower_id, people.c.id))
    return (await connection.execute(count)).scalar_one_or_none()


async def is_following(connection: AsyncConnection, follower_id: UUID, followed_id: UUID) -> bool:
    """Whether a person follows another one."""
    table = schema.follows
    is_follow = table.c.follower_id == follower_id, table.c.followed_id == followed_id
    return (await connection.execute(select(literal(1)).where(*is_follow))).first() is not None


async def get_feed_page(
    connection: AsyncConnection,
    follower_id: UUID,
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
    viewer_key: str = "",
) -> list[LeaderboardEntry]:
    """A page of a person's feed: public looks of the people they follow, the latest shared first.

    Only the `limit` followed people who shared last can have looks on the page. So the index `ix_looks_person_shared`
    is read once for each followed person, and then again for those few: the cost of a page grows with the number of
    followed people, not with the number of their looks.

    Args:
        connection: to execute on.
        follower_id: the owner of the feed.
        limit: number of looks, at most.
        after: (`shared_at`, `id`) of the last look of the page before.
        viewer_key: see `core.db.public_looks`.
    """
    values = {"follower_id": follower_id, "limit": limit, "viewer_key": viewer_key, **cursor_values(after)}
    rows = await connection.execute(_select_feed_page(after is not None), values)
    return [to_entry(row) for row in rows]


def _select_feed_page(has_cursor: bool) -> Select[tuple[Any, ...]]:
    limit = bindparam("limit", type_=Integer)
    follows, newest, more = schema.follows, schema.looks.alias("newest"), schema.looks.alias("more")
    last_shared = (
        select(newest.c.shared_at, newest.c.id)
        .where(newest.c.person_id == follows.c.followed_id, newest.c.is_public, *_after_cursor(newest, has_cursor))
        .order_by(newest.c.shared_at.desc(), newest.c.id.desc())
        .limit(1)
        .lateral("last_shared")
    )
    latest_people = (
        select(follows.c.followed_id)
        .join(last_shared, true())
        .where(follows.c.follower_id == bindparam("follower_id"))
        .order_by(last_shared.c.shared_at.desc(), last_shared.c.id.desc())
        .limit(limit)
        .subquery("latest_people")
    )
    latest_looks = (
        select(more.c.shared_at, more.c.id)
        .where(more.c.person_id == latest_people.c.followed_id, more.c.is_public, *_after_cursor(more, has_cursor))
        .order_by(more.c.shared_at.desc(), more.c.id.desc())
        .limit(limit)
        .lateral("latest_looks")
    )
    page = (
        select(latest_looks.c.id)
        .select_from(latest_people.join(latest_looks, true()))
        .order_by(latest_looks.c.shared_at.desc(), latest_looks.c.id.desc())
        .limit(limit)
        .subquery("page")
    )
    return (
        public_looks.select_entries()
        .join(page, page.c.id == schema.looks.c.id)
        .order_by(schema.looks.c.shared_at.desc(), schema.looks.c.id.desc())
    )


def _after_cursor(looks: FromClause, has_cursor: bool) -> list[ColumnElement[bool]]:
    return [after_cursor((looks.c.shared_at, looks.c.id))] if has_cursor else []
