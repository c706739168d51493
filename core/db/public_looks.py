"""Public looks as a viewer sees them: a single one, those of a person or of the people whom they follow, and what other
lists select them with.

Functions take the `viewer_key`, the key of the visitor's browser session, or the `viewer_id` of a person, and tell in
the same statement what that viewer did; without either, the viewer is a visitor without a session. Looks of people whom
the viewer does not see are left out: two people do not see each other once one has blocked the other.

See ADR 0033.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Row,
    Select,
    Table,
    Text,
    Uuid,
    all_,
    bindparam,
    exists,
    func,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from core.confusables import confusable_key
from core.db import schema
from core.db.database import CompiledStatement, after_cursor, cursor_values, paginate
from core.db.look_summaries import LOOK_COLUMNS, SUMMARY_COLUMNS, LeaderboardEntry, to_entry
from core.db.looks import Look, to_look
from core.db.people import Person, to_person
from core.db.relations import select_hidden_people, select_top_style
from core.db.schema import IdentityProvider
from core.styles import Style


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaderboardLook(LeaderboardEntry):
    """The same with all columns of the look."""

    look: Look
    owner_style: Style | None
    """The most frequent style of the owner's public looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewerState:
    """Who views the page of a look or a person, and what they did there."""

    person_id: UUID | None
    """None for a visitor without a session."""
    has_bookmarked: bool = False
    """Whether they bookmarked the look of the page."""
    is_following: bool
    """Whether they follow the person of the page, or the owner of the look."""
    guess: Style | None = None
    """The style that they guessed for the look."""


async def get_look(
    connection: AsyncConnection, look_id: UUID, *, viewer_id: UUID | None = None
) -> LeaderboardLook | None:
    """A public look, or None; also None if the viewer and the owner do not see each other."""
    rows = await SELECT_LOOK.fetch(connection, look_id=look_id, viewer_id=viewer_id)
    return _to_leaderboard_look(rows[0]) if rows else None


async def get_look_for_viewer(
    connection: AsyncConnection, look_id: UUID, viewer_key: str
) -> tuple[LeaderboardLook, ViewerState] | None:
    """A public look and what the viewer did there, or None; for `viewer_key` see the module."""
    rows = await SELECT_LOOK_FOR_VIEWER.fetch(connection, look_id=look_id, viewer_key=viewer_key)
    if not rows:
        return None
    row = rows[0]
    state = ViewerState(
        person_id=row.viewer_id,
        has_bookmarked=row.has_bookmarked,
        is_following=row.is_following,
        guess=row.guess and Style(row.guess),
    )
    return _to_leaderboard_look(row), state


async def list_for_person(
    connection: AsyncConnection,
    person_id: UUID,
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
    viewer_key: str = "",
) -> list[LeaderboardEntry]:
    """A person's public looks, the latest shared first.

    Args:
        connection: to execute on.
        person_id: the owner.
        limit: number of looks, at most.
        after: (`shared_at`, `id`) of the last look of the page before.
        viewer_key: see the module.
    """
    rows = await _select_for_person(has_cursor=after is not None).fetch(
        connection, person_id=person_id, limit=limit, viewer_key=viewer_key, **cursor_values(after)
    )
    return [to_entry(row) for row in rows]


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


async def is_public(connection: AsyncConnection, look_id: UUID, *, viewer_id: UUID | None = None) -> bool:
    """Whether a look is on the leaderboard, for a viewer if one is given."""
    return bool(await SELECT_IS_PUBLIC.fetch(connection, look_id=look_id, viewer_id=viewer_id))


async def get_person_for_viewer(
    connection: AsyncConnection, name: str, viewer_key: str
) -> tuple[Person, dict[Style, int], ViewerState] | None:
    """The person with this display name, or one that looks the same, and what the viewer did there; or None.

    Between them what `count_styles` returns for the person.
    """
    key = confusable_key(name)
    rows = await SELECT_PERSON_FOR_VIEWER.fetch(connection, key=key, viewer_key=viewer_key)
    if not rows:
        return None
    row = rows[0]
    styles = dict(zip(map(Style, row.styles), row.look_counts, strict=True))
    return to_person(row), styles, ViewerState(person_id=row.viewer_id, is_following=row.is_following)


async def count_styles(connection: AsyncConnection, person_id: UUID) -> dict[Style, int]:
    """Number of a person's public looks by style, the most frequent first; without styles that have none."""
    rows = await SELECT_STYLE_COUNTS.fetch(connection, person_id=person_id)
    return {Style(row.style): row.look_count for row in rows}


def select_public(*columns: Table | ColumnElement[Any]) -> Select[tuple[Any, ...]]:
    """Select these columns of all public looks that the viewer sees, with `owner_name` and `is_hearted`."""
    table, people = schema.looks, schema.people
    return (
        select(*columns, people.c.name.label("owner_name"), _is_reacted_to_by_viewer(schema.hearts).label("is_hearted"))
        .join(people, people.c.id == table.c.person_id)
        .where(table.c.is_public, is_visible_to_viewer(table.c.person_id))
    )


def select_entries() -> Select[tuple[Any, ...]]:
    """Select the public looks that the viewer sees, with the columns that `to_entry` needs; for other repositories."""
    return select_public(*SUMMARY_COLUMNS)


