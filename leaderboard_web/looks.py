"""`/looks/{id}`: one shared look with all that Eva said about it. Nothing else exists here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException, Request, Response

from bot.voice import speak, style_name
from core.days import SEOUL
from core.db import boards
from leaderboard_web.addresses import as_id
from leaderboard_web.answer import bar
from leaderboard_web.board import board_path
from leaderboard_web.cards import card
from leaderboard_web.deeds import LONGEST_LINE, Reason
from leaderboard_web.head import preview_language
from leaderboard_web.pages import language_of, render
from leaderboard_web.share import allow_kakao, preview_of, sharing_of

if TYPE_CHECKING:
    from leaderboard_web.site import Site

__all__ = ["look_routes"]


def look_routes(site: Site) -> APIRouter:
    """The page of a look."""
    router, memory, guests = APIRouter(), site.memory, site.guests

    @router.get("/looks/{look_id}", response_class=Response)
    async def page(request: Request, look_id: str) -> Response:
        """The page of a look that is on the board; 404 for all else."""
        language = language_of(request)
        async with memory.database.reading() as connection:
            found = await boards.shared(connection, as_id(look_id))
            if found is None or (shared_at := found.look.shared_at) is None:
                raise HTTPException(404)
            look = found.look
            visit = await guests.visit(connection, request, [look.id], look.person_id)
        shown = card(found, links=memory.links, language=language, given=visit.hearts)
        sharing = sharing_of(request, site.settings, look, shown, language)
        guess, correction = look.guessed_style, look.corrected_style
        answer = render(
            request,
            "look.html",
            section="board",
            preview=preview_of(look, shown.name, preview_language(request, language)),
            sharing=sharing,
            card=shown,
            bubbles=speak(look.verdict, photo=str(look.id), language=language),
            bars=[bar(style, share, language) for style, share in look.verdict.ranking],
            guess=style_name(guess, language) if guess else None,
            correction=style_name(correction, language) if correction else None,
            shared_at=shared_at.astimezone(SEOUL),
            own=visit.person_id == look.person_id,
            scrapped=look.id in visit.scraps,
            followed=visit.follows,
            reasons=list(Reason),
            longest_line=LONGEST_LINE,
            style_board=board_path(None, look.verdict.style),
        )
        if sharing.kakao is not None:
            allow_kakao(answer, sharing.kakao)
        return answer

    return router
