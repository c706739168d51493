"""What moderators see and do: looks that were reported, and a log of every act.

Acts lock people before looks, as everybody does, and people in the order of their ids: so nobody waits for anybody who
waits for them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Integer, Select, Text, Uuid, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.errors import missing_person_as_error
from core.db.looks import SUMMARY_COLUMNS, LookSummary, to_summary
from core.db.schema import ModerationAction

AUTO_SUSPEND_THRESHOLD = 3
"""Reports that nobody has seen from which the database holds a look; the trigger `count_reports` has this number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedLook:
    """A look with reports that no moderator has seen."""

    look: LookSummary
    owner_name: str | None
    """Its owner's, if they chose one."""
    is_owner_banned: bool
    """Whether its owner is."""
    report_count: int
    reasons: tuple[str, ...]
    """In the reporters' words, in the order in which they came; those who gave none are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModerationLogEntry:
    """An act in the log."""

    id: int
    action: ModerationAction
    created_at: datetime
    moderator: tuple[UUID, str | None] | None
    """Who did it, with the name they chose; None if they were forgotten."""
    person: tuple[UUID, str | None] | None
    """Whom it was about, or whose look; None if they were forgotten."""
    is_person_banned: bool
    """Whether that person is banned now."""
    look_id: UUID | None
    """None if it was about none, or if that was deleted."""


async def list_reported(
    connection: AsyncConnection, *, limit: int, after: tuple[int, UUID] | None = None
) -> list[ReportedLook]:
    """Reported looks that were shared, the most reported first, of equals the oldest.

    Args:
        connection: the unit of work.
        limit: how many at most.
        after: (`reports`, `id`) of the last one of the page before.
    """
    table, people = schema.looks, schema.people
    found = select(*SUMMARY_COLUMNS, table.c.report_count).where(
        table.c.report_count > 0, table.c.shared_at.is_not(None)
    )
    if after is not None:
        further = func.row(-table.c.report_count, table.c.id)
        found = found.where(further > func.row(literal(-after[0], Integer), literal(after[1], Uuid)))
    # Their owners are looked up last: those few, and not everybody's.
    few = found.order_by(-table.c.report_count, table.c.id).limit(limit).subquery()
    named: Select[tuple[object, ...]] = (
        select(few, people.c.name.label("owner"), people.c.banned_at)
        .join(people, people.c.id == few.c.person_id)
        .order_by(-few.c.report_count, few.c.id)
    )
    rows = list(await connection.execute(named))
    reasons = await _list_reasons(connection, [row.id for row in rows])
    return [
        ReportedLook(
            look=to_summary(row),
            owner_name=row.owner,
            is_owner_banned=row.banned_at is not None,
            report_count=row.report_count,
            reasons=tuple(reasons.get(row.id, ())),
        )
        for row in rows
    ]


async def lock_people(connection: AsyncConnection, *person_ids: UUID) -> set[UUID]:
    """Let nobody write anything of these people until the unit of work ends; those of them who exist."""
    table = schema.people
    found = select(table.c.id).where(table.c.id.in_(person_ids)).order_by(table.c.id).with_for_update()
    return set((await connection.execute(found)).scalars())


async def resolve_reports(connection: AsyncConnection, look_id: UUID, *, release: bool) -> None:
    """Note that a moderator has seen a look's reports.

    Args:
        connection: the unit of work; has locked the look.
        look_id: which look.
        release: whether it may be on the board again, if it was held.
    """
    reports, table = schema.reports, schema.looks
    await connection.execute(
        update(reports)
        .where(reports.c.look_id == look_id, reports.c.reviewed_at.is_(None))
        .values(reviewed_at=func.now())
    )
    if release:
        await connection.execute(update(table).where(table.c.id == look_id).values(suspended_at=None))


async def ban(connection: AsyncConnection, person_id: UUID) -> bool:
    """Ban a person, whom the unit of work has locked, and hold all their looks; False if they are banned already."""
    people = schema.people
    banned = await connection.execute(
        update(people).where(people.c.id == person_id, people.c.banned_at.is_(None)).values(banned_at=func.now())
    )
    if banned.rowcount == 0:
        return False
    await suspend_all(connection, person_id)
    return True


async def suspend_all(connection: AsyncConnection, person_id: UUID) -> None:
    """Hold everything that a banned person has on the board."""
    table = schema.looks
    await connection.execute(
        update(table).where(table.c.person_id == person_id, table.c.is_public).values(suspended_at=func.now())
    )


async def unban(connection: AsyncConnection, person_id: UUID) -> bool:
    """Take a ban back; their looks return, but for those that reports hold. False if they are not banned."""
    table, people = schema.looks, schema.people
    freed = await connection.execute(
        update(people).where(people.c.id == person_id, people.c.banned_at.is_not(None)).values(banned_at=None)
    )
    if freed.rowcount == 0:
        return False
    held = (
        table.c.person_id == person_id,
        table.c.suspended_at.is_not(None),
        table.c.report_count < AUTO_SUSPEND_THRESHOLD,
    )
    await connection.execute(update(table).where(*held).values(suspended_at=None))
    return True


async def log_action(
    connection: AsyncConnection,
    action: ModerationAction,
    moderator_id: UUID,
    *,
    look_id: UUID | None = None,
    person_id: UUID,
) -> None:
    """Write an act into the log.

    Args:
        connection: the unit of work of the act itself.
        act: what was done.
        moderator_id: who did it.
        look_id: to which look, if it was one.
        person_id: to whom, or whose look it is.
    """
    values = {"action": action, "moderator_id": moderator_id, "look_id": look_id, "person_id": person_id}
    await connection.execute(insert(schema.moderation_log).values(values))


async def list_log(connection: AsyncConnection, *, limit: int, after: int | None = None) -> list[ModerationLogEntry]:
    """The log, the latest act first.

    Args:
        connection: the unit of work.
        limit: how many at most.
        before: the `id` of the last one of the page before.
    """
    table = schema.moderation_log
    moderator, person = schema.people.alias("moderator"), schema.people.alias("person")
    found = (
        select(
            table,
            moderator.c.name.label("moderator_name"),
            person.c.name.label("person_name"),
            person.c.banned_at.label("banned_at"),
        )
        .outerjoin(moderator, moderator.c.id == table.c.moderator_id)
        .outerjoin(person, person.c.id == table.c.person_id)
    )
    if after is not None:
        found = found.where(table.c.id < after)
    return [
        ModerationLogEntry(
            id=row.id,
            action=ModerationAction(row.action),
            created_at=row.created_at,
            moderator=None if row.moderator_id is None else (row.moderator_id, row.moderator_name),
            person=None if row.person_id is None else (row.person_id, row.person_name),
            is_person_banned=row.banned_at is not None,
            look_id=row.look_id,
        )
        for row in await connection.execute(found.order_by(table.c.id.desc()).limit(limit))
    ]


async def _list_reasons(connection: AsyncConnection, look_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    table = schema.reports
    found = (
        select(table.c.look_id, table.c.reason)
        .where(table.c.look_id.in_(look_ids), table.c.reviewed_at.is_(None), table.c.reason != "")
        .order_by(table.c.created_at)
    )
    reasons: dict[UUID, list[str]] = {}
    for row in await connection.execute(found):
        reasons.setdefault(row.look_id, []).append(row.reason)
    return reasons


async def create_report(connection: AsyncConnection, look_id: UUID, person_id: UUID, reason: str = "") -> bool:
    """Report a look; a person's first report of it counts, and its reason.

    Args:
        connection: the unit of work.
        look_id: what is reported; with the third report that no moderator has seen it is off the board.
        person_id: who reports it.
        reason: in their words, at most 500 characters.

    Returns:
        False if it is not on the board, or their own.

    Raises:
        PersonNotFoundError: the person was forgotten.
    """
    looks, table = schema.looks, schema.reports
    reported = looks.c.id == look_id, looks.c.is_public, looks.c.person_id != person_id
    found = await connection.execute(select(looks.c.id).where(*reported))
    if found.first() is None:
        return False
    values = select(looks.c.id, literal(person_id, Uuid), literal(reason, Text)).where(*reported)
    statement = upsert(table).from_select(["look_id", "person_id", "reason"], values).on_conflict_do_nothing()
    with missing_person_as_error(table):
        await connection.execute(statement)
    return True
