"""`/admin` for moderators: reported looks and people, failed updates, the moderation log; 404 for all others."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Response
from fastapi.responses import RedirectResponse

from core.db import person_reports, queued_updates
from core.db.moderation import list_log, list_reported
from core.errors import LookNotFoundError, PersonNotFoundError
from core.services import moderation
from leaderboard_web.dependencies import CanonicalUUID, Context, Db, State
from leaderboard_web.moderation_view import build_log_entry, build_reported_look, build_reported_person
from leaderboard_web.pagination import Cursor, build_page, cursor_parameter
from leaderboard_web.templating import render_page
from leaderboard_web.urls import PageRoute, url_for

ROWS_PER_PAGE = 20
ACTIONS = {
    ("looks", "hide"): moderation.remove_look,
    ("looks", "restore"): moderation.restore_look,
    ("people", "ban"): moderation.ban_person,
    ("people", "unban"): moderation.unban_person,
    ("people", "dismiss"): moderation.dismiss_reports,
}

PAGE_AFTER = {"unban": "admin_log", "dismiss": "admin_people"}
"""Names of the pages that follow these actions; all others lead back to the page of their button."""

router = APIRouter(prefix="/admin", route_class=PageRoute)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCursor(Cursor):
    """A position in the list of reported looks or people."""

    report_count: int
    id: UUID

    @property
    def position(self) -> tuple[int, UUID]:
        """For the list."""
        return self.report_count, self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class LogCursor(Cursor):
    """A position in the moderation log."""

    entry_id: int


async def get_moderator_id(context: Context) -> UUID:
    """The id of the viewer, who is a moderator.

    The connection is released before the route runs, since moderation services open transactions.

    Raises:
        HTTPException: 404, the viewer is no moderator.
    """
    async with context.state.resources.database.connection() as connection:
        person_id = await context.viewer.get_person_id(connection)
        if person_id is None or not await moderation.is_admin(connection, context.state.settings.admins, person_id):
            raise HTTPException(404)
    return person_id


Moderator = Annotated[UUID, Depends(get_moderator_id)]
AfterReport = Annotated[ReportCursor | None, cursor_parameter(ReportCursor, "after")]
BeforeLogEntry = Annotated[LogCursor | None, cursor_parameter(LogCursor, "before")]


@router.get("", name="admin_reports", dependencies=[Depends(get_moderator_id)])
async def reports_page(context: Context, after: AfterReport, connection: Db) -> Response:
    """Looks that wait for a moderator, the most reported first, and the latest failed updates."""
    page = build_page(
        await list_reported(connection, limit=ROWS_PER_PAGE + 1, after=None if after is None else after.position),
        ROWS_PER_PAGE,
        lambda row: ReportCursor(report_count=row.report_count, id=row.look.id),
    )
    return render_page(
        context,
        "admin/reports.html",
        section="admin",
        reported=[build_reported_look(row, context.state.resources.url_signer, context.language) for row in page.rows],
        people_count=await person_reports.count_reported(connection),
        failed_count=await queued_updates.count_failed(connection),
        failed_updates=await queued_updates.list_failed(connection, limit=ROWS_PER_PAGE),
        next_url=page.next_cursor and url_for("admin_reports", query={"after": page.next_cursor}),
    )


@router.get("/people", name="admin_people", dependencies=[Depends(get_moderator_id)])
async def people_page(context: Context, after: AfterReport, connection: Db) -> Response:
    """People whose reports no moderator has reviewed, the most reported first."""
    page = build_page(
        await person_reports.list_reported(
            connection, limit=ROWS_PER_PAGE + 1, after=None if after is None else after.position
        ),
        ROWS_PER_PAGE,
        lambda row: ReportCursor(report_count=row.report_count, id=row.id),
    )
    return render_page(
        context,
        "admin/people.html",
        section="admin",
        reported=[build_reported_person(row, context.language) for row in page.rows],
        next_url=page.next_cursor and url_for("admin_people", query={"after": page.next_cursor}),
    )


@router.get("/log", name="admin_log", dependencies=[Depends(get_moderator_id)])
async def log_page(context: Context, before: BeforeLogEntry, connection: Db) -> Response:
    """All moderation actions, the latest first."""
    page = build_page(
        await list_log(connection, limit=ROWS_PER_PAGE + 1, after=None if before is None else before.entry_id),
        ROWS_PER_PAGE,
        lambda entry: LogCursor(entry_id=entry.id),
    )
    return render_page(
        context,
        "admin/log.html",
        section="admin",
        entries=[build_log_entry(entry, context.language) for entry in page.rows],
        next_url=page.next_cursor and url_for("admin_log", query={"before": page.next_cursor}),
    )


@router.post("/updates/retry", name="retry_updates")
async def retry_updates(moderator_id: Moderator, state: State) -> Response:
    """Let the worker process failed updates again."""
    with suppress(PersonNotFoundError):
        await moderation.retry_updates(state.resources, moderator_id)
    return RedirectResponse(url_for("admin_reports"), 303)


@router.post("/{kind}/{target_id}/{action}", name="moderate")
async def moderate(
    moderator_id: Moderator,
    kind: Literal["looks", "people"],
    target_id: CanonicalUUID,
    action: Literal["hide", "restore", "ban", "unban", "dismiss"],
    state: State,
    page: Literal["admin_reports", "admin_people"] = "admin_reports",
) -> Response:
    """Execute a moderation action; a target that is gone or was handled already is no error.

    Raises:
        HTTPException: 404, for an action that this kind of target does not have.
    """
    execute = ACTIONS.get((kind, action))
    if execute is None:
        raise HTTPException(404)
    with suppress(LookNotFoundError, PersonNotFoundError):
        await execute(state.resources, moderator_id, target_id)
    return RedirectResponse(url_for(PAGE_AFTER.get(action, page)), 303)
