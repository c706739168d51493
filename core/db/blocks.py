"""Blocks between people: two people do not see each other once one has blocked the other.

All queries of public looks leave out those of people the viewer does not see, see `core.db.public_looks`.

See ADR 0033.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, Uuid, delete, literal, select, union_all
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import people, schema

ENDED_REACTIONS = (schema.hearts, schema.bookmarks)
"""Reactions to each other's looks that end with a block."""


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
