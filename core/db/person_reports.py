"""Reports of people, for moderators. They change nothing by themselves: only a moderator bans a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Text, Uuid, func, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.database import cursor_values, paginate
from core.db.errors import missing_person_as_error
from core.db.people import prevent_erasure
from core.db.relations import select_top_style

MAX_REASONS = 20
"""Reasons that moderators read; a person may be reported by thousands, unlike a look, which three reports suspend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedPerson:
    """A person with reports that no moderator has reviewed."""

    id: UUID
    name: str | None
    is_banned: bool
    has_page: bool
    """Whether they have a page that others see."""
    report_count: int
    reasons: Sequence[str]
    """In the words of the reporters, the oldest first, without empty ones; at most `MAX_REASONS`."""


async def is_open(connection: AsyncConnection, reported_id: UUID, person_id: UUID) -> bool:
    """Whether a person may report another one, and has not yet."""
    table = schema.person_reports
    is_reported = table.c.reported_id == reported_id, table.c.person_id == person_id
    if reported_id == person_id:
        return False
    return (await connection.execute(select(table.c.person_id).where(*is_reported))).first() is None


async def create(connection: AsyncConnection, reported_id: UUID, person_id: UUID, reason: str) -> None:
    """Report another person; only the first report of a person about another one counts.

    Args:
        connection: to execute on.
        reported_id: who is reported; nothing happens if they were deleted, or report themselves.
        person_id: who reports.
        reason: at most 500 characters.

    Raises:
        PersonNotFoundError: the reporter was deleted.
    """
    people, table = schema.people, schema.person_reports
    await prevent_erasure(connection, reported_id, person_id)
    is_other = people.c.id == reported_id, people.c.id != person_id
    row = select(people.c.id, literal(person_id, Uuid), literal(reason, Text)).where(*is_other)
    statement = upsert(table).from_select(["reported_id", "person_id", "reason"], row).on_conflict_do_nothing()
    with missing_person_as_error(table):
        await connection.execute(statement)


async def count_reported(connection: AsyncConnection) -> int:
    """Number of people with unreviewed reports."""
    table = schema.person_reports
    statement = select(func.count(table.c.reported_id.distinct())).where(table.c.reviewed_at.is_(None))
    return (await connection.execute(statement)).scalar_one()


async def list_reported(
    connection: AsyncConnection, *, limit: int, after: tuple[int, UUID] | None = None
) -> Sequence[ReportedPerson]:
    """People with unreviewed reports, the most reported first, then the oldest accounts.

    Args:
        connection: to execute on.
        limit: how many at most.
        after: number of reports and id of the last person of the page before.
    """
    people, table = schema.people, schema.person_reports
    reports = (
        select(
            table.c.reported_id,
            func.count().label("report_count"),
            func.array_agg(aggregate_order_by(table.c.reason, table.c.created_at), type_=ARRAY(Text))
            .filter(table.c.reason != "")[1:MAX_REASONS]
            .label("reasons"),
        )
        .where(table.c.reviewed_at.is_(None))
        .group_by(table.c.reported_id)
        .subquery()
    )
    statement = paginate(
        select(
            people.c.id,
            people.c.name,
            people.c.banned_at,
            select_top_style(people.c.id).label("top_style"),
            reports.c.report_count,
            reports.c.reasons,
        ).join(reports, reports.c.reported_id == people.c.id),
        -reports.c.report_count,
        people.c.id,
        has_cursor=after is not None,
        descending=False,
    )
    cursor = None if after is None else (-after[0], after[1])
    return [
        ReportedPerson(
            id=row.id,
            name=row.name,
            is_banned=row.banned_at is not None,
            has_page=row.name is not None and row.banned_at is None and row.top_style is not None,
            report_count=row.report_count,
            reasons=tuple(row.reasons or ()),
        )
        for row in await connection.execute(statement, {"limit": limit, **cursor_values(cursor)})
    ]


async def resolve(connection: AsyncConnection, person_id: UUID) -> bool:
    """Mark the reports of a person as reviewed; False if there was none."""
    table = schema.person_reports
    is_open = table.c.reported_id == person_id, table.c.reviewed_at.is_(None)
    return (await connection.execute(update(table).where(*is_open).values(reviewed_at=func.now()))).rowcount > 0
