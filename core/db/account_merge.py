"""Merging of two people who turn out to be the same: one gets everything of the other, and counters stay right.

See ADR 0013.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    ScalarSelect,
    Table,
    Text,
    Uuid,
    case,
    cast,
    delete,
    exists,
    func,
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
from core.db.moderation import mark_looks_suspended, renew_bans
from core.db.relations import delete_relations, select_hidden_people
from core.db.submissions import move_photo_counts

REACTION_TABLES = (schema.hearts, schema.bookmarks, schema.reports, schema.look_guesses)
"""Tables with one row per look and person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentCounts:
    """How much a person has that a merge would move."""

    looks: int
    public_looks: int
    hearts: int
    bookmarks: int
    follows: int
    """People that the person follows."""
    guesses: int
    blocks: int
    """People whom the person blocked."""
    reports: int
    """Of looks and of people."""


async def has_no_content(connection: AsyncConnection, person_id: UUID) -> bool:
    """Whether a person has no name, looks, follows, blocks, guesses, reports and reactions."""
    return bool((await connection.execute(select(no_content_condition(literal(person_id, Uuid))))).scalar_one())


def no_content_condition(person_id: ColumnElement[UUID]) -> ColumnElement[bool]:
    """`has_no_content` as a condition, for the other repositories."""
    people = schema.people.alias()
    is_named = exists().where(people.c.id == person_id, people.c.name.is_not(None))
    followers, blockers = schema.follows.c.follower_id, schema.blocks.c.person_id
    reporters = schema.person_reports.c.person_id
    owners = (followers, blockers, reporters, *(table.c.person_id for table in (schema.looks, *REACTION_TABLES)))
    return not_(or_(is_named, *(exists().where(owner == person_id) for owner in owners)))


async def count_content(connection: AsyncConnection, person_id: UUID) -> ContentCounts:
    """How much a person has; a person without any of it may still have a name."""
    looks, follows = schema.looks, schema.follows

    def count(*conditions: ColumnElement[bool]) -> ScalarSelect[int]:
        return select(func.count()).where(*conditions).scalar_subquery()

    statement = select(
        count(looks.c.person_id == person_id).label("looks"),
        count(looks.c.person_id == person_id, looks.c.is_public).label("public_looks"),
        count(schema.hearts.c.person_id == person_id).label("hearts"),
        count(schema.bookmarks.c.person_id == person_id).label("bookmarks"),
        count(follows.c.follower_id == person_id).label("follows"),
        count(schema.look_guesses.c.person_id == person_id).label("guesses"),
        count(schema.blocks.c.person_id == person_id).label("blocks"),
        (count(schema.reports.c.person_id == person_id) + count(schema.person_reports.c.person_id == person_id)).label(
            "reports"
        ),
    )
    return ContentCounts(**(await connection.execute(statement)).one()._mapping)


async def merge_people(connection: AsyncConnection, *, source: UUID, target: UUID) -> bool:
    """Move everything of one person to another one, and delete the first.

    Rows that both have stay once. The target's name and language win; its name is the source's if it has none. If one
    of the two is banned, the target is, and all its looks are suspended. Both people are locked.

    Args:
        connection: the transaction; it has locked neither of them nor their followers yet.
        source: who is deleted.
        target: another person, who has everything afterward.

    Returns:
        False, with nothing done, if one of the two does not exist.
    """
    people = schema.people
    rows = await _lock_people(connection, source, target)
    if not {source, target} <= rows.keys():
        return False
    source_row, target_row = rows[source], rows[target]
    banned_at = None
    if source_row.banned_at or target_row.banned_at:
        banned_at = await renew_bans(connection, source, target)
    await _move_looks(connection, source, target)
    await move_photo_counts(connection, source, target)
    await _move_reactions(connection, source, target)
    await _move_pairs(connection, schema.follows, ("follower_id", "followed_id"), source, target)
    await _move_pairs(connection, schema.blocks, ("person_id", "blocked_id"), source, target)
    await delete_relations(connection, target)  # with people whom a moved block is about
    await _move_pairs(connection, schema.person_reports, ("person_id", "reported_id"), source, target)
    for column in (
        schema.identities.c.person_id,
        schema.one_time_tokens.c.person_id,
        schema.moderation_log.c.person_id,
        schema.moderation_log.c.moderator_id,
    ):
        await connection.execute(update(column.table).where(column == source).values({column.name: target}))
    # Names are unique, so the source is deleted before the target takes its name.
    await connection.execute(delete(people).where(people.c.id == source))
    values = _merge_columns(source_row, target_row) | {"banned_at": banned_at}
    await connection.execute(update(people).where(people.c.id == target).values(values))
    if banned_at is not None:
        await mark_looks_suspended(connection, target)
    return True


