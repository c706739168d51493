"""`/styles`: the eight styles; for each its description, its top looks and the model's accuracy."""

from fastapi import APIRouter, Request, Response

from core.conversation.narration import style_description, style_name
from core.db import leaderboard
from core.db.leaderboard import Period
from core.styles import STYLES, Style
from leaderboard_web.dependencies import Db, Lang, State, Viewer
from leaderboard_web.model_metrics import load_metrics
from leaderboard_web.templating import render_page
from leaderboard_web.urls import PageRoute
from leaderboard_web.view_models import build_card

LOOKS_SHOWN = 4

router = APIRouter(route_class=PageRoute)


@router.get("/styles", name="styles")
async def styles_page(request: Request, language: Lang) -> Response:
    """All styles with their descriptions."""
    styles = [(style, style_name(style, language), style_description(style, language)) for style in STYLES]
    return render_page(request, "styles.html", language, section="styles", styles=styles)


@router.get("/styles/{style}", name="style")
async def style_page(
    request: Request, style: Style, connection: Db, viewer: Viewer, language: Lang, state: State
) -> Response:
    """One style."""
    entries = await leaderboard.get_page(connection, style=style, limit=LOOKS_SHOWN, viewer_key=viewer.key or "")
    metrics = load_metrics(state.classifier.model_card)
    signer = state.resources.url_signer
    return render_page(
        request,
        "style.html",
        language,
        section="styles",
        style=style,
        style_name=style_name(style, language),
        style_description=style_description(style, language),
        cards=[build_card(entry, signer=signer, language=language, rank=rank) for rank, entry in enumerate(entries, 1)],
        leaderboard_url=state.url_for("leaderboard", query={"when": Period.ALL, "style": style}),
        metrics=metrics.styles[style] if metrics else None,
        other_styles=[(other, style_name(other, language)) for other in STYLES if other is not style],
    )
