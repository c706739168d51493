"""Lists of people: followed, following, or blocked by a person; and the style that stands for each of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.blocks import is_unblocked
from core.db.keyset import cursor_values, paginate
from core.db.people import Person, to_person
from core.styles import Style


class Relation(Enum):
    """What the people of a list are to the person whose list it is."""

    FOLLOWED = auto()
    FOLLOWER = auto()
    BLOCKED = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPerson:
    """A person of a list."""

    person: Person
    style: Style | None
    """The most frequent style of their public looks; None without any."""


_COLUMNS: dict[Relation, tuple[ColumnElement[Any], ColumnElement[Any]]] = {
    Relation.FOLLOWED: (schema.follows.c.follower_id, schema.follows.c.followed_id),
    Relation.FOLLOWER: (schema.follows.c.followed_id, schema.follows.c.follower_id),
    Relation.BLOCKED: (schema.blocks.c.person_id, schema.blocks.c.blocked_id),
}
"""For each relation, the column of whose list it is, and that of the listed people."""


async def list_people(
    connection: AsyncConnection, relation: Relation, person_id: UUID, *, limit: int, after: UUID | None = None
) -> Sequence[ListedPerson]:
    """A page of a list, the newest accounts first.

    Args:
        connection: to execute on.
        relation: which list.
        person_id: whose list.
        limit: number of people, at most.
        after: id of the last person of the page before.
    """
    people = schema.people
    owner, listed = _COLUMNS[relation]
    statement = select(people, select_top_style(people.c.id).label("top_style")).join_from(
        people, owner.table, listed == people.c.id
    )
    statement = statement.where(owner == person_id)
    if relation is not Relation.BLOCKED:
        statement = statement.where(is_unblocked(person_id, people.c.id))
    cursor = None if after is None else (after,)
    rows = await connection.execute(
        paginate(statement, listed, has_cursor=after is not None), {"limit": limit, **cursor_values(cursor)}
    )
    return [ListedPerson(person=to_person(row), style=row.top_style and Style(row.top_style)) for row in rows]


def select_top_style(person_id: ColumnElement[Any]) -> ColumnElement[str | None]:
    """The most frequent style of a person's public looks; for the other repositories."""
    counts = schema.person_style_counts
    number = counts.c["count"]
    return (
        select(counts.c.style)
        .where(counts.c.person_id == person_id, number > 0)
        .order_by(number.desc(), counts.c.style)
        .limit(1)
        .scalar_subquery()
    )
