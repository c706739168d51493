"""`/looks/{id}`: one shared look with all that Eva said about it, and hearts for it. Nothing else exists here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from bot.voice import speak, style_name
from core.days import SEOUL
from core.db import boards, hearts
from leaderboard_web.addresses import as_id
from leaderboard_web.answer import bar
from leaderboard_web.board import board_path
from leaderboard_web.cards import card, given_by
from leaderboard_web.head import preview_language
from leaderboard_web.pages import language_of, render
from leaderboard_web.share import allow_kakao, preview_of, sharing_of

if TYPE_CHECKING:
    from uuid import UUID

    from leaderboard_web.site import Site

__all__ = ["look_routes"]


def look_routes(site: Site) -> APIRouter:
    """The page of a look, and its hearts."""
    router, memory, guests = APIRouter(), site.memory, site.guests

    @router.get("/looks/{look_id}", response_class=Response)
    async def page(request: Request, look_id: str) -> Response:
        """The page of a look that is on the board; 404 for all else."""
        language = language_of(request)
        async with memory.database.begin() as connection:
            found = await boards.shared(connection, as_id(look_id))
            if found is None or (shared_at := found.look.shared_at) is None:
                raise HTTPException(404)
            given = await given_by(connection, await guests.known(connection, request), [found])
        look = found.look
        shown = card(found, links=memory.links, language=language, given=given)
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
            style_board=board_path(None, look.verdict.style),
        )
        if sharing.kakao is not None:
            allow_kakao(answer, sharing.kakao)
        return answer

    @router.post("/looks/{look_id}/heart", response_class=Response)
    async def give(request: Request, look_id: str) -> Response:
        """Give a heart; a second one changes nothing."""
        return await heart(request, as_id(look_id), given=True)

    @router.post("/looks/{look_id}/unheart", response_class=Response)
    async def take_back(request: Request, look_id: str) -> Response:
        """Take the heart back."""
        return await heart(request, as_id(look_id), given=False)

    async def heart(request: Request, look_id: UUID, *, given: bool) -> Response:
        """Without JavaScript the answer is the look's page, with it the number of hearts."""
        token = guests.token_for(request)
        async with memory.database.begin() as connection:
            if given:
                count = await hearts.give(connection, look_id, await guests.meet(connection, request, token))
            elif (visitor := await guests.known(connection, request)) is not None:
                count = await hearts.take_back(connection, look_id, visitor)
            else:
                found = await boards.shared(connection, look_id)
                count = None if found is None else found.look.hearts
            if count is None:
                # Raised in here, so that nobody is kept who only met a look that is gone.
                raise HTTPException(404)
        answer: Response
        if request.headers.get("accept") == "application/json":
            answer = JSONResponse({"hearts": count, "given": given}, headers={"Cache-Control": "no-store"})
        else:
            answer = RedirectResponse(f"/looks/{look_id}", 303)
        if given:
            guests.remember(request, answer, token)
        return answer

    return router
