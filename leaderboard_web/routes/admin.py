"""`/admin` for moderators: reported looks and people, failed updates, the moderation log; 404 for all others."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Response
from fastapi.responses import RedirectResponse

from core.conversation.display_names import display_name
from core.conversation.narration import style_name
from core.db import failed_updates, person_reports
from core.db.moderation import ModerationLogEntry, ReportedLook, list_log, list_reported
from core.db.person_reports import ReportedPerson
from core.errors import LookNotFoundError, PersonNotFoundError
from core.i18n.translations import Language, translate
from core.services import moderation
from leaderboard_web.dependencies import CanonicalUUID, Context, Db, RequestContext, State
from leaderboard_web.pagination import Cursor, build_page, cursor_parameter
from leaderboard_web.report_reasons import describe_report
from leaderboard_web.templating import render_page
from leaderboard_web.urls import PageRoute, private_image_url, url_for

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
        reported=[_describe_report(context, row) for row in page.rows],
        people_count=await person_reports.count_reported(connection),
        failed_count=await failed_updates.count_failed(connection),
        failed_updates=await failed_updates.list_failed(connection, limit=ROWS_PER_PAGE),
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
        reported=[_describe_person(row, context.language) for row in page.rows],
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
        entries=[_describe_log_entry(entry, context.language) for entry in page.rows],
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


def _describe_report(context: RequestContext, row: ReportedLook) -> dict[str, object]:
    """What the page shows of a reported look."""
    look, signer = row.look, context.state.resources.url_signer
    return {
        "look": look,
        "photo_url": private_image_url(signer, look, look.photo_key) if look.photo_key else None,
        "style_name": style_name(look.style, context.language),
        "owner_name": display_name(look.person_id, row.owner_name, context.language),
        "is_owner_banned": row.is_owner_banned,
        "report_count": row.report_count,
        "reasons": [describe_report(reason, context.language) for reason in row.reasons],
    }


def _describe_person(row: ReportedPerson, language: Language) -> dict[str, object]:
    """What the page shows of a reported person."""
    return {
        "id": row.id,
        "name": display_name(row.id, row.name, language),
        "page_name": row.name if row.has_page else None,
        "is_banned": row.is_banned,
        "report_count": row.report_count,
        "reasons": [describe_report(reason, language) for reason in row.reasons],
    }


def _describe_log_entry(entry: ModerationLogEntry, language: Language) -> dict[str, object]:
    """What the page shows of a moderation action."""

    def describe(person: tuple[UUID, str | None] | None, forgotten_key: str) -> str:
        if person is None:
            return translate(forgotten_key, language)
        return translate("admin.named", language, name=display_name(*person, language))

    return {
        "action": entry.action,
        "created_at": entry.created_at,
        "moderator": describe(entry.moderator, "admin.forgotten.moderator"),
        "person": describe(entry.person, "admin.forgotten"),
        "banned_person_id": entry.person[0] if entry.is_person_banned and entry.person else None,
        "look_id": entry.look_id if entry.is_look_public else None,
    }
