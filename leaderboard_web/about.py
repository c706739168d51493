"""`/about`, `/privacy` and `/model`: who Eva is, what happens to photos, and how good she is, in honest figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from bot.voice import style_name
from core.styles import STYLES
from leaderboard_web.figures import figures_of
from leaderboard_web.pages import language_of, render
from leaderboard_web.routing import PageRoute

if TYPE_CHECKING:
    from leaderboard_web.site import Site

__all__ = ["about_routes"]


def about_routes(site: Site) -> APIRouter:
    """The three pages."""
    router, model = APIRouter(route_class=PageRoute), site.classifier.card
    hours = round(site.memory.keep_private.total_seconds() / 3600)
    kakao = site.settings.kakao_js_key is not None
    bot = (site.settings.telegram_token, site.settings.telegram_name)
    widget = None not in bot and site.settings.telegram_login_id is None

    @router.get("/about", response_class=Response)
    async def about(request: Request) -> Response:
        """Who she is, what she leaves alone, and how the board works."""
        return render(request, "about.html", section="about")

    @router.get("/privacy", response_class=Response)
    async def privacy(request: Request) -> Response:
        """What is kept, for how long, and who sees it."""
        return render(request, "privacy.html", section="privacy", hours=hours, kakao=kakao, widget=widget)

    @router.get("/model", response_class=Response)
    async def figures(request: Request) -> Response:
        """What was measured."""
        names = {style: style_name(style, language_of(request)) for style in STYLES}
        return render(
            request, "model.html", section="model", figures=figures_of(model), names=names, version=model.version
        )

    return router
