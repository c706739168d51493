"""`/admin`: what people reported, and what moderators did. For everybody who is none of them it does not exist."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING
from uuid import UUID

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from bot.names import made_up
from bot.texts import text
from bot.voice import style_name
from core import moderation as acts
from core.days import SEOUL
from core.db import moderation
from core.errors import LookGone, PersonGone
from leaderboard_web.addresses import as_id, asked
from leaderboard_web.deeds import Reason
from leaderboard_web.pages import language_of, render
from leaderboard_web.pictures import picture_path
from leaderboard_web.routing import PageRoute

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.texts import Language
    from leaderboard_web.site import Site

__all__ = ["admin_routes"]

SHOWN = 20
ACTIONS = {
    ("looks", "hide"): acts.hide,
    ("looks", "restore"): acts.restore,
    ("people", "ban"): acts.ban,
    ("people", "unban"): acts.unban,
}


def admin_routes(site: Site) -> APIRouter:
    """The queue of reported looks, the acts, and their log."""
    router, memory, guests, admins = (
        APIRouter(prefix="/admin", route_class=PageRoute),
        site.memory,
        site.guests,
        site.settings.admins,
    )

    async def moderator(connection: AsyncConnection, request: Request) -> UUID:
        """Who asks.

        Raises:
            HTTPException: 404, they may not moderate.
        """
        person_id = await guests.known(connection, request)
        if person_id is None or not await acts.is_admin(connection, admins, person_id):
            raise HTTPException(404)
        return person_id

    @router.get("", response_class=Response)
    async def queue(request: Request) -> Response:
        """Looks with reports that nobody has seen, the most reported first."""
        async with memory.database.autocommit() as connection:
            await moderator(connection, request)
            found = await moderation.queue(connection, limit=SHOWN + 1, after=asked(request, "after", _as_place))
        language, shown = language_of(request), found[:SHOWN]
        last = shown[-1] if len(found) > SHOWN else None
        return render(
            request,
            "admin/queue.html",
            section="admin",
            reported=[
                {
                    "look": each.look,
                    "photo": picture_path(memory.links, each.look.photo_key) if each.look.photo_key else None,
                    "style_name": style_name(each.look.style, language),
                    "name": each.name or made_up(each.look.person_id, language),
                    "banned": each.banned,
                    "reports": each.reports,
                    "reasons": [_in_words(reason, language) for reason in each.reasons],
                }
                for each in shown
            ],
            more=f"/admin?after={last.reports}.{last.look.id.hex}" if last else None,
        )

    @router.get("/log", response_class=Response)
    async def log(request: Request) -> Response:
        """Every act, the latest first."""
        async with memory.database.autocommit() as connection:
            await moderator(connection, request)
            found = await moderation.entries(connection, limit=SHOWN + 1, before=asked(request, "before", _as_number))
        language, shown = language_of(request), found[:SHOWN]
        return render(
            request,
            "admin/log.html",
            section="admin",
            entries=[
                {
                    "act": each.act,
                    "when": each.created_at.astimezone(SEOUL),
                    "moderator": _name(each.moderator, language),
                    "person": _name(each.person, language),
                    "banned": each.person[0] if each.banned and each.person else None,
                    "look_id": each.look_id,
                }
                for each in shown
            ],
            more=f"/admin/log?before={shown[-1].id}" if len(found) > SHOWN else None,
        )

    @router.post("/{kind}/{target_id}/{action}", response_class=Response)
    async def moderate(request: Request, kind: str, target_id: str, action: str) -> Response:
        """Apply a moderation action; one that another moderator has already done is no error."""
        async with memory.database.autocommit() as connection:
            moderator_id = await moderator(connection, request)
        apply = ACTIONS.get((kind, action))
        if apply is None:
            raise HTTPException(404)
        with suppress(LookGone, PersonGone):
            await apply(memory, moderator_id, as_id(target_id))
        return RedirectResponse("/admin/log" if action == "unban" else "/admin", 303)

    return router


def _in_words(reason: str, language: Language) -> str:
    """What somebody chose in a report's form, and what they added."""
    chosen, _, line = reason.partition(": ")
    if chosen not in set(Reason):
        return reason
    words = text(f"report.reason.{chosen}", language)
    return f"{words}: {line}" if line else words


def _name(person: tuple[UUID, str | None] | None, language: Language) -> str | None:
    """A name for the log; None if they were forgotten."""
    return None if person is None else person[1] or made_up(person[0], language)


def _as_place(text: str) -> tuple[int, UUID]:
    """Where in the queue a page ended."""
    reports, _, look_id = text.partition(".")
    return _as_number(reports), UUID(look_id)


def _as_number(text: str) -> int:
    """Where in the log a page ended."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ValueError(text)
    return int(text)
