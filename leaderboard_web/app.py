"""The site, put together: the board and its looks, the styles, what it says about itself, and a chat with Eva."""

from pathlib import Path

from fastapi import FastAPI
from starlette_compress import CompressMiddleware

from bot.app import BotApplication
from core.signing import VisitorTokenSigner, load_secret_key
from leaderboard_web.account.routes import account_routes
from leaderboard_web.auth.routes import add_login_session_middleware, auth_routes
from leaderboard_web.dependencies import AppState
from leaderboard_web.errors import register_error_handlers
from leaderboard_web.load_shedding import PhotoSlots
from leaderboard_web.middleware.csp import SecurityHeadersMiddleware
from leaderboard_web.middleware.csrf import FetchMetadataMiddleware
from leaderboard_web.middleware.page_cache import AnonymousPageCache
from leaderboard_web.middleware.rate_limit import RateLimitMiddleware
from leaderboard_web.routes.admin import admin_routes
from leaderboard_web.routes.chat import chat_routes
from leaderboard_web.routes.images import image_routes
from leaderboard_web.routes.judge_api import judge_api_routes
from leaderboard_web.routes.leaderboard import board_routes
from leaderboard_web.routes.looks import look_routes
from leaderboard_web.routes.pages import page_routes
from leaderboard_web.routes.people import people_routes
from leaderboard_web.routes.reactions import reaction_routes
from leaderboard_web.routes.styles import style_routes
from leaderboard_web.sessions import VisitorSessions
from leaderboard_web.sharing import share_image_routes
from leaderboard_web.static_files import VersionedStaticFiles


def create_app(service: BotApplication, *, samples: Path) -> FastAPI:
    """The site.

    Args:
        service: Eva at work; stays the caller's to close.
        samples: a folder of JPEGs for people who have no photo at hand; may be missing.

    Raises:
        MissingSecretKeyError: EVA_SECRET_KEY is not set in production.
    """
    app = FastAPI(title="Eva", docs_url=None, redoc_url=None)
    settings = service.settings
    guests = VisitorSessions(
        service.resources.database, VisitorTokenSigner(load_secret_key(settings)), is_https=settings.is_https
    )
    app.add_middleware(RateLimitMiddleware, settings=settings, visitor_sessions=guests)
    add_login_session_middleware(app, settings)
    app.add_middleware(FetchMetadataMiddleware)
    app.add_middleware(SecurityHeadersMiddleware)
    app.add_middleware(AnonymousPageCache, ttl=settings.page_cache_seconds)
    app.add_middleware(CompressMiddleware, minimum_size=600)
    app.state.public_url = service.settings.public_url or ""
    app.mount("/static", VersionedStaticFiles(), name="static")
    register_error_handlers(app)
    site = AppState(
        settings=settings,
        memory=service.resources,
        classifier=service.classifier,
        stylist=service.conversation,
        visitor_sessions=guests,
        photo_slots=PhotoSlots(),
        samples=samples,
    )
    for routes in (
        board_routes,
        look_routes,
        reaction_routes,
        people_routes,
        style_routes,
        page_routes,
        chat_routes,
        judge_api_routes,
        image_routes,
        admin_routes,
        share_image_routes,
        account_routes,
        auth_routes,
    ):
        app.include_router(routes(site))
    return app
