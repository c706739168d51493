"""What people do with a look on its page: hearts, scraps, following its owner, and reporting it."""

import unicodedata
from collections.abc import Awaitable, Callable
from enum import StrEnum
from functools import partial
from uuid import UUID

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import follows, leaderboard, moderation, reactions
from core.i18n.translations import translate
from leaderboard_web.dependencies import AppState
from leaderboard_web.errors import wants_json
from leaderboard_web.forms import read_urlencoded
from leaderboard_web.parameters import look_path, parse_canonical_uuid
from leaderboard_web.report_deduplication import AnonymousReportLimiter
from leaderboard_web.routing import PageRoute
from leaderboard_web.templating import render_page, request_language
from leaderboard_web.toggle import toggle_reaction

OnLook = Callable[[UUID, AsyncConnection, UUID], Awaitable[dict[str, int] | None]]


MAX_REPORT_LENGTH = 300
"""Characters that somebody may add to a report."""


class ReportReason(StrEnum):
    """Why a look is reported; the value is also the end of its text's key."""

    CONSENT = "consent"
    EXPLICIT = "explicit"
    HATE = "hate"
    NO_OUTFIT = "no_outfit"
    OTHER = "other"


def reaction_routes(site: AppState) -> APIRouter:
    """Forms on a look's page, all of which work without JavaScript."""
    router, guests, witnesses = APIRouter(route_class=PageRoute), site.visitor_sessions, AnonymousReportLimiter()

    @router.post("/looks/{look_id}/heart", response_class=Response)
    async def heart(request: Request, look_id: str) -> Response:
        """Give a heart; a second one changes nothing."""
        return await _toggle_on_look(site, request, look_id, _add_heart, is_on=True)

    @router.post("/looks/{look_id}/unheart", response_class=Response)
    async def unheart(request: Request, look_id: str) -> Response:
        """Take the heart back."""
        return await _toggle_on_look(site, request, look_id, _remove_heart, is_on=False)

    @router.post("/looks/{look_id}/scrap", response_class=Response)
    async def scrap(request: Request, look_id: str) -> Response:
        """Keep the look among one's scraps."""
        return await _toggle_on_look(site, request, look_id, _add_bookmark, is_on=True)

    @router.post("/looks/{look_id}/unscrap", response_class=Response)
    async def unscrap(request: Request, look_id: str) -> Response:
        """Keep it no longer."""
        return await _toggle_on_look(site, request, look_id, _remove_bookmark, is_on=False)

    @router.post("/looks/{look_id}/follow", response_class=Response)
    async def follow(request: Request, look_id: str) -> Response:
        """Follow the look's owner; nobody follows themselves."""
        return await _toggle_on_look(site, request, look_id, _follow, is_on=True)

    @router.post("/looks/{look_id}/unfollow", response_class=Response)
    async def unfollow(request: Request, look_id: str) -> Response:
        """Follow them no longer."""
        return await _toggle_on_look(site, request, look_id, _unfollow, is_on=False)

    @router.post("/looks/{look_id}/report", response_class=Response)
    async def report(request: Request, look_id: str) -> Response:
        """Report the look, once; 404 for one's own. Whose report does not count is thanked all the same."""
        look, reason = parse_canonical_uuid(look_id), _report_text(await read_urlencoded(request))
        token = guests.token_or_new(request)
        async with site.memory.database.transaction() as connection:
            reporter = await guests.get_or_create_person_id(connection, request, token)
            if await witnesses.is_counted(connection, request, reporter, look):
                there = await moderation.create_report(connection, look, reporter, reason)
            else:
                there = await leaderboard.is_public(connection, look)
            if not there:
                raise HTTPException(404)
        answer: Response = RedirectResponse(f"{look_path(look)}/reported", 303)
        if wants_json(request):
            answer = JSONResponse({}, headers={"Cache-Control": "no-store"})
        guests.set_cookie(request, answer, token)
        return answer

    @router.get("/looks/{look_id}/reported", response_class=Response)
    async def reported(request: Request, look_id: str) -> Response:
        """Thanks; the look itself may be off the board by now."""
        parse_canonical_uuid(look_id)
        return render_page(request, "message.html", message=translate("report.thanks", request_language(request)))

    return router


async def _toggle_on_look(
    site: AppState, request: Request, look_id: str, operation: OnLook, *, is_on: bool
) -> Response:
    look = parse_canonical_uuid(look_id)
    return await toggle_reaction(site, request, partial(operation, look), is_on=is_on, redirect_to=look_path(look))


async def _add_heart(look_id: UUID, connection: AsyncConnection, visitor: UUID) -> dict[str, int] | None:
    return _count(await reactions.add_heart(connection, look_id, visitor))


async def _remove_heart(look_id: UUID, connection: AsyncConnection, visitor: UUID) -> dict[str, int] | None:
    return _count(await reactions.remove_heart(connection, look_id, visitor))


async def _add_bookmark(look_id: UUID, connection: AsyncConnection, visitor: UUID) -> dict[str, int] | None:
    return {} if await reactions.add_bookmark(connection, look_id, visitor) else None


async def _remove_bookmark(look_id: UUID, connection: AsyncConnection, visitor: UUID) -> dict[str, int] | None:
    return {} if await reactions.remove_bookmark(connection, look_id, visitor) else None


async def _follow(look_id: UUID, connection: AsyncConnection, visitor: UUID) -> dict[str, int] | None:
    found = await leaderboard.get_look(connection, look_id)
    return _count(await follows.follow(connection, visitor, found.look.person_id) if found else None)


async def _unfollow(look_id: UUID, connection: AsyncConnection, visitor: UUID) -> dict[str, int] | None:
    found = await leaderboard.get_look(connection, look_id)
    return _count(await follows.unfollow(connection, visitor, found.look.person_id) if found else None)


def _count(number: int | None) -> dict[str, int] | None:
    return None if number is None else {"count": number}


def _report_text(fields: dict[str, str]) -> str:
    """What is kept of a report's form: one of the reasons, and a line if there is one."""
    wish = fields.get("reason", "")
    reason = ReportReason(wish) if wish in set(ReportReason) else ReportReason.OTHER
    plain = "".join(" " if unicodedata.category(each) in {"Cc", "Cs"} else each for each in fields.get("line", ""))
    line = " ".join(plain.split())[:MAX_REPORT_LENGTH]
    return f"{reason}: {line}" if line else reason.value
