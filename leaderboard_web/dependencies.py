"""State of the application and the dependencies that routes declare as parameters."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from limits.aio.strategies import FixedWindowRateLimiter
from PIL import Image
from pydantic import BeforeValidator
from sqlalchemy.ext.asyncio import AsyncConnection

from core.conversation.service import ConversationService
from core.i18n.translations import Language
from core.images.renditions import RenditionStore
from core.resources import Resources
from core.settings import Settings
from core.signing import VisitorTokenSigner
from core.vision.classifier import StyleClassifier
from leaderboard_web.anonymous_limits import AnonymousLimiter
from leaderboard_web.auth.oauth_providers import OAuthProvider
from leaderboard_web.flash import FlashMessages
from leaderboard_web.urls import UrlPaths, url_for
from leaderboard_web.viewer import ViewerSession, request_language


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePhoto:
    """A JPEG, and its size in pixels."""

    path: Path
    width: int
    height: int


def find_samples(folder: Path) -> Mapping[str, SamplePhoto]:
    """The photos of a folder, which may be missing, by name."""
    found = {}
    for path in sorted(folder.glob("*.jpg")):
        with Image.open(path) as image:
            found[path.stem] = SamplePhoto(path=path, width=image.width, height=image.height)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class AppState:
    """What all routes share, created once with the application."""

    settings: Settings
    resources: Resources
    classifier: StyleClassifier
    conversation: ConversationService
    renditions: RenditionStore
    token_signer: VisitorTokenSigner
    login_key: str
    """Signs the cookie of a started login."""
    oauth_providers: Mapping[str, OAuthProvider]
    """Configured login providers, by their names in URLs."""
    flash: FlashMessages
    url_for: UrlPaths = url_for
    samples: Mapping[str, SamplePhoto]
    """JPEGs for people who have no photo at hand, by name."""
    report_limiter: AnonymousLimiter
    heart_limiter: AnonymousLimiter
    export_limiter: FixedWindowRateLimiter

    @property
    def offers_login(self) -> bool:
        """Whether a visitor can log in: with a provider, with Telegram's widget, or by a link from a chat."""
        settings = self.settings
        has_widget = settings.telegram_token is not None and settings.telegram_bot_username is not None
        has_chat = settings.telegram_token is not None or settings.kakao_skill_key is not None
        return bool(self.oauth_providers) or has_widget or (has_chat and settings.public_url is not None)


async def app_state(request: Request) -> AppState:
    """The state of the application. Async like all dependencies here: FastAPI runs others in a thread."""
    state: AppState = request.app.state.eva
    return state


State = Annotated[AppState, Depends(app_state)]


async def current_language(request: Request) -> Language:
    """The language of the response."""
    return request_language(request)


Lang = Annotated[Language, Depends(current_language)]


# Without `State` as a dependency of their own: FastAPI would solve it again for each of them.
async def current_viewer(request: Request) -> ViewerSession:
    """The browser session of the request."""
    state: AppState = request.app.state.eva
    return ViewerSession(request, state.token_signer, is_https=state.settings.is_https)


async def get_connection(request: Request) -> AsyncIterator[AsyncConnection]:
    """A database connection in autocommit mode."""
    async with request.app.state.eva.resources.database.connection() as connection:
        yield connection


async def get_transaction(request: Request) -> AsyncIterator[AsyncConnection]:
    """A database connection in a transaction, which an exception of the route rolls back."""
    async with request.app.state.eva.resources.database.transaction() as connection:
        yield connection


def _canonical_uuid(text: object) -> UUID:
    """Accept an id only in the form that links of the site have."""
    uuid = UUID(str(text))
    if str(uuid) != text:
        raise ValueError("not in canonical form")
    return uuid


Viewer = Annotated[ViewerSession, Depends(current_viewer)]
# Function scope: the connection is returned, and the transaction committed, before the response is sent.
Db = Annotated[AsyncConnection, Depends(get_connection, scope="function")]
Transaction = Annotated[AsyncConnection, Depends(get_transaction, scope="function")]
CanonicalUUID = Annotated[UUID, BeforeValidator(_canonical_uuid)]