def _merge_columns(source: Row[tuple[object, ...]], target: Row[tuple[object, ...]]) -> dict[str, object]:
    """The columns of the target that the source changes."""
    named = target if target.name is not None else source
    # A refusal to learn counts before a consent, an answer before none; else the target's.
    learning = min(target, source, key=lambda row: (False, True, None).index(row.learning_consent))
    return {
        "name": named.name,
        "display_name_key": named.display_name_key,
        "consented_at": target.consented_at or source.consented_at,
        "learning_consent": learning.learning_consent,
        "learning_asked_at": target.learning_asked_at or source.learning_asked_at,
        "learning_answered_at": learning.learning_answered_at,
        "news_seen_at": max(target.news_seen_at, source.news_seen_at),
        "news_since": max(target.news_since, source.news_since),
        "daily_news": target.daily_news or source.daily_news,
        "daily_news_on": max(filter(None, (target.daily_news_on, source.daily_news_on)), default=None),
        "created_at": min(target.created_at, source.created_at),
    }


async def _lock_people(connection: AsyncConnection, source: UUID, target: UUID) -> dict[UUID, Row[tuple[object, ...]]]:
    """Lock both people and all others whose follow counters change, in the order of their ids to avoid deadlocks."""
    people, follows = schema.people, schema.follows
    neighbors = union_all(
        select(follows.c.followed_id).where(follows.c.follower_id == source),
        select(follows.c.follower_id).where(follows.c.followed_id == source),
        # The target may follow them, or be followed by them, until the merge moves the blocks.
        select_hidden_people(literal(source, Uuid)),
    )
    is_affected = or_(people.c.id.in_([source, target]), people.c.id.in_(neighbors))
    statement = select(people).where(is_affected).order_by(people.c.id).with_for_update()
    return {row.id: row for row in await connection.execute(statement)}


async def _move_looks(connection: AsyncConnection, source: UUID, target: UUID) -> None:
    looks, counts = schema.looks, schema.person_style_counts
    other = looks.alias()
    is_taken = exists().where(other.c.person_id == target, other.c.source_message_id == looks.c.source_message_id)
    # Both people may have submitted the same photo; both looks stay, with their own hearts.
    unique_id = case(
        (is_taken, looks.c.source_message_id + " " + cast(looks.c.id, Text)), else_=looks.c.source_message_id
    )
    moved_looks = update(looks).where(looks.c.person_id == source)
    await connection.execute(moved_looks.values(person_id=target, source_message_id=unique_id))
    # The trigger counts looks that become public or private; these do neither.
    moved_counts = select(literal(target, Uuid), counts.c.style, counts.c["count"]).where(counts.c.person_id == source)
    insert_counts = upsert(counts).from_select(["person_id", "style", "count"], moved_counts)
    await connection.execute(
        insert_counts.on_conflict_do_update(
            index_elements=["person_id", "style"],
            set_={"count": counts.c["count"] + insert_counts.excluded["count"]},
        )
    )
    await connection.execute(delete(counts).where(counts.c.person_id == source))


async def _move_reactions(connection: AsyncConnection, source: UUID, target: UUID) -> None:
    """Update the rows in place: a report that was inserted again would count twice for a moment and suspend a look."""
    for table in REACTION_TABLES:
        other = table.alias()
        has_both = exists().where(other.c.person_id == target, other.c.look_id == table.c.look_id)
        await connection.execute(delete(table).where(table.c.person_id == source, has_both))
        await connection.execute(update(table).where(table.c.person_id == source).values(person_id=target))
    looks = schema.looks
    for table in (schema.reports, schema.look_guesses):
        is_own_look = exists().where(looks.c.id == table.c.look_id, looks.c.person_id == target)
        await connection.execute(delete(table).where(table.c.person_id == target, is_own_look))


async def _move_pairs(
    connection: AsyncConnection, table: Table, pair: tuple[str, str], source: UUID, target: UUID
) -> None:
    """Insert the rows of both directions between two people again, so that triggers count them.

    A row between source and target is dropped, and the target's own rows stay.

    Args:
        connection: to execute on.
        table: has one row for each pair of people.
        pair: its two columns with people.
        source: who is merged.
        target: who gets the rows.
    """
    others = [column.name for column in table.c if column.name not in pair]
    for moved, unmoved in (pair, pair[::-1]):
        rows = select(literal(target, Uuid), *(table.c[name] for name in (unmoved, *others))).where(
            table.c[moved] == source, table.c[unmoved] != target
        )
        await connection.execute(upsert(table).from_select([moved, unmoved, *others], rows).on_conflict_do_nothing())
    await connection.execute(delete(table).where(or_(*(table.c[name] == source for name in pair))))
