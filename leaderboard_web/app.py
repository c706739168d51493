"""The FastAPI application of the site."""

from pathlib import Path
from typing import Protocol

from fastapi import FastAPI
from fastapi.middleware import Middleware
from limits.aio.strategies import FixedWindowRateLimiter
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import Route
from starlette_compress import CompressMiddleware, remove_compress_type

from core.conversation.service import ConversationService
from core.images.renditions import RenditionStore
from core.resources import Resources
from core.runtime import GracefulShutdown
from core.settings import Settings
from core.signing import VisitorTokenSigner, load_old_keys, load_secret_key
from core.vision.classifier import StyleClassifier
from leaderboard_web.account import lists, personal_data
from leaderboard_web.account import looks as own_looks
from leaderboard_web.account import news as account_news
from leaderboard_web.account import settings as account_settings
from leaderboard_web.account import week as account_week
from leaderboard_web.anonymous_limits import HEARTS_OF_ADDRESS, REPORTS_OF_ADDRESS, AnonymousLimiter
from leaderboard_web.auth import login_confirmation, login_page, magic_link, oauth_routes, telegram_login
from leaderboard_web.auth.login_session import derive_login_key
from leaderboard_web.auth.oauth_providers import configured_providers
from leaderboard_web.board_feed import BoardFeed
from leaderboard_web.dependencies import AppState, find_samples
from leaderboard_web.errors import REFUSAL_HANDLERS
from leaderboard_web.flash import FlashMessages
from leaderboard_web.limit_storage import CounterStorage, create_storage
from leaderboard_web.middleware.body_limit import BodySizeLimitMiddleware
from leaderboard_web.middleware.client_address import TrustedProxiesMiddleware
from leaderboard_web.middleware.csrf import FetchMetadataMiddleware
from leaderboard_web.middleware.page_cache import AnonymousPageCache
from leaderboard_web.middleware.rate_limit import RateLimitMiddleware
from leaderboard_web.middleware.security import HostCheckMiddleware, SecurityHeadersMiddleware, handle_bug
from leaderboard_web.routes import (
    admin,
    card_links,
    chat,
    guessing,
    images,
    judge_api,
    leaderboard,
    looks,
    pages,
    people,
    reactions,
    reports,
    samples,
    site_files,
    styles,
)
from leaderboard_web.routes.live_board import LIVE_PATH, LiveBoard
from leaderboard_web.upload_admission import UploadAdmission
from leaderboard_web.urls import VersionedStaticFiles, url_for

ROUTERS = tuple(
    module.router
    for module in (
        leaderboard,
        # Their paths match those of the reactions after them.
        looks,
        guessing,
        people,
        reports,
        reactions,
        styles,
        pages,
        chat,
        samples,
        judge_api,
        card_links,
        images,
        site_files,
        admin,
        lists,
        own_looks,
        account_settings,
        account_news,
        account_week,
        personal_data,
        login_page,
        login_confirmation,
        magic_link,
        telegram_login,
        # Its paths match those of the login modules before it.
        oauth_routes,
    )
)
for router in ROUTERS:
    url_for.add(router.routes)
MIN_COMPRESSED_BYTES = 600
"""Shorter responses are sent as they are."""

# A compressor for each open page takes far more memory than its short messages are worth.
remove_compress_type("text/event-stream")


class SiteServices(Protocol):
    """What the site needs of the process that serves it."""

    @property
    def settings(self) -> Settings:
        """The settings of the process."""

    @property
    def resources(self) -> Resources:
        """Database and image storage."""

    @property
    def classifier(self) -> StyleClassifier:
        """The model."""

    @property
    def conversation(self) -> ConversationService:
        """Eva's side of the chat."""


def create_app(service: SiteServices, *, samples: Path, shutdown: GracefulShutdown | None = None) -> FastAPI:
    """Create the application.

    Args:
        service: what the site needs; the caller closes it.
        samples: folder of JPEGs for people who have no photo at hand; may be missing.
        shutdown: ends the streams of the live board from SIGTERM on.

    Raises:
        MissingSecretKeyError: EVA_SECRET_KEY is not set in production.
        WeakSecretKeyError: the secret key is empty or too short.
    """
    settings, secret = service.settings, load_secret_key(service.settings)
    token_signer = VisitorTokenSigner(secret, old=load_old_keys(settings))
    counters = create_storage(settings.rate_limits, service.resources.database, service.resources.limit_signer)
    state = _create_state(service, secret, token_signer, counters, samples)
    feed = BoardFeed(service.resources.database)
    if shutdown is not None:
        shutdown.when_begun(feed.close)
    app = FastAPI(
        title="Eva",
        docs_url=None,
        redoc_url=None,
        exception_handlers={**REFUSAL_HANDLERS, Exception: handle_bug},
        middleware=[
            *_forwarded_headers_middleware(settings),
            Middleware(CompressMiddleware, minimum_size=MIN_COMPRESSED_BYTES),
            *([Middleware(AnonymousPageCache, ttl=cache_ttl)] if (cache_ttl := settings.page_cache_seconds) else []),
            Middleware(SecurityHeadersMiddleware, is_https=settings.is_https),
            # Renders what the middleware below it raises, as FastAPI does for routes.
            Middleware(ExceptionMiddleware, handlers=REFUSAL_HANDLERS),
            Middleware(
                HostCheckMiddleware,
                public_url=settings.public_url,
                unsafe_methods=[
                    Middleware(FetchMetadataMiddleware, public_url=settings.public_url),
                    Middleware(RateLimitMiddleware, settings=settings, token_signer=token_signer, counters=counters),
                    Middleware(BodySizeLimitMiddleware, upload_admission=UploadAdmission()),
                ],
            ),
        ],
    )
    app.state.eva = state
    app.mount("/static", VersionedStaticFiles(), name="static")
    # An ASGI application: FastAPI would hold the frames and exit stacks of an endpoint for each stream that is open.
    app.router.routes.append(Route(LIVE_PATH, LiveBoard(feed, state), methods=["GET"]))
    for router in ROUTERS:
        # `include_router` would prepare each route once more, which takes as long as everything else here.
        app.router.routes.extend(router.routes)
    return app


def _create_state(
    service: SiteServices, secret: bytes, token_signer: VisitorTokenSigner, counters: CounterStorage, samples: Path
) -> AppState:
    """What the routes share.

    Args:
        service: what the site needs.
        secret: the secret key.
        token_signer: signs the tokens of browsers.
        counters: of what is limited.
        samples: folder of JPEGs; may be missing.
    """
    return AppState(
        settings=service.settings,
        resources=service.resources,
        classifier=service.classifier,
        conversation=service.conversation,
        renditions=RenditionStore(service.resources),
        token_signer=token_signer,
        login_key=derive_login_key(secret),
        flash=FlashMessages(secret),
        samples=find_samples(samples),
        oauth_providers=configured_providers(service.settings),
        report_limiter=AnonymousLimiter(counters, "reports", limit=REPORTS_OF_ADDRESS),
        heart_limiter=AnonymousLimiter(counters, "hearts", limit=HEARTS_OF_ADDRESS),
        export_limiter=FixedWindowRateLimiter(counters),
    )


def _forwarded_headers_middleware(settings: Settings) -> list[Middleware]:
    """Nothing without a proxy: the addresses of connections are then those of the clients."""
    if not settings.trusted_proxies and settings.public_url is None:
        return []
    expects_proxy = settings.public_url is not None
    return [Middleware(TrustedProxiesMiddleware, networks=settings.trusted_proxies, expects_proxy=expects_proxy)]
