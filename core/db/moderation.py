"""Moderation: reports of looks, bans of people, and a log of every action.

Actions lock people before looks, and people in the order of their ids, like all other transactions; so they cannot
deadlock.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, Uuid, exists, func, insert, literal, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.database import cursor_values, paginate
from core.db.errors import missing_person_as_error
from core.db.look_summaries import SUMMARY_COLUMNS, LookSummary, to_summary
from core.db.schema import ModerationAction

AUTO_SUSPEND_THRESHOLD = 3
"""Number of unreviewed reports that suspends a look; the trigger `count_reports` has this number, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedLook:
    """A shared look that a moderator has to decide about."""

    look: LookSummary
    owner_name: str | None
    """The display name of the owner, if they chose one."""
    is_owner_banned: bool
    report_count: int
    """Number of unreviewed reports; 0 if all reporters of a suspended look erased themselves."""
    reasons: tuple[str, ...]
    """In the reporters' words, the oldest first, without empty ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModerationLogEntry:
    """A logged action."""

    id: int
    action: ModerationAction
    created_at: datetime
    moderator: tuple[UUID, str | None] | None
    """Id and display name; None if the moderator was deleted."""
    person: tuple[UUID, str | None] | None
    """Id and display name of the affected person or owner; None if they were deleted."""
    is_person_banned: bool
    """Whether that person is banned now."""
    look_id: UUID | None
    """None if the action was about no look, or the look was deleted."""
    is_look_public: bool
    """Whether that look is on the leaderboard now."""


async def is_open_to_report(connection: AsyncConnection, look_id: UUID, person_id: UUID) -> bool:
    """Whether a look is public, not the person's own, and was not reported by them."""
    reports = schema.reports
    is_reported = exists().where(reports.c.look_id == look_id, reports.c.person_id == person_id)
    statement = select(schema.looks.c.id).where(*_can_be_reported(look_id, person_id), ~is_reported)
    return (await connection.execute(statement)).first() is not None


async def create_report(connection: AsyncConnection, look_id: UUID, person_id: UUID, reason: str = "") -> bool:
    """Report a look; only the first report of a person counts.

    With `AUTO_SUSPEND_THRESHOLD` unreviewed reports the look is suspended.

    Args:
        connection: to execute on.
        look_id: the look.
        person_id: who reports it.
        reason: in their words, at most 500 characters.

    Returns:
        False if the look is not public, or their own.

    Raises:
        PersonNotFoundError: the reporter was deleted.
    """
    looks, table = schema.looks, schema.reports
    can_be_reported = _can_be_reported(look_id, person_id)
    if (await connection.execute(select(looks.c.id).where(*can_be_reported))).first() is None:
        return False
    row = select(looks.c.id, literal(person_id, Uuid), literal(reason, Text)).where(*can_be_reported)
    row = row.with_for_update(read=True, key_share=True)
    statement = upsert(table).from_select(["look_id", "person_id", "reason"], row).on_conflict_do_nothing()
    with missing_person_as_error(table):
        await connection.execute(statement)
    return True


async def list_reported(
    connection: AsyncConnection, *, limit: int, after: tuple[int, UUID] | None = None
) -> list[ReportedLook]:
    """Shared looks with unreviewed reports, or suspended by reports that are gone with their reporters.

    The most reported ones come first, then the oldest. Looks that are suspended only because their owner is banned are
    left out.

    Args:
        connection: to execute on.
        limit: number of looks, at most.
        after: (`report_count`, `id`) of the last look of the page before.
    """
    table, people = schema.looks, schema.people
    # A value for each look: PostgreSQL answers an EXISTS here by reading all people.
    owner_banned_at = select(people.c.banned_at).where(people.c.id == table.c.person_id).scalar_subquery()
    page = paginate(
        select(*SUMMARY_COLUMNS, table.c.report_count).where(
            schema.IS_WAITING_FOR_MODERATOR,
            table.c.shared_at.is_not(None),
            or_(table.c.report_count > 0, owner_banned_at.is_(None)),
        ),
        -table.c.report_count,
        table.c.id,
        has_cursor=after is not None,
        descending=False,
    ).subquery()
    reports = schema.reports
    reasons = (
        select(func.array_agg(aggregate_order_by(reports.c.reason, reports.c.created_at), type_=ARRAY(Text)))
        .where(reports.c.look_id == page.c.id, reports.c.reviewed_at.is_(None), reports.c.reason != "")
        .scalar_subquery()
    )
    # The owners are joined to the page only, not to all reported looks.
    statement: Select[tuple[Any, ...]] = (
        select(page, people.c.name.label("owner_name"), people.c.banned_at, reasons.label("reasons"))
        .join(people, people.c.id == page.c.person_id)
        .order_by(-page.c.report_count, page.c.id)
    )
    cursor = None if after is None else (-after[0], after[1])
    rows = await connection.execute(statement, {"limit": limit, **cursor_values(cursor)})
    return [
        ReportedLook(
            look=to_summary(row),
            owner_name=row.owner_name,
            is_owner_banned=row.banned_at is not None,
            report_count=row.report_count,
            reasons=tuple(row.reasons or ()),
        )
        for row in rows
    ]