def select_viewer_id() -> ColumnElement[UUID]:
    """The person with the id `viewer_id`, or of the session with the key `viewer_key`; null for a visitor without one.

    Both parameters have a default.
    """
    identities = schema.identities
    is_session = (
        identities.c.provider == IdentityProvider.WEB,
        identities.c.subject == bindparam("viewer_key", "", type_=Text),
    )
    of_session = select(identities.c.person_id).where(*is_session).scalar_subquery()
    return func.coalesce(bindparam("viewer_id", None, type_=Uuid), of_session)


def is_visible_to_viewer(person_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether neither the viewer nor this person has blocked the other.

    The people whom the viewer does not see are read once for a statement, so that the condition changes no plan.
    """
    hidden = select_hidden_people(select_viewer_id()).scalar_subquery()
    return person_id != all_(func.array(hidden, type_=ARRAY(Uuid)))


def _to_leaderboard_look(row: Row[tuple[Any, ...]]) -> LeaderboardLook:
    return LeaderboardLook(
        look=to_look(row),
        owner_name=row.owner_name,
        is_hearted=row.is_hearted,
        owner_style=row.owner_style and Style(row.owner_style),
    )


def _is_reacted_to_by_viewer(table: Table) -> ColumnElement[bool]:
    """Whether the viewer has a row for the look in this table of reactions."""
    is_reaction = table.c.look_id == schema.looks.c.id, table.c.person_id == select_viewer_id()
    return exists().where(*is_reaction).correlate(schema.looks)


def _followed_by_viewer(person_id: ColumnElement[UUID]) -> ColumnElement[bool]:
    is_follow = schema.follows.c.follower_id == select_viewer_id(), schema.follows.c.followed_id == person_id
    return exists().where(*is_follow).correlate(schema.looks, schema.people)


def _select_viewer_guess() -> ColumnElement[str | None]:
    """The style that the viewer guessed for the look of the row."""
    table = schema.look_guesses
    is_own = table.c.look_id == schema.looks.c.id, table.c.person_id == select_viewer_id()
    return select(table.c.style).where(*is_own).correlate(schema.looks).scalar_subquery()


@cache
def _select_for_person(*, has_cursor: bool) -> CompiledStatement:
    table = schema.looks
    statement = select_entries().where(table.c.person_id == bindparam("person_id"))
    return CompiledStatement(paginate(statement, table.c.shared_at, table.c.id, has_cursor=has_cursor))


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
        select_entries()
        .join(page, page.c.id == schema.looks.c.id)
        .order_by(schema.looks.c.shared_at.desc(), schema.looks.c.id.desc())
    )


def _after_cursor(looks: FromClause, has_cursor: bool) -> list[ColumnElement[bool]]:
    return [after_cursor((looks.c.shared_at, looks.c.id))] if has_cursor else []


_STYLE, _STYLE_COUNT = schema.person_style_counts.c.style, schema.person_style_counts.c["count"]


def _select_style_counts(person_id: ColumnElement[UUID], *columns: ColumnElement[Any]) -> Select[tuple[Any, ...]]:
    is_shown = schema.person_style_counts.c.person_id == person_id, _STYLE_COUNT > 0
    return select(*columns).where(*is_shown).order_by(_STYLE_COUNT.desc(), _STYLE)


SELECT_STYLE_COUNTS = CompiledStatement(
    _select_style_counts(bindparam("person_id", type_=Uuid), _STYLE, _STYLE_COUNT.label("look_count"))
)
SELECT_IS_PUBLIC = CompiledStatement(
    select(schema.looks.c.id).where(
        schema.looks.c.id == bindparam("look_id"),
        schema.looks.c.is_public,
        is_visible_to_viewer(schema.looks.c.person_id),
    )
)
_OWNER_STYLE = select_top_style(schema.looks.c.person_id).label("owner_style")
SELECT_LOOK = CompiledStatement(
    select_public(*LOOK_COLUMNS, _OWNER_STYLE).where(schema.looks.c.id == bindparam("look_id"))
)
SELECT_LOOK_FOR_VIEWER = CompiledStatement(
    select_public(
        *LOOK_COLUMNS,
        _OWNER_STYLE,
        select_viewer_id().label("viewer_id"),
        _is_reacted_to_by_viewer(schema.bookmarks).label("has_bookmarked"),
        _followed_by_viewer(schema.looks.c.person_id).label("is_following"),
        _select_viewer_guess().label("guess"),
    ).where(schema.looks.c.id == bindparam("look_id"))
)
SELECT_PERSON_FOR_VIEWER = CompiledStatement(
    select(
        schema.people,
        func.array(_select_style_counts(schema.people.c.id, _STYLE).scalar_subquery()).label("styles"),
        func.array(_select_style_counts(schema.people.c.id, _STYLE_COUNT).scalar_subquery()).label("look_counts"),
        select_viewer_id().label("viewer_id"),
        _followed_by_viewer(schema.people.c.id).label("is_following"),
    ).where(schema.people.c.display_name_key == bindparam("key"), is_visible_to_viewer(schema.people.c.id))
)
