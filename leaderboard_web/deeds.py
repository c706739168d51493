"""What people do with a look on its page: hearts, scraps, following its owner, and reporting it."""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from bot.texts import text
from core.db import boards, follows, hearts, reports, scraps
from leaderboard_web.addresses import as_id, look_path
from leaderboard_web.errors import wants_json
from leaderboard_web.pages import language_of, render
from leaderboard_web.routing import PageRoute
from leaderboard_web.toggles import toggle
from leaderboard_web.upload import read_fields
from leaderboard_web.witnesses import Witnesses

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncConnection

    from leaderboard_web.site import Site

    OnLook = Callable[[UUID, AsyncConnection, UUID], Awaitable[dict[str, int] | None]]

__all__ = ["LONGEST_LINE", "Reason", "deed_routes"]

LONGEST_LINE = 300
"""Characters that somebody may add to a report."""


class Reason(StrEnum):
    """Why a look is reported; the value is also the end of its text's key."""

    CONSENT = "consent"
    EXPLICIT = "explicit"
    HATE = "hate"
    NO_OUTFIT = "no_outfit"
    OTHER = "other"


def deed_routes(site: Site) -> APIRouter:
    """Forms on a look's page, all of which work without JavaScript."""
    router, guests, witnesses = APIRouter(route_class=PageRoute), site.guests, Witnesses()

    @router.post("/looks/{look_id}/heart", response_class=Response)
    async def heart(request: Request, look_id: str) -> Response:
        """Give a heart; a second one changes nothing."""
        return await _on_look(site, request, look_id, _heart, given=True)

    @router.post("/looks/{look_id}/unheart", response_class=Response)
    async def unheart(request: Request, look_id: str) -> Response:
        """Take the heart back."""
        return await _on_look(site, request, look_id, _unheart, given=False)

    @router.post("/looks/{look_id}/scrap", response_class=Response)
    async def scrap(request: Request, look_id: str) -> Response:
        """Keep the look among one's scraps."""
        return await _on_look(site, request, look_id, _scrap, given=True)

    @router.post("/looks/{look_id}/unscrap", response_class=Response)
    async def unscrap(request: Request, look_id: str) -> Response:
        """Keep it no longer."""
        return await _on_look(site, request, look_id, _unscrap, given=False)

    @router.post("/looks/{look_id}/follow", response_class=Response)
    async def follow(request: Request, look_id: str) -> Response:
        """Follow the look's owner; nobody follows themselves."""
        return await _on_look(site, request, look_id, _follow, given=True)

    @router.post("/looks/{look_id}/unfollow", response_class=Response)
    async def unfollow(request: Request, look_id: str) -> Response:
        """Follow them no longer."""
        return await _on_look(site, request, look_id, _unfollow, given=False)

    @router.post("/looks/{look_id}/report", response_class=Response)
    async def report(request: Request, look_id: str) -> Response:
        """Report the look, once; 404 for one's own. Whose report does not count is thanked all the same."""
        look, reason = as_id(look_id), _reason(await read_fields(request))
        token = guests.token_for(request)
        async with site.memory.database.begin() as connection:
            reporter = await guests.meet(connection, request, token)
            if await witnesses.counts(connection, request, reporter, look):
                there = await reports.add(connection, look, reporter, reason)
            else:
                there = await boards.has(connection, look)
            if not there:
                raise HTTPException(404)
        answer: Response = RedirectResponse(f"{look_path(look)}/reported", 303)
        if wants_json(request):
            answer = JSONResponse({}, headers={"Cache-Control": "no-store"})
        guests.remember(request, answer, token)
        return answer

    @router.get("/looks/{look_id}/reported", response_class=Response)
    async def reported(request: Request, look_id: str) -> Response:
        """Thanks; the look itself may be off the board by now."""
        as_id(look_id)
        return render(request, "message.html", message=text("report.thanks", language_of(request)))

    return router


async def _on_look(site: Site, request: Request, look_id: str, deed: OnLook, *, given: bool) -> Response:
    look = as_id(look_id)
    return await toggle(site, request, partial(deed, look), given=given, back=look_path(look))


async def _heart(look_id: UUID, connection: AsyncConnection, visitor: UUID) -> dict[str, int] | None:
    return _count(await hearts.give(connection, look_id, visitor))


async def _unheart(look_id: UUID, connection: AsyncConnection, visitor: UUID) -> dict[str, int] | None:
    return _count(await hearts.take_back(connection, look_id, visitor))


async def _scrap(look_id: UUID, connection: AsyncConnection, visitor: UUID) -> dict[str, int] | None:
    return {} if await scraps.add(connection, look_id, visitor) else None


async def _unscrap(look_id: UUID, connection: AsyncConnection, visitor: UUID) -> dict[str, int] | None:
    return {} if await scraps.remove(connection, look_id, visitor) else None


async def _follow(look_id: UUID, connection: AsyncConnection, visitor: UUID) -> dict[str, int] | None:
    found = await boards.shared(connection, look_id)
    return _count(await follows.follow(connection, visitor, found.look.person_id) if found else None)


async def _unfollow(look_id: UUID, connection: AsyncConnection, visitor: UUID) -> dict[str, int] | None:
    found = await boards.shared(connection, look_id)
    return _count(await follows.unfollow(connection, visitor, found.look.person_id) if found else None)


def _count(number: int | None) -> dict[str, int] | None:
    return None if number is None else {"count": number}


def _reason(fields: dict[str, str]) -> str:
    """What is kept of a report's form: one of the reasons, and a line if there is one."""
    wish = fields.get("reason", "")
    reason = Reason(wish) if wish in set(Reason) else Reason.OTHER
    plain = "".join(" " if unicodedata.category(each) in {"Cc", "Cs"} else each for each in fields.get("line", ""))
    line = " ".join(plain.split())[:LONGEST_LINE]
    return f"{reason}: {line}" if line else reason.value
