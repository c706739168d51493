"""`/admin`: what people reported, and what moderators did. For everybody who is none of them it does not exist."""

from contextlib import suppress
from uuid import UUID

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from core.conversation.display_names import display_name
from core.conversation.narration import style_name
from core.db import moderation
from core.errors import LookNotFoundError, PersonNotFoundError
from core.i18n.translations import Language, translate
from core.seoul_time import SEOUL
from core.services import moderation as acts
from leaderboard_web.dependencies import AppState
from leaderboard_web.image_urls import private_image_url
from leaderboard_web.language import request_language
from leaderboard_web.parameters import parse_canonical_uuid, query_parameter
from leaderboard_web.routes.reactions import ReportReason
from leaderboard_web.routing import PageRoute
from leaderboard_web.templating import render_page

ROWS_PER_PAGE = 20
ACTIONS = {
    ("looks", "hide"): acts.remove_look,
    ("looks", "restore"): acts.restore_look,
    ("people", "ban"): acts.ban_person,
    ("people", "unban"): acts.unban_person,
}


def admin_routes(state: AppState) -> APIRouter:
    """The queue of reported looks, the acts, and their log."""
    router, memory, guests, admins = (
        APIRouter(prefix="/admin", route_class=PageRoute),
        state.resources,
        state.visitor_sessions,
        state.settings.admins,
    )

    async def moderator(connection: AsyncConnection, request: Request) -> UUID:
        """Who asks.

        Raises:
            HTTPException: 404, they may not moderate.
        """
        person_id = await guests.get_person_id(connection, request)
        if person_id is None or not await acts.is_admin(connection, admins, person_id):
            raise HTTPException(404)
        return person_id

    @router.get("", response_class=Response)
    async def queue(request: Request) -> Response:
        """Looks with reports that nobody has seen, the most reported first."""
        async with memory.database.connection() as connection:
            await moderator(connection, request)
            found = await moderation.list_reported(
                connection, limit=ROWS_PER_PAGE + 1, after=query_parameter(request, "after", _parse_queue_cursor)
            )
        language, shown = request_language(request), found[:ROWS_PER_PAGE]
        last = shown[-1] if len(found) > ROWS_PER_PAGE else None
        return render_page(
            request,
            "admin/queue.html",
            request_language(request),
            section="admin",
            reported=[
                {
                    "look": each.look,
                    "photo": private_image_url(memory.url_signer, each.look.photo_key) if each.look.photo_key else None,
                    "style_name": style_name(each.look.style, language),
                    "name": display_name(each.look.person_id, each.owner_name, language),
                    "banned": each.is_owner_banned,
                    "reports": each.report_count,
                    "reasons": [_describe_reason(reason, language) for reason in each.reasons],
                }
                for each in shown
            ],
            more=f"/admin?after={last.report_count}.{last.look.id.hex}" if last else None,
        )

    @router.get("/log", response_class=Response)
    async def log(request: Request) -> Response:
        """Every act, the latest first."""
        async with memory.database.connection() as connection:
            await moderator(connection, request)
            found = await moderation.list_log(
                connection, limit=ROWS_PER_PAGE + 1, after=query_parameter(request, "before", _parse_log_cursor)
            )
        language, shown = request_language(request), found[:ROWS_PER_PAGE]
        return render_page(
            request,
            "admin/log.html",
            request_language(request),
            section="admin",
            entries=[
                {
                    "act": each.action,
                    "when": each.created_at.astimezone(SEOUL),
                    "moderator": _display_name(each.moderator, language),
                    "person": _display_name(each.person, language),
                    "banned": each.person[0] if each.is_person_banned and each.person else None,
                    "look_id": each.look_id,
                }
                for each in shown
            ],
            more=f"/admin/log?before={shown[-1].id}" if len(found) > ROWS_PER_PAGE else None,
        )

    @router.post("/{kind}/{target_id}/{action}", response_class=Response)
    async def moderate(request: Request, kind: str, target_id: str, action: str) -> Response:
        """Apply a moderation action; one that another moderator has already done is no error."""
        async with memory.database.connection() as connection:
            moderator_id = await moderator(connection, request)
        apply = ACTIONS.get((kind, action))
        if apply is None:
            raise HTTPException(404)
        with suppress(LookNotFoundError, PersonNotFoundError):
            await apply(memory, moderator_id, parse_canonical_uuid(target_id))
        return RedirectResponse("/admin/log" if action == "unban" else "/admin", 303)

    return router


def _describe_reason(reason: str, language: Language) -> str:
    """What somebody chose in a report's form, and what they added."""
    chosen, _, line = reason.partition(": ")
    if chosen not in set(ReportReason):
        return reason
    words = translate(f"report.reason.{chosen}", language)
    return f"{words}: {line}" if line else words


def _display_name(person: tuple[UUID, str | None] | None, language: Language) -> str | None:
    """A name for the log; None if they were forgotten."""
    return None if person is None else display_name(person[0], person[1], language)


def _parse_queue_cursor(text: str) -> tuple[int, UUID]:
    """Where in the queue a page ended."""
    reports, _, look_id = text.partition(".")
    return _parse_log_cursor(reports), UUID(look_id)


def _parse_log_cursor(text: str) -> int:
    """Where in the log a page ended."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ValueError(text)
    return int(text)
