"""`/styles`: the eight styles, and for each what it is, her words, its best looks, and how often she is right."""

from fastapi import APIRouter, HTTPException, Request, Response

from core.conversation.narration import style_description, style_name
from core.db import leaderboard
from core.db.leaderboard import Period
from core.styles import STYLES, Style
from leaderboard_web.dependencies import AppState
from leaderboard_web.language import request_language
from leaderboard_web.model_metrics import load_metrics
from leaderboard_web.routing import PageRoute
from leaderboard_web.templating import render_page
from leaderboard_web.view_models import build_card

LOOKS_SHOWN = 4


def style_routes(state: AppState) -> APIRouter:
    """The pages of the styles."""
    router, memory, guests, model = (
        APIRouter(route_class=PageRoute),
        state.resources,
        state.visitor_sessions,
        state.classifier.model_card,
    )

    @router.get("/styles", response_class=Response)
    async def every(request: Request) -> Response:
        """All eight."""
        language = request_language(request)
        styles = [(style, style_name(style, language), style_description(style, language)) for style in STYLES]
        return render_page(request, "styles.html", request_language(request), section="styles", styles=styles)

    @router.get("/styles/{key}", response_class=Response)
    async def one(request: Request, key: str) -> Response:
        """One of them."""
        if key not in set(Style):
            raise HTTPException(404)
        style, language = Style(key), request_language(request)
        async with memory.database.connection() as connection:
            top = await leaderboard.get_page(
                connection, style=style, limit=LOOKS_SHOWN, viewer_key=guests.session_key(request) or ""
            )
        figures = load_metrics(model)
        return render_page(
            request,
            "style.html",
            request_language(request),
            section="styles",
            style=style,
            name=style_name(style, language),
            line=style_description(style, language),
            cards=[
                build_card(each, signer=memory.url_signer, language=language, rank=place)
                for place, each in enumerate(top, 1)
            ],
            board=state.url_for("leaderboard", query={"when": Period.ALL, "style": style}),
            right=figures.styles[style] if figures else None,
            styles=[(each, style_name(each, language)) for each in STYLES if each is not style],
        )

    return router
