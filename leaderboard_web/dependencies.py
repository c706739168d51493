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
from core.services.accounts import LOGIN_METHODS
from core.settings import Settings
from core.signing import VisitorTokenSigner
from core.vision.classifier import StyleClassifier
from leaderboard_web.anonymous_limits import AnonymousLimiter
from leaderboard_web.auth.oauth_providers import OAuthProvider
from leaderboard_web.flash import FlashMessages
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
    samples: Mapping[str, SamplePhoto]
    """JPEGs for people who have no photo at hand, by name."""
    report_limiter: AnonymousLimiter
    heart_limiter: AnonymousLimiter
    export_limiter: FixedWindowRateLimiter

    @property
    def widget_bot(self) -> str | None:
        """The bot of Telegram's login widget; None where it is not configured or OAuth replaces it."""
        if self.settings.telegram_token is None or "telegram" in self.oauth_providers:
            return None
        return self.settings.telegram_bot_username

    @property
    def login_methods(self) -> list[str]:
        """The login methods that are configured, in the order in which they are shown."""
        configured = {*self.oauth_providers, *(["telegram"] if self.widget_bot else [])}
        return [method for method in LOGIN_METHODS if method in configured]

    @property
    def login_chats(self) -> list[str]:
        """The chats whose `/login` links lead here."""
        keys = {"telegram": self.settings.telegram_token, "kakao": self.settings.kakao_skill_key}
        return [chat for chat, key in keys.items() if key is not None and self.settings.public_url]

    @property
    def offers_login(self) -> bool:
        """Whether a visitor can log in."""
        return bool(self.login_methods or self.login_chats)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """A request, and what responses to it depend on."""

    request: Request
    state: AppState
    viewer: ViewerSession
    language: Language
    """Of the response."""


# Async like all dependencies here: FastAPI runs others in a thread.
async def get_state(request: Request) -> AppState:
    """The state of the application."""
    state: AppState = request.app.state.eva
    return state


async def get_context(request: Request) -> RequestContext:
    """The context of a request."""
    state: AppState = request.app.state.eva
    viewer = ViewerSession(request, state.token_signer, is_https=state.settings.is_https)
    return RequestContext(request=request, state=state, viewer=viewer, language=request_language(request))


async def get_connection(request: Request) -> AsyncIterator[AsyncConnection]:
    """A database connection in autocommit mode.

    The pages that are read most open it themselves: FastAPI takes as long for a generator as the pool for a connection.
    """
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


State = Annotated[AppState, Depends(get_state)]
Context = Annotated[RequestContext, Depends(get_context)]
# Function scope: the connection is returned, and the transaction committed, before the response is sent.
Db = Annotated[AsyncConnection, Depends(get_connection, scope="function")]
Transaction = Annotated[AsyncConnection, Depends(get_transaction, scope="function")]
CanonicalUUID = Annotated[UUID, BeforeValidator(_canonical_uuid)]
