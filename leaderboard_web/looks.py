"""`/looks/{id}`: one shared look with all that Eva said about it. Nothing else exists here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException, Request, Response

from bot.voice import speak, style_name
from core.days import SEOUL
from core.db import visits
from leaderboard_web.addresses import as_id
from leaderboard_web.answer import bar
from leaderboard_web.board import board_path
from leaderboard_web.cards import card
from leaderboard_web.deeds import LONGEST_LINE, Reason
from leaderboard_web.head import preview_language
from leaderboard_web.pages import language_of, render
from leaderboard_web.pictures import shared_path
from leaderboard_web.routing import PageRoute
from leaderboard_web.share import allow_kakao, line_of, preview_of, sharing_of

if TYPE_CHECKING:
    from leaderboard_web.answer import Bar
    from leaderboard_web.cards import Card
    from leaderboard_web.share import Sharing
    from leaderboard_web.site import Site

__all__ = ["look_routes"]


REASONS = tuple(Reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the page of a look shows, in the reader's language."""

    card: Card
    map: str
    """Address of the picture with the warm colours."""
    lines: tuple[str, ...]
    """What Eva says."""
    bars: tuple[Bar, ...]
    guess: str | None
    """What its owner guessed."""
    correction: str | None
    """What its owner says it is."""
    shared_at: str
    """ISO 8601, in Seoul."""
    date: str
    own: bool
    """Whether the reader is its owner."""
    scrapped: bool
    followed: bool
    style_board: str
    """Address of the board of its style."""
    sharing: Sharing


def look_routes(site: Site) -> APIRouter:
    """The page of a look."""
    router, memory, guests = APIRouter(route_class=PageRoute), site.memory, site.guests

    @router.get("/looks/{look_id}", response_class=Response)
    async def page(request: Request, look_id: str) -> Response:
        """The page of a look that is on the board; 404 for all else."""
        language = language_of(request)
        async with memory.database.direct() as connection:
            seen = await visits.of_look(connection, as_id(look_id), guests.key_of(request) or "")
        if seen is None:
            raise HTTPException(404)
        (found, visit), look = seen, seen[0].look
        # The database promises that a look on the board was shared.
        shared_at = (look.shared_at or look.created_at).astimezone(SEOUL)
        shown = card(found, links=memory.links, language=language)
        bubbles = speak(look.verdict, photo=str(look.id), language=language)
        line, spoken = line_of(bubbles), preview_language(request, language)
        sharing = sharing_of(request, site.settings, look, shown, line, language)
        if spoken is not language:
            line = line_of(speak(look.verdict, photo=str(look.id), language=spoken))
        guess, correction = look.guessed_style, look.corrected_style
        answer = render(
            request,
            "look.html",
            section="board",
            preview=preview_of(look, shown.name, line, spoken),
            look=Page(
                card=shown,
                # The database promises that a shared look has its pictures.
                map=shared_path(memory.links, look, look.cam_key or ""),
                lines=tuple(each.text for each in bubbles),
                bars=tuple(bar(style, share, language) for style, share in look.verdict.ranking),
                guess=style_name(guess, language) if guess else None,
                correction=style_name(correction, language) if correction else None,
                shared_at=shared_at.isoformat(),
                date=shared_at.date().isoformat(),
                own=visit.person_id == look.person_id,
                scrapped=visit.scrapped,
                followed=visit.follows,
                style_board=board_path(None, look.verdict.style),
                sharing=sharing,
            ),
            reasons=REASONS,
            longest_line=LONGEST_LINE,
        )
        if sharing.kakao is not None:
            allow_kakao(answer, sharing.kakao)
        return answer

    return router
