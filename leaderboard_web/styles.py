"""`/styles`: the eight styles, and for each what it is, her words, its best looks, and how often she is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException, Request, Response

from bot.voice import describe, style_name
from core.db import boards
from core.db.boards import Period
from core.styles import STYLES, Style
from leaderboard_web.board import board_path
from leaderboard_web.cards import card
from leaderboard_web.figures import figures_of
from leaderboard_web.pages import language_of, render
from leaderboard_web.routing import PageRoute

if TYPE_CHECKING:
    from leaderboard_web.site import Site

__all__ = ["style_routes"]

TOP = 4


def style_routes(site: Site) -> APIRouter:
    """The pages of the styles."""
    router, memory, guests, model = APIRouter(route_class=PageRoute), site.memory, site.guests, site.classifier.card

    @router.get("/styles", response_class=Response)
    async def every(request: Request) -> Response:
        """All eight."""
        language = language_of(request)
        styles = [(style, style_name(style, language), describe(style, language)) for style in STYLES]
        return render(request, "styles.html", section="styles", styles=styles)

    @router.get("/styles/{key}", response_class=Response)
    async def one(request: Request, key: str) -> Response:
        """One of them."""
        if key not in set(Style):
            raise HTTPException(404)
        style, language = Style(key), language_of(request)
        async with memory.database.direct() as connection:
            top = await boards.page(connection, style=style, limit=TOP, visitor=guests.key_of(request) or "")
        figures = figures_of(model)
        return render(
            request,
            "style.html",
            section="styles",
            style=style,
            name=style_name(style, language),
            line=describe(style, language),
            cards=[card(each, links=memory.links, language=language, place=place) for place, each in enumerate(top, 1)],
            board=board_path(Period.ALL, style),
            right=figures.styles[style] if figures else None,
            styles=[(each, style_name(each, language)) for each in STYLES if each is not style],
        )

    return router
