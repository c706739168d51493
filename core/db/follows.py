"""Follows: who wants to see whose looks. How many somebody has is kept in the people by the database itself."""

from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    DateTime,
    FromClause,
    Integer,
    Uuid,
    bindparam,
    delete,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import leaderboard, schema
from core.db.compiled_statements import CompiledStatement
from core.db.errors import missing_person_as_error
from core.db.leaderboard import LeaderboardEntry
from core.db.people import Person, to_person


async def follow(connection: AsyncConnection, follower_id: UUID, followed_id: UUID) -> int | None:
    """Follow somebody, once. Nobody follows themselves, and nobody begins to follow who is banned.

    Returns:
        How many followers they have now; None if they are gone, banned, or the same person.

    Raises:
        PersonNotFoundError: who wants to follow was forgotten.
    """
    people = schema.people
    may_be = people.c.banned_at.is_(None), people.c.id != follower_id
    other = select(literal(follower_id, Uuid), people.c.id).where(people.c.id == followed_id, *may_be)
    statement = upsert(schema.follows).from_select(["follower_id", "followed_id"], other).on_conflict_do_nothing()
    with missing_person_as_error(schema.follows, "follower_id"):
        await connection.execute(statement)
    found = select(people.c.followers).where(people.c.id == followed_id, *may_be)
    return (await connection.execute(found)).scalar_one_or_none()


async def unfollow(connection: AsyncConnection, follower_id: UUID, followed_id: UUID) -> int | None:
    """Follow somebody no longer.

    Returns:
        How many followers they have now; None if they are gone.
    """
    table, people = schema.follows, schema.people
    await connection.execute(
        delete(table).where(table.c.follower_id == follower_id, table.c.followed_id == followed_id)
    )
    found = select(people.c.followers).where(people.c.id == followed_id)
    return (await connection.execute(found)).scalar_one_or_none()


async def list_followed(
    connection: AsyncConnection, follower_id: UUID, *, limit: int, after: UUID | None = None
) -> list[Person]:
    """The people whom a person follows, those who came to Eva last first.

    Args:
        connection: the unit of work.
        person_id: who follows them.
        limit: how many at most.
        after: the id of the last one of the page before.
    """
    table, people = schema.follows, schema.people
    found = select(people).join(table, table.c.followed_id == people.c.id).where(table.c.follower_id == follower_id)
    if after is not None:
        found = found.where(table.c.followed_id < after)
    found = found.order_by(table.c.followed_id.desc()).limit(limit)
    return [to_person(row) for row in await connection.execute(found)]


async def get_feed_page(
    connection: AsyncConnection,
    follower_id: UUID,
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
    viewer_key: str = "",
) -> list[LeaderboardEntry]:
    """A page of a person's feed: looks on the board of those whom they follow, the newest first.

    No look on the page can be of anybody but the `limit` people who shared last. So the index `ix_looks_person_shared`
    is asked once for each who is followed, and then only for those few for more: the cost of a page grows with the
    number of people followed, and not with how much they share.

    Args:
        connection: the unit of work.
        person_id: whose feed.
        limit: how many at most.
        before: (`shared_at`, `id`) of the last one of the page before.
        visitor: the key of who asks, see `boards.visitor_id`.
    """
    values: dict[str, Any] = {"person_id": follower_id, "limit": limit, "visitor": viewer_key}
    if after is not None:
        values |= {"shared_at": after[0], "look_id": after[1]}
    return [
        leaderboard.to_entry(row) for row in await _select_feed_page(after is not None).fetch_all(connection, **values)
    ]


@cache
def _select_feed_page(has_cursor: bool) -> CompiledStatement:
    """The statement, put together once."""
    limit = bindparam("limit", type_=Integer)
    follows, newest, more = schema.follows, schema.looks.alias("newest"), schema.looks.alias("more")
    last = (
        select(newest.c.shared_at, newest.c.id)
        .where(newest.c.person_id == follows.c.followed_id, newest.c.is_public, *_is_before_cursor(newest, has_cursor))
        .order_by(newest.c.shared_at.desc(), newest.c.id.desc())
        .limit(1)
        .lateral("last")
    )
    latest = (
        select(follows.c.followed_id)
        .join(last, true())
        .where(follows.c.follower_id == bindparam("person_id"))
        .order_by(last.c.shared_at.desc(), last.c.id.desc())
        .limit(limit)
        .subquery("latest")
    )
    each = (
        select(more.c.shared_at, more.c.id)
        .where(more.c.person_id == latest.c.followed_id, more.c.is_public, *_is_before_cursor(more, has_cursor))
        .order_by(more.c.shared_at.desc(), more.c.id.desc())
        .limit(limit)
        .lateral("each")
    )
    page = (
        select(each.c.id)
        .select_from(latest.join(each, true()))
        .order_by(each.c.shared_at.desc(), each.c.id.desc())
        .limit(limit)
        .subquery("page")
    )
    return CompiledStatement(
        leaderboard.select_entries()
        .join(page, page.c.id == schema.looks.c.id)
        .order_by(schema.looks.c.shared_at.desc(), schema.looks.c.id.desc())
    )


def _is_before_cursor(looks: FromClause, has_cursor: bool) -> list[ColumnElement[bool]]:
    if not has_cursor:
        return []
    place = func.row(bindparam("shared_at", type_=DateTime(timezone=True)), bindparam("look_id", type_=Uuid))
    return [func.row(looks.c.shared_at, looks.c.id) < place]
