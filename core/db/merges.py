"""Two people who turn out to be one: everything of the one becomes the other's, and no number is wrong afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Text, Uuid, case, cast, delete, exists, literal, not_, or_, select, union_all, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.db import tables
from core.db.moderation import hold_all

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import ColumnElement, Row
    from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ["bare", "is_bare", "merge"]

MARKS = (tables.hearts, tables.scraps, tables.reports)
"""What a person can put on a look once."""


async def is_bare(connection: AsyncConnection, person_id: UUID) -> bool:
    """Whether a person has nothing that anybody would miss: no name, no looks, nothing on looks of others."""
    return bool((await connection.execute(select(bare(literal(person_id, Uuid))))).scalar_one())


def bare(person_id: ColumnElement[UUID]) -> ColumnElement[bool]:
    """The same as a condition, for the other repositories."""
    named = exists().where(tables.people.c.id == person_id, tables.people.c.name.is_not(None))
    owned = (exists().where(table.c.person_id == person_id) for table in (tables.looks, tables.follows, *MARKS))
    return not_(or_(named, *owned))


async def merge(connection: AsyncConnection, *, gone: UUID, into: UUID) -> bool:
    """Make everything of one person another's, in this unit of work, and remove the one.

    What both have stays once. The other's choices count: their name, unless they have none, and their language. If
    one of the two is banned, both are, and all their looks are held. Meanwhile nobody can write anything
    of either.

    Args:
        connection: the unit of work; nothing of the two or of those who follow them is locked in it yet.
        gone: who is there no longer afterwards.
        into: somebody else, who has it all afterwards.

    Returns:
        False, and nothing was done: one of the two is not there any more.
    """
    rows = await _lock(connection, gone, into)
    if not {gone, into} <= rows.keys():
        return False
    await _move_looks(connection, gone, into)
    await _move_marks(connection, gone, into)
    await _move_follows(connection, gone, into)
    for column in (
        tables.identities.c.person_id,
        tables.tickets.c.person_id,
        tables.moderation.c.person_id,
        tables.moderation.c.moderator_id,
    ):
        await connection.execute(update(column.table).where(column == gone).values({column.name: into}))
    people = tables.people
    old, new = rows[gone], rows[into]
    # The name is one person's alone, so it has to be free before it is taken.
    await connection.execute(delete(people).where(people.c.id == gone))
    named = new if new.name is not None else old
    await connection.execute(
        update(people)
        .where(people.c.id == into)
        .values(
            name=named.name,
            name_key=named.name_key,
            consented_at=new.consented_at or old.consented_at,
            banned_at=new.banned_at or old.banned_at,
            created_at=min(new.created_at, old.created_at),
        )
    )
    if new.banned_at or old.banned_at:
        await hold_all(connection, into)
    return True


async def _lock(connection: AsyncConnection, gone: UUID, into: UUID) -> dict[UUID, Row[tuple[object, ...]]]:
    """The two and all whose numbers change with theirs, in the same order always: two merges never wait in a ring."""
    people, follows = tables.people, tables.follows
    beside = union_all(
        select(follows.c.followed_id).where(follows.c.person_id == gone),
        select(follows.c.person_id).where(follows.c.followed_id == gone),
    )
    wanted = or_(people.c.id.in_([gone, into]), people.c.id.in_(beside))
    found = select(people).where(wanted).order_by(people.c.id).with_for_update()
    return {row.id: row for row in await connection.execute(found)}


async def _move_looks(connection: AsyncConnection, gone: UUID, into: UUID) -> None:
    looks, styles = tables.looks, tables.person_styles
    twin = looks.alias()
    taken = exists().where(twin.c.person_id == into, twin.c.source == looks.c.source)
    # Both may have shown the same photo; each of the two looks has its own hearts and stays.
    source = case((taken, looks.c.source + " " + cast(looks.c.id, Text)), else_=looks.c.source)
    await connection.execute(update(looks).where(looks.c.person_id == gone).values(person_id=into, source=source))
    # The database counts looks that come onto the board or leave it, and these do neither.
    moved = select(literal(into, styles.c.person_id.type), styles.c.style, styles.c.looks).where(
        styles.c.person_id == gone
    )
    counted = upsert(styles).from_select(["person_id", "style", "looks"], moved)
    await connection.execute(
        counted.on_conflict_do_update(
            index_elements=["person_id", "style"], set_={"looks": styles.c.looks + counted.excluded.looks}
        )
    )
    await connection.execute(delete(styles).where(styles.c.person_id == gone))


async def _move_marks(connection: AsyncConnection, gone: UUID, into: UUID) -> None:
    """Moved in place, since numbers count rows: a report that came anew would be the third one for a moment."""
    for table in MARKS:
        twin = table.alias()
        both = exists().where(twin.c.person_id == into, twin.c.look_id == table.c.look_id)
        await connection.execute(delete(table).where(table.c.person_id == gone, both))
        await connection.execute(update(table).where(table.c.person_id == gone).values(person_id=into))
    looks, reports = tables.looks, tables.reports
    own = exists().where(looks.c.id == reports.c.look_id, looks.c.person_id == into)
    # Nobody reports themselves.
    await connection.execute(delete(reports).where(reports.c.person_id == into, own))


async def _move_follows(connection: AsyncConnection, gone: UUID, into: UUID) -> None:
    """Written anew, so that the database counts them; nobody comes to follow themselves."""
    table = tables.follows
    me = literal(into, table.c.person_id.type)
    columns = ["person_id", "followed_id", "created_at"]
    forth = select(me, table.c.followed_id, table.c.created_at).where(
        table.c.person_id == gone, table.c.followed_id != into
    )
    back = select(table.c.person_id, me, table.c.created_at).where(
        table.c.followed_id == gone, table.c.person_id != into
    )
    for moved in (forth, back):
        await connection.execute(upsert(table).from_select(columns, moved).on_conflict_do_nothing())
    await connection.execute(delete(table).where(or_(table.c.person_id == gone, table.c.followed_id == gone)))
