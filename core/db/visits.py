"""Visits: who looks at the page of a look or a person, and how they stand to it, in one question with what it shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, exists, select

from core.db import tables
from core.db.boards import SharedLook, of_board, put_on, visitor_id
from core.db.direct import Statement
from core.db.looks import as_look
from core.db.people import as_person
from core.names import name_key

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection

    from core.db.people import Person

__all__ = ["Visit", "of_look", "of_person"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Somebody on a page."""

    person_id: UUID | None
    """Who it is; None for somebody whom Eva does not know."""
    scrapped: bool = False
    """Whether they keep the look that the page is about."""
    follows: bool
    """Whether they follow the person whom the page is about, or whose look."""


async def of_look(connection: AsyncConnection, look_id: UUID, visitor: str) -> tuple[SharedLook, Visit] | None:
    """A look that is on the board, and a visit to it; None for all other looks.

    Args:
        connection: a direct one, or a unit of work.
        look_id: of the look.
        visitor: the key of who asks, see `boards.visitor_id`.
    """
    row = await LOOK.first(connection, look_id=look_id, visitor=visitor)
    if row is None:
        return None
    shared = SharedLook(look=as_look(row), name=row.owner, given=row.given)
    return shared, Visit(person_id=row.visitor, scrapped=row.scrapped, follows=row.follows)


async def of_person(connection: AsyncConnection, name: str, visitor: str) -> tuple[Person, Visit] | None:
    """Who has this name, or one that reads so, and a visit to them; None if nobody has. See `of_look`."""
    row = await PERSON.first(connection, key=name_key(name), visitor=visitor)
    return None if row is None else (as_person(row), Visit(person_id=row.visitor, follows=row.follows))


def _follows(owner: ColumnElement[UUID]) -> ColumnElement[bool]:
    theirs = tables.follows.c.person_id == visitor_id(), tables.follows.c.followed_id == owner
    return exists().where(*theirs).correlate(tables.looks, tables.people).label("follows")


LOOK = Statement(
    of_board(
        tables.looks,
        visitor_id().label("visitor"),
        put_on(tables.scraps).label("scrapped"),
        _follows(tables.looks.c.person_id),
    ).where(tables.looks.c.id == bindparam("look_id"))
)
PERSON = Statement(
    select(tables.people, visitor_id().label("visitor"), _follows(tables.people.c.id)).where(
        tables.people.c.name_key == bindparam("key")
    )
)
