"""Reporting a person to the moderators, from their page."""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from core.db import person_reports
from core.i18n.translations import translate
from leaderboard_web.dependencies import Lang, State, Transaction, Viewer
from leaderboard_web.errors import GoneError
from leaderboard_web.routes.people import find_person
from leaderboard_web.routes.reactions import report_text
from leaderboard_web.templating import render_page
from leaderboard_web.urls import PageRoute

router = APIRouter(route_class=PageRoute)


class PersonReportReason(StrEnum):
    """Why a person is reported; the value is also the end of its translation key."""

    NAME = "name"
    HARASSMENT = "harassment"
    IMPERSONATION = "impersonation"
    OTHER = "other"


@router.post("/people/{name:path}/report", name="report_person")
async def report_person(
    request: Request,
    name: str,
    connection: Transaction,
    viewer: Viewer,
    state: State,
    reason: Annotated[str, Form()] = PersonReportReason.OTHER,
    line: Annotated[str, Form()] = "",
) -> Response:
    """Report a person once. A report that is not counted gets the same response.

    Raises:
        GoneError: there is no such person, or it is the viewer.
    """
    person_id = await viewer.get_or_create_person_id(connection)
    reported = await find_person(connection, name)
    if reported is None or reported.id == person_id:
        raise GoneError("page.person_gone")
    if await state.report_limiter.is_counted(connection, request, person_id, reported.id):
        text = report_text(reason, line, reasons=PersonReportReason)
        await person_reports.create(connection, reported.id, person_id, text)
    response = RedirectResponse(state.url_for("person_reported"), 303)
    viewer.set_cookie(response)
    return response


@router.get("/reported", name="person_reported")
async def person_reported(request: Request, language: Lang) -> Response:
    """Thank for a report."""
    return render_page(request, "notice_page.html", language, message=translate("report.thanks", language))
