"""The site, put together: the board and its looks, the styles, what it says about itself, and a chat with Eva."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette_compress import CompressMiddleware

from core.keys import secret_key
from core.visitors import Visitors
from leaderboard_web.about import about_routes
from leaderboard_web.admin import admin_routes
from leaderboard_web.api import api_routes
from leaderboard_web.assets import Assets
from leaderboard_web.board import board_routes
from leaderboard_web.chat import chat_routes
from leaderboard_web.deeds import deed_routes
from leaderboard_web.desk import Desk
from leaderboard_web.errors import answer_errors
from leaderboard_web.kept import Kept
from leaderboard_web.limits import Limits
from leaderboard_web.login.rooms import keep_logins, login_routes
from leaderboard_web.looks import look_routes
from leaderboard_web.me.routes import me_routes
from leaderboard_web.origins import SameOrigin
from leaderboard_web.people import people_routes
from leaderboard_web.pictures import picture_routes
from leaderboard_web.security import SecurityHeaders
from leaderboard_web.share import share_routes
from leaderboard_web.site import Site
from leaderboard_web.styles import style_routes
from leaderboard_web.visitors import Guests

if TYPE_CHECKING:
    from pathlib import Path

    from bot.service import Service

__all__ = ["create_app"]


def create_app(service: Service, *, samples: Path) -> FastAPI:
    """The site.

    Args:
        service: Eva at work; stays the caller's to close.
        samples: a folder of JPEGs for people who have no photo at hand; may be missing.

    Raises:
        SecretMissing: EVA_SECRET_KEY is not set in production.
    """
    app = FastAPI(title="Eva", docs_url=None, redoc_url=None)
    settings = service.settings
    guests = Guests(service.memory.database, Visitors(secret_key(settings)), https=settings.is_https)
    app.add_middleware(Limits, settings=settings, guests=guests)
    keep_logins(app, settings)
    app.add_middleware(SameOrigin)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Kept, seconds=settings.keep_pages)
    app.add_middleware(CompressMiddleware, minimum_size=600)
    app.state.public_url = str(service.settings.public_url or "").rstrip("/")
    app.mount("/static", Assets(), name="static")
    answer_errors(app)
    site = Site(
        settings=settings,
        memory=service.memory,
        classifier=service.classifier,
        stylist=service.stylist,
        guests=guests,
        desk=Desk(),
        samples=samples,
    )
    for routes in (
        board_routes,
        look_routes,
        deed_routes,
        people_routes,
        style_routes,
        about_routes,
        chat_routes,
        api_routes,
        picture_routes,
        admin_routes,
        share_routes,
        me_routes,
        login_routes,
    ):
        app.include_router(routes(site))
    return app
