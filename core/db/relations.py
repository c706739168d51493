"""Relations between people: follows and blocks, and the lists of followed, following and blocked people.

Two people do not see each other once one has blocked the other: all queries of public looks leave out those of people
the viewer does not see, see `core.db.public_looks`. The numbers of followers and followed people are maintained in
`people` by a trigger.

See ADR 0033.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Uuid,
    delete,
    literal,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import people, schema
from core.db.database import cursor_values, paginate
from core.db.errors import missing_person_as_error
from core.db.people import Person, prevent_erasure, to_person
from core.styles import Style

ENDED_REACTIONS = (schema.hearts, schema.bookmarks)
"""Reactions to each other's looks that end with a block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPerson:
    """A person of a list."""

    person: Person
    style: Style | None
    """The most frequent style of their public looks; None without any."""


async def create_block(connection: AsyncConnection, person_id: UUID, blocked_id: UUID) -> bool:
    """Let two people no longer see each other; their follows and reactions to each other's looks end for good.

    Args:
        connection: the transaction, which has locked no person yet.
        person_id: who blocks.
        blocked_id: whom.

    Returns:
        False, with nothing done, if one of the two does not exist, or both are the same.
    """
    pair = {person_id, blocked_id}
    if len(pair) < 2 or await people.lock(connection, *pair) != pair:
        return False
    row = {"person_id": person_id, "blocked_id": blocked_id}
    await connection.execute(upsert(schema.blocks).values(row).on_conflict_do_nothing())
    await delete_relations(connection, person_id)
    return True


async def delete_block(connection: AsyncConnection, person_id: UUID, blocked_id: UUID) -> bool:
    """End a block; False if there is none. The other person's block, if any, remains."""
    table = schema.blocks
    is_block = table.c.person_id == person_id, table.c.blocked_id == blocked_id
    return (await connection.execute(delete(table).where(*is_block))).rowcount == 1


async def prevent_blocks(connection: AsyncConnection, person_id: UUID, look_id: UUID) -> None:
    """Let blocks between a person and the owner of a look wait until the transaction ends; what follows sees those
    that were there before."""
    looks = schema.looks
    owner = select(looks.c.person_id).where(looks.c.id == look_id).scalar_subquery()
    await people.prevent_erasure(connection, person_id, owner)


async def delete_relations(connection: AsyncConnection, person_id: UUID) -> None:
    """Delete follows, and reactions to each other's looks, between a person and those they do not see."""
    follows, looks, person = schema.follows, schema.looks, literal(person_id, Uuid)
    hidden = select_hidden_people(person)
    for own, other in ((follows.c.follower_id, follows.c.followed_id), (follows.c.followed_id, follows.c.follower_id)):
        await connection.execute(delete(follows).where(own == person_id, other.in_(hidden)))
    for table in ENDED_REACTIONS:
        for giver, owner in (
            (table.c.person_id == person_id, looks.c.person_id.in_(hidden)),
            (table.c.person_id.in_(hidden), looks.c.person_id == person_id),
        ):
            await connection.execute(delete(table).where(giver, table.c.look_id.in_(select(looks.c.id).where(owner))))


def is_unblocked(person_id: UUID, other: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether neither of two people has blocked the other."""
    return other.not_in(select_hidden_people(literal(person_id, Uuid)))


async def list_hidden(connection: AsyncConnection, person_id: UUID) -> frozenset[UUID]:
    """The people whom a person does not see."""
    rows = await connection.execute(select_hidden_people(literal(person_id, Uuid)))
    return frozenset(row.blocked_id for row in rows)


def select_hidden_people(person_id: ColumnElement[Any]) -> CompoundSelect[tuple[UUID]]:
    """The ids of the people whom a person blocked, and of those who blocked the person."""
    table = schema.blocks
    return union_all(
        select(table.c.blocked_id).where(table.c.person_id == person_id),
        select(table.c.person_id).where(table.c.blocked_id == person_id),
    )


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


class Relation(Enum):
    """What the people of a list are to the person whose list it is."""

    FOLLOWED = auto()
    FOLLOWER = auto()
    BLOCKED = auto()


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