async def resolve_reports(connection: AsyncConnection, look_id: UUID) -> None:
    """Mark the reports of a look as reviewed; it stays suspended."""
    table = schema.reports
    is_unreviewed = table.c.look_id == look_id, table.c.reviewed_at.is_(None)
    await connection.execute(update(table).where(*is_unreviewed).values(reviewed_at=func.now()))


async def release(connection: AsyncConnection, look_id: UUID, *, is_owner_banned: bool) -> None:
    """End the suspension of a look, or let it end with the ban of its owner."""
    table = schema.looks
    suspended_at = func.clock_timestamp() if is_owner_banned else None
    await connection.execute(update(table).where(table.c.id == look_id).values(suspended_at=suspended_at))


async def mark_banned(connection: AsyncConnection, person_id: UUID) -> bool:
    """Ban a person, locked by the transaction, and suspend all their looks; False if they are banned already.

    What was suspended before the ban was so by reports, and what is suspended since, by the ban. So the times are not
    those at which transactions began.
    """
    people = schema.people
    is_not_banned = people.c.id == person_id, people.c.banned_at.is_(None)
    banned = await connection.execute(update(people).where(*is_not_banned).values(banned_at=func.clock_timestamp()))
    if banned.rowcount == 0:
        return False
    await mark_looks_suspended(connection, person_id)
    return True


async def mark_unbanned(connection: AsyncConnection, person_id: UUID) -> bool:
    """Lift a ban, and the suspension of looks that it suspended; False if the person, who is locked, is not banned.

    Looks that reports had suspended before stay so, also after their reporters erased themselves.
    """
    people, table = schema.people, schema.looks
    is_banned = people.c.id == person_id, people.c.banned_at.is_not(None)
    is_released = (
        table.c.person_id == person_id,
        table.c.suspended_at >= select(people.c.banned_at).where(*is_banned).scalar_subquery(),
        # The last of these reports may have come while the ban was being written.
        table.c.report_count < AUTO_SUSPEND_THRESHOLD,
    )
    await connection.execute(update(table).where(*is_released).values(suspended_at=None))
    return (await connection.execute(update(people).where(*is_banned).values(banned_at=None))).rowcount == 1


async def mark_looks_suspended(connection: AsyncConnection, person_id: UUID) -> None:
    """Suspend all public looks of a banned person."""
    table = schema.looks
    is_affected = table.c.person_id == person_id, table.c.is_public
    await connection.execute(update(table).where(*is_affected).values(suspended_at=func.clock_timestamp()))


async def renew_bans(connection: AsyncConnection, *person_ids: UUID) -> datetime:
    """Let the bans of people begin again, for a merge: later than every suspension of theirs by reports.

    Args:
        connection: the transaction, which has locked them.
        person_ids: who become one, some of them banned.

    Returns:
        The time of the ban of the merged person.
    """
    people, table = schema.people, schema.looks
    banned_at: datetime = (await connection.execute(select(func.clock_timestamp()))).scalar_one()
    is_by_ban = (
        people.c.id.in_(person_ids),
        table.c.person_id == people.c.id,
        table.c.suspended_at >= people.c.banned_at,
    )
    await connection.execute(update(table).where(*is_by_ban).values(suspended_at=banned_at))
    return banned_at


async def record_action(
    connection: AsyncConnection,
    action: ModerationAction,
    moderator_id: UUID,
    *,
    look_id: UUID | None = None,
    person_id: UUID | None = None,
) -> None:
    """Add an entry to the log.

    Args:
        connection: the transaction of the action itself.
        action: what was done.
        moderator_id: who did it.
        look_id: the affected look, if any.
        person_id: the affected person, or the owner of the look, if any.
    """
    values = {"action": action, "moderator_id": moderator_id, "look_id": look_id, "person_id": person_id}
    await connection.execute(insert(schema.moderation_log).values(values))


async def list_log(connection: AsyncConnection, *, limit: int, after: int | None = None) -> list[ModerationLogEntry]:
    """The log, the latest action first.

    Args:
        connection: to execute on.
        limit: number of entries, at most.
        after: `id` of the last entry of the page before.
    """
    table = schema.moderation_log
    moderator, person = schema.people.alias("moderator"), schema.people.alias("person")
    entries = (
        select(
            table,
            moderator.c.name.label("moderator_name"),
            person.c.name.label("person_name"),
            person.c.banned_at.label("banned_at"),
            schema.looks.c.is_public,
        )
        .outerjoin(moderator, moderator.c.id == table.c.moderator_id)
        .outerjoin(person, person.c.id == table.c.person_id)
        .outerjoin(schema.looks, schema.looks.c.id == table.c.look_id)
    )
    statement = paginate(entries, table.c.id, has_cursor=after is not None)
    cursor = None if after is None else (after,)
    rows = await connection.execute(statement, {"limit": limit, **cursor_values(cursor)})
    return [
        ModerationLogEntry(
            id=row.id,
            action=ModerationAction(row.action),
            created_at=row.created_at,
            moderator=None if row.moderator_id is None else (row.moderator_id, row.moderator_name),
            person=None if row.person_id is None else (row.person_id, row.person_name),
            is_person_banned=row.banned_at is not None,
            look_id=row.look_id,
            is_look_public=bool(row.is_public),
        )
        for row in rows
    ]


def _can_be_reported(look_id: UUID, person_id: UUID) -> tuple[ColumnElement[bool], ...]:
    table = schema.looks
    return table.c.id == look_id, table.c.is_public, table.c.person_id != person_id
