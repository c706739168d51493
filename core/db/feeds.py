"""What the people shared whom somebody follows, the newest first."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import DateTime, Integer, Uuid, bindparam, func, select, true

from core.db import boards, tables
from core.db.direct import Statement

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import ColumnElement, FromClause
    from sqlalchemy.ext.asyncio import AsyncConnection

    from core.db.boards import Shared

__all__ = ["following"]


async def following(
    connection: AsyncConnection,
    person_id: UUID,
    *,
    limit: int,
    before: tuple[datetime, UUID] | None = None,
    visitor: str = "",
) -> list[Shared]:
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
    values: dict[str, Any] = {"person_id": person_id, "limit": limit, "visitor": visitor}
    if before is not None:
        values |= {"shared_at": before[0], "look_id": before[1]}
    return [boards.as_shared(row) for row in await _page(before is not None).all(connection, **values)]


@cache
def _page(further: bool) -> Statement:
    """The statement, put together once."""
    limit = bindparam("limit", type_=Integer)
    follows, newest, more = tables.follows, tables.looks.alias("newest"), tables.looks.alias("more")
    last = (
        select(newest.c.shared_at, newest.c.id)
        .where(newest.c.person_id == follows.c.followed_id, newest.c.on_board, *_before(newest, further))
        .order_by(newest.c.shared_at.desc(), newest.c.id.desc())
        .limit(1)
        .lateral("last")
    )
    latest = (
        select(follows.c.followed_id)
        .join(last, true())
        .where(follows.c.person_id == bindparam("person_id"))
        .order_by(last.c.shared_at.desc(), last.c.id.desc())
        .limit(limit)
        .subquery("latest")
    )
    each = (
        select(more.c.shared_at, more.c.id)
        .where(more.c.person_id == latest.c.followed_id, more.c.on_board, *_before(more, further))
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
    return Statement(
        boards.on_board()
        .join(page, page.c.id == tables.looks.c.id)
        .order_by(tables.looks.c.shared_at.desc(), tables.looks.c.id.desc())
    )


def _before(looks: FromClause, further: bool) -> list[ColumnElement[bool]]:
    if not further:
        return []
    place = func.row(bindparam("shared_at", type_=DateTime(timezone=True)), bindparam("look_id", type_=Uuid))
    return [func.row(looks.c.shared_at, looks.c.id) < place]
