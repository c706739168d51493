"""Reports of looks and people; a report that is not counted gets the same response as one that is."""

import unicodedata
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from core.db import leaderboard, moderation, person_reports
from core.i18n.translations import translate
from leaderboard_web.dependencies import CanonicalUUID, Lang, State, Transaction, Viewer
from leaderboard_web.errors import GoneError, wants_json
from leaderboard_web.redirects import NO_STORE
from leaderboard_web.routes.people import find_person_with_page
from leaderboard_web.templating import render_page
from leaderboard_web.urls import PageRoute
from leaderboard_web.viewer import UNKNOWN_PERSON

MAX_REPORT_LENGTH = 300
"""Characters of the text of a report."""
DIRECTIONS = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
"""Bidirectional classes of characters that embed, override or isolate a direction (UAX 9)."""

router = APIRouter(route_class=PageRoute)


class ReportReason(StrEnum):
    """Why a look is reported; the value is also the end of its translation key."""

    CONSENT = "consent"
    EXPLICIT = "explicit"
    HATE = "hate"
    NO_OUTFIT = "no_outfit"
    OTHER = "other"


class PersonReportReason(StrEnum):
    """Why a person is reported; the value is also the end of its translation key."""

    NAME = "name"
    HARASSMENT = "harassment"
    IMPERSONATION = "impersonation"
    OTHER = "other"


async def limit_look_reports(request: Request, look_id: CanonicalUUID, viewer: Viewer, state: State) -> bool:
    """Count a report of a look; whether it is within the limits. One that changes nothing uses up none of them.

    It runs before the transaction of the route begins: the counters take connections of the same pool.

    Args:
        request: of the visitor.
        look_id: the look.
        viewer: who reports it.
        state: of the application.
    """
    async with state.resources.database.connection() as connection:
        owner = await viewer.get_owner(connection)
        reporter_id = UNKNOWN_PERSON if owner is None else owner.person_id
        if not await moderation.is_open_to_report(connection, look_id, reporter_id):
            return True
    return await state.report_limiter.acquire(request, owner, look_id)


async def limit_person_reports(request: Request, name: str, viewer: Viewer, state: State) -> bool:
    """The same for a report of a person.

    Args:
        request: of the visitor.
        name: of the person.
        viewer: who reports the person.
        state: of the application.
    """
    async with state.resources.database.connection() as connection:
        owner = await viewer.get_owner(connection)
        reported = await find_person_with_page(connection, name)
        reporter_id = UNKNOWN_PERSON if owner is None else owner.person_id
        if reported is None or not await person_reports.is_open(connection, reported.id, reporter_id):
            return True
    return await state.report_limiter.acquire(request, owner, reported.id)


@router.post("/looks/{look_id}/report", name="report_look")
async def report_look(
    request: Request,
    look_id: CanonicalUUID,
    is_counted: Annotated[bool, Depends(limit_look_reports)],
    connection: Transaction,
    viewer: Viewer,
    state: State,
    reason: Annotated[str, Form()] = ReportReason.OTHER,
    line: Annotated[str, Form()] = "",
) -> Response:
    """Report a look once. A report that is not counted gets the same response.

    Raises:
        GoneError: the look is not on the leaderboard or is the reporter's own.
    """
    person_id = await viewer.get_or_create_person_id(connection)
    if is_counted:
        is_accepted = await moderation.create_report(
            connection, look_id, person_id, report_text(reason, line, reasons=ReportReason)
        )
    else:
        is_accepted = await leaderboard.is_public(connection, look_id)
    if not is_accepted:
        raise GoneError("page.look_gone")
    response: Response = RedirectResponse(state.url_for("look_reported", look_id=look_id), 303)
    if wants_json(request):
        response = JSONResponse({}, headers=NO_STORE)
    viewer.set_cookie(response)
    return response


@router.get("/looks/{look_id}/reported", name="look_reported")
async def look_reported(request: Request, look_id: CanonicalUUID, language: Lang) -> Response:
    """The thanks for the report of a look, which may be off the leaderboard already."""
    return render_page(request, "notice_page.html", language, message=translate("report.thanks", language))


@router.post("/people/{name:path}/report", name="report_person")
async def report_person(
    name: str,
    is_counted: Annotated[bool, Depends(limit_person_reports)],
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
    reported = await find_person_with_page(connection, name)
    if reported is None or reported.id == person_id:
        raise GoneError("page.person_gone")
    if is_counted:
        text = report_text(reason, line, reasons=PersonReportReason)
        await person_reports.create(connection, reported.id, person_id, text)
    response = RedirectResponse(state.url_for("person_reported"), 303)
    viewer.set_cookie(response)
    return response


@router.get("/reported", name="person_reported")
async def person_reported(request: Request, language: Lang) -> Response:
    """The thanks for the report of a person."""
    return render_page(request, "notice_page.html", language, message=translate("report.thanks", language))


def report_text(reason: str, line: str, *, reasons: type[StrEnum]) -> str:
    """What is stored of a report: the reason, and one line of text if there is one.

    Args:
        reason: from the form; an unknown one counts as the last of `reasons`.
        line: from the form.
        reasons: those that the form offers.
    """
    *_, other = reasons
    chosen = reason if reason in set(reasons) else other
    printable = "".join(" " if _is_control(letter) else letter for letter in line)
    text = " ".join(printable.split())[:MAX_REPORT_LENGTH]
    return f"{chosen}: {text}" if text else str(chosen)


def _is_control(character: str) -> bool:
    """Whether a character controls a device, or the direction of what follows on the moderators' page."""
    is_direction = unicodedata.bidirectional(character) in DIRECTIONS
    return is_direction or unicodedata.category(character) in {"Cc", "Cs"}
