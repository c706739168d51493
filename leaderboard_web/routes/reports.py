"""Reports of looks and people; a report that is not counted gets the same response as one that is."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Response
from fastapi.responses import JSONResponse, RedirectResponse

from core.db import moderation, person_reports, public_looks
from core.i18n.translations import translate
from leaderboard_web.dependencies import CanonicalUUID, Context, Transaction
from leaderboard_web.errors import GoneError, wants_json
from leaderboard_web.redirects import NO_STORE
from leaderboard_web.report_reasons import PersonReportReason, ReportReason, report_text
from leaderboard_web.routes.people import find_person_with_page
from leaderboard_web.templating import render_page
from leaderboard_web.urls import PageRoute, url_for
from leaderboard_web.viewer import UNKNOWN_PERSON

router = APIRouter(route_class=PageRoute)


async def limit_look_reports(context: Context, look_id: CanonicalUUID) -> bool:
    """Count a report of a look; whether it is within the limits. One that changes nothing uses up none of them.

    It runs before the transaction of the route begins: the counters take connections of the same pool.
    """
    async with context.state.resources.database.connection() as connection:
        owner = await context.viewer.get_owner(connection)
        reporter_id = UNKNOWN_PERSON if owner is None else owner.person_id
        if not await moderation.is_open_to_report(connection, look_id, reporter_id):
            return True
    return await context.state.report_limiter.acquire(context.request, owner, look_id)


async def limit_person_reports(context: Context, name: str) -> bool:
    """The same for a report of a person."""
    async with context.state.resources.database.connection() as connection:
        owner = await context.viewer.get_owner(connection)
        reported = await find_person_with_page(connection, name)
        reporter_id = UNKNOWN_PERSON if owner is None else owner.person_id
        if reported is None or not await person_reports.is_open(connection, reported.id, reporter_id):
            return True
    return await context.state.report_limiter.acquire(context.request, owner, reported.id)


@router.post("/looks/{look_id}/report", name="report_look")
async def report_look(
    context: Context,
    look_id: CanonicalUUID,
    is_counted: Annotated[bool, Depends(limit_look_reports)],
    connection: Transaction,
    reason: Annotated[str, Form()] = ReportReason.OTHER,
    line: Annotated[str, Form()] = "",
) -> Response:
    """Report a look once. A report that is not counted gets the same response.

    Raises:
        GoneError: the look is not on the leaderboard or is the reporter's own.
    """
    person_id = await context.viewer.get_or_create_person_id(connection)
    if is_counted:
        is_accepted = await moderation.create_report(
            connection, look_id, person_id, report_text(reason, line, reasons=ReportReason)
        )
    else:
        is_accepted = await public_looks.is_public(connection, look_id)
    if not is_accepted:
        raise GoneError("page.look_gone")
    response: Response = RedirectResponse(url_for("look_reported", look_id=look_id), 303)
    if wants_json(context.request):
        response = JSONResponse({}, headers=NO_STORE)
    context.viewer.set_cookie(response)
    return response


@router.get("/looks/{look_id}/reported", name="look_reported")
async def look_reported(context: Context, look_id: CanonicalUUID) -> Response:
    """The thanks for the report of a look, which may be off the leaderboard already."""
    return render_page(context, "notice_page.html", message=translate("report.thanks", context.language))


@router.post("/people/{name:path}/report", name="report_person")
async def report_person(
    context: Context,
    name: str,
    is_counted: Annotated[bool, Depends(limit_person_reports)],
    connection: Transaction,
    reason: Annotated[str, Form()] = PersonReportReason.OTHER,
    line: Annotated[str, Form()] = "",
) -> Response:
    """Report a person once. A report that is not counted gets the same response.

    Raises:
        GoneError: there is no such person, or it is the viewer.
    """
    person_id = await context.viewer.get_or_create_person_id(connection)
    reported = await find_person_with_page(connection, name)
    if reported is None or reported.id == person_id:
        raise GoneError("page.person_gone")
    if is_counted:
        text = report_text(reason, line, reasons=PersonReportReason)
        await person_reports.create(connection, reported.id, person_id, text)
    response = RedirectResponse(url_for("person_reported"), 303)
    context.viewer.set_cookie(response)
    return response


@router.get("/reported", name="person_reported")
async def person_reported(context: Context) -> Response:
    """The thanks for the report of a person."""
    return render_page(context, "notice_page.html", message=translate("report.thanks", context.language))
