"""Reactions to looks and people: hearts, bookmarks, follows and reports. All forms work without JavaScript."""

import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import follows, leaderboard, moderation, reactions
from core.db.people import Person
from core.i18n.translations import translate
from leaderboard_web.dependencies import CanonicalUUID, Lang, State, Transaction, Viewer
from leaderboard_web.errors import GoneError, wants_json
from leaderboard_web.routes.people import find_person
from leaderboard_web.templating import render_page
from leaderboard_web.urls import PageRoute
from leaderboard_web.viewer import ViewerSession

NO_STORE = {"Cache-Control": "no-store"}
MAX_REPORT_LENGTH = 300
"""Characters of the text of a report."""
UNKNOWN_PERSON = UUID(int=0)
"""Stands for a visitor without a session, who has no reactions."""

Operation = Callable[[AsyncConnection, UUID, UUID], Awaitable[Mapping[str, int] | None]]
"""Applies a reaction of a person (third argument) and returns the changed counts; None if the target is gone."""

router = APIRouter(route_class=PageRoute)


class ReportReason(StrEnum):
    """Why a look is reported; the value is also the end of its translation key."""

    CONSENT = "consent"
    EXPLICIT = "explicit"
    HATE = "hate"
    NO_OUTFIT = "no_outfit"
    OTHER = "other"


@router.post("/looks/{look_id}/report", name="report_look")
async def report_look(
    request: Request,
    look_id: CanonicalUUID,
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
    if await state.report_limiter.is_counted(connection, request, person_id, look_id):
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
    """Thank for a report; the look itself may be off the leaderboard already."""
    return render_page(request, "notice_page.html", language, message=translate("report.thanks", language))


@router.post("/looks/{look_id}/{operation}", name="react_to_look")
async def react_to_look(
    request: Request,
    look_id: CanonicalUUID,
    operation: Literal["heart", "unheart", "scrap", "unscrap", "follow", "unfollow"],
    connection: Transaction,
    viewer: Viewer,
    state: State,
) -> Response:
    """Apply a reaction, or follow the owner; repeated calls change nothing. Following oneself is a 404."""
    is_on = not operation.startswith("un")
    person_id = await _acting_person_id(connection, viewer, is_on=is_on)
    counts = await LOOK_OPERATIONS[operation](connection, look_id, person_id)
    return _reaction_response(
        request, viewer, counts, is_on=is_on, page=state.url_for("look", look_id=look_id), gone="page.look_gone"
    )


@router.post("/people/{name:path}/{operation}", name="react_to_person")
async def react_to_person(
    request: Request,
    name: str,
    operation: Literal["follow", "unfollow"],
    connection: Transaction,
    viewer: Viewer,
    state: State,
) -> Response:
    """Follow a person with a page, or stop following a person; repeated calls change nothing."""
    is_on = operation == "follow"
    person_id = await _acting_person_id(connection, viewer, is_on=is_on)
    followed = await find_person(connection, name)
    counts = None
    if followed is not None and (not is_on or await _has_page(connection, followed)):
        change = follows.follow if is_on else follows.unfollow
        counts = _count(await change(connection, person_id, followed.id))
    return _reaction_response(
        request, viewer, counts, is_on=is_on, page=state.url_for("person", name=name), gone="page.person_gone"
    )


async def _acting_person_id(connection: AsyncConnection, viewer: ViewerSession, *, is_on: bool) -> UUID:
    """Who reacts: adding a reaction creates the person, removing one does not."""
    if is_on:
        return await viewer.get_or_create_person_id(connection)
    return await viewer.get_person_id(connection) or UNKNOWN_PERSON


def _reaction_response(
    request: Request, viewer: ViewerSession, counts: Mapping[str, int] | None, *, is_on: bool, page: str, gone: str
) -> Response:
    """The new state as JSON for scripts, or a redirect to the page for browsers without JavaScript.

    Args:
        request: of the reaction.
        viewer: who reacted.
        counts: that changed, e.g. `{"count": 3}`; None if the target is gone.
        is_on: whether the reaction is set now.
        page: path of the page with the button.
        gone: translation key of what is said where the target is gone.

    Raises:
        GoneError: the target is gone; raised inside the transaction, so that no person is created.
    """
    if counts is None:
        raise GoneError(gone)
    response: Response
    if wants_json(request):
        response = JSONResponse({"given": is_on, **counts}, headers=NO_STORE)
    else:
        response = RedirectResponse(page, 303)
    if is_on:
        viewer.set_cookie(response)
    return response


async def _add_heart(connection: AsyncConnection, look_id: UUID, person_id: UUID) -> Mapping[str, int] | None:
    return _count(await reactions.add_heart(connection, look_id, person_id))


async def _remove_heart(connection: AsyncConnection, look_id: UUID, person_id: UUID) -> Mapping[str, int] | None:
    return _count(await reactions.remove_heart(connection, look_id, person_id))


async def _add_bookmark(connection: AsyncConnection, look_id: UUID, person_id: UUID) -> Mapping[str, int] | None:
    return {} if await reactions.add_bookmark(connection, look_id, person_id) else None


async def _remove_bookmark(connection: AsyncConnection, look_id: UUID, person_id: UUID) -> Mapping[str, int] | None:
    return {} if await reactions.remove_bookmark(connection, look_id, person_id) else None


async def _follow_owner(connection: AsyncConnection, look_id: UUID, person_id: UUID) -> Mapping[str, int] | None:
    entry = await leaderboard.get_look(connection, look_id)
    return None if entry is None else _count(await follows.follow(connection, person_id, entry.look.person_id))


async def _unfollow_owner(connection: AsyncConnection, look_id: UUID, person_id: UUID) -> Mapping[str, int] | None:
    entry = await leaderboard.get_look(connection, look_id)
    return None if entry is None else _count(await follows.unfollow(connection, person_id, entry.look.person_id))


LOOK_OPERATIONS: Mapping[str, Operation] = {
    "heart": _add_heart,
    "unheart": _remove_heart,
    "scrap": _add_bookmark,
    "unscrap": _remove_bookmark,
    "follow": _follow_owner,
    "unfollow": _unfollow_owner,
}


def _count(count: int | None) -> Mapping[str, int] | None:
    return None if count is None else {"count": count}


async def _has_page(connection: AsyncConnection, person: Person) -> bool:
    """Whether a person has a public page: not banned, and with a look on the leaderboard."""
    return person.banned_at is None and bool(await leaderboard.count_styles(connection, person.id))


def report_text(reason: str, line: str, *, reasons: type[StrEnum]) -> str:
    """What is stored of a report: the reason, and one line of text if there is one.

    Args:
        reason: from the form; an unknown one counts as the last of `reasons`.
        line: from the form.
        reasons: those that the form offers.
    """
    *_, other = reasons
    chosen = reason if reason in set(reasons) else other
    printable = "".join(" " if unicodedata.category(letter) in {"Cc", "Cs"} else letter for letter in line)
    text = " ".join(printable.split())[:MAX_REPORT_LENGTH]
    return f"{chosen}: {text}" if text else str(chosen)
