"""`/about`, `/privacy` and `/model`: who Eva is, what happens to photos, and how good she is, in honest figures."""

from fastapi import APIRouter, Request, Response

from core.conversation.narration import style_name
from core.styles import STYLES
from leaderboard_web.dependencies import AppState
from leaderboard_web.language import request_language
from leaderboard_web.model_metrics import load_metrics
from leaderboard_web.routing import PageRoute
from leaderboard_web.templating import render_page


def page_routes(state: AppState) -> APIRouter:
    """The three pages."""
    router, model = APIRouter(route_class=PageRoute), state.classifier.model_card
    hours = round(state.resources.private_photo_ttl.total_seconds() / 3600)
    kakao = state.settings.kakao_js_key is not None
    bot = (state.settings.telegram_token, state.settings.telegram_bot_username)
    widget = None not in bot and state.settings.telegram_client_id is None

    @router.get("/about", response_class=Response)
    async def about(request: Request) -> Response:
        """Who she is, what she leaves alone, and how the board works."""
        return render_page(request, "about.html", request_language(request), section="about")

    @router.get("/privacy", response_class=Response)
    async def privacy(request: Request) -> Response:
        """What is kept, for how long, and who sees it."""
        return render_page(
            request,
            "privacy.html",
            request_language(request),
            section="privacy",
            hours=hours,
            kakao=kakao,
            widget=widget,
        )

    @router.get("/model", response_class=Response)
    async def figures(request: Request) -> Response:
        """What was measured."""
        names = {style: style_name(style, request_language(request)) for style in STYLES}
        return render_page(
            request,
            "model.html",
            request_language(request),
            section="model",
            figures=load_metrics(model),
            names=names,
            version=model.version,
        )

    return router
