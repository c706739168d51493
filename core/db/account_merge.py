"""Two people who turn out to be one: everything of the one becomes the other's, and no number is wrong afterwards."""

from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Text,
    Uuid,
    case,
    cast,
    delete,
    exists,
    literal,
    not_,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.moderation import suspend_all

REACTION_TABLES = (schema.hearts, schema.bookmarks, schema.reports)
"""What a person can put on a look once."""


async def has_no_content(connection: AsyncConnection, person_id: UUID) -> bool:
    """Whether a person has nothing that anybody would miss: no name, no looks, nothing on looks of others."""
    return bool((await connection.execute(select(no_content_condition(literal(person_id, Uuid))))).scalar_one())


def no_content_condition(person_id: ColumnElement[UUID]) -> ColumnElement[bool]:
    """The same as a condition, for the other repositories."""
    named = exists().where(schema.people.c.id == person_id, schema.people.c.name.is_not(None))
    owners = (schema.follows.c.follower_id, *(table.c.person_id for table in (schema.looks, *REACTION_TABLES)))
    owned = (exists().where(owner == person_id) for owner in owners)
    return not_(or_(named, *owned))


async def merge_people(connection: AsyncConnection, *, source: UUID, target: UUID) -> bool:
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
    rows = await _lock_people(connection, source, target)
    if not {source, target} <= rows.keys():
        return False
    await _move_looks(connection, source, target)
    await _move_reactions(connection, source, target)
    await _move_follows(connection, source, target)
    for column in (
        schema.identities.c.person_id,
        schema.one_time_tokens.c.person_id,
        schema.moderation_log.c.person_id,
        schema.moderation_log.c.moderator_id,
    ):
        await connection.execute(update(column.table).where(column == source).values({column.name: target}))
    people = schema.people
    old, new = rows[source], rows[target]
    # The name is one person's alone, so it has to be free before it is taken.
    await connection.execute(delete(people).where(people.c.id == source))
    named = new if new.name is not None else old
    await connection.execute(
        update(people)
        .where(people.c.id == target)
        .values(
            name=named.name,
            display_name_key=named.display_name_key,
            consented_at=new.consented_at or old.consented_at,
            banned_at=new.banned_at or old.banned_at,
            created_at=min(new.created_at, old.created_at),
        )
    )
    if new.banned_at or old.banned_at:
        await suspend_all(connection, target)
    return True


async def _lock_people(connection: AsyncConnection, source: UUID, target: UUID) -> dict[UUID, Row[tuple[object, ...]]]:
    """The two and all whose numbers change with theirs, in the same order always: two merges never wait in a ring."""
    people, follows = schema.people, schema.follows
    beside = union_all(
        select(follows.c.followed_id).where(follows.c.follower_id == source),
        select(follows.c.follower_id).where(follows.c.followed_id == source),
    )
    wanted = or_(people.c.id.in_([source, target]), people.c.id.in_(beside))
    found = select(people).where(wanted).order_by(people.c.id).with_for_update()
    return {row.id: row for row in await connection.execute(found)}


async def _move_looks(connection: AsyncConnection, source: UUID, target: UUID) -> None:
    looks, styles = schema.looks, schema.person_style_counts
    twin = looks.alias()
    taken = exists().where(twin.c.person_id == target, twin.c.source_message_id == looks.c.source_message_id)
    # Both may have shown the same photo; each of the two looks has its own hearts and stays.
    new_source = case(
        (taken, looks.c.source_message_id + " " + cast(looks.c.id, Text)), else_=looks.c.source_message_id
    )
    await connection.execute(
        update(looks).where(looks.c.person_id == source).values(person_id=target, source_message_id=new_source)
    )
    # The database counts looks that come onto the board or leave it, and these do neither.
    moved = select(literal(target, styles.c.person_id.type), styles.c.style, styles.c["count"]).where(
        styles.c.person_id == source
    )
    counted = upsert(styles).from_select(["person_id", "style", "count"], moved)
    await connection.execute(
        counted.on_conflict_do_update(
            index_elements=["person_id", "style"], set_={"count": styles.c["count"] + counted.excluded["count"]}
        )
    )
    await connection.execute(delete(styles).where(styles.c.person_id == source))


async def _move_reactions(connection: AsyncConnection, source: UUID, target: UUID) -> None:
    """Moved in place, since numbers count rows: a report that came anew would be the third one for a moment."""
    for table in REACTION_TABLES:
        twin = table.alias()
        both = exists().where(twin.c.person_id == target, twin.c.look_id == table.c.look_id)
        await connection.execute(delete(table).where(table.c.person_id == source, both))
        await connection.execute(update(table).where(table.c.person_id == source).values(person_id=target))
    looks, reports = schema.looks, schema.reports
    own = exists().where(looks.c.id == reports.c.look_id, looks.c.person_id == target)
    # Nobody reports themselves.
    await connection.execute(delete(reports).where(reports.c.person_id == target, own))


async def _move_follows(connection: AsyncConnection, source: UUID, target: UUID) -> None:
    """Written anew, so that the database counts them; nobody comes to follow themselves."""
    table = schema.follows
    me = literal(target, table.c.follower_id.type)
    columns = ["follower_id", "followed_id", "created_at"]
    forth = select(me, table.c.followed_id, table.c.created_at).where(
        table.c.follower_id == source, table.c.followed_id != target
    )
    back = select(table.c.follower_id, me, table.c.created_at).where(
        table.c.followed_id == source, table.c.follower_id != target
    )
    for moved in (forth, back):
        await connection.execute(upsert(table).from_select(columns, moved).on_conflict_do_nothing())
    await connection.execute(delete(table).where(or_(table.c.follower_id == source, table.c.followed_id == source)))
