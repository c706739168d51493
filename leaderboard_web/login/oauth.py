"""Logins of others by OAuth 2: Kakao's and Telegram's with OpenID Connect, Facebook's without. All that is asked for is
who it is.

Authlib keeps a login that has begun in a signed cookie for the pages under `/login`: its state, its nonce, the
verifier of PKCE. What comes back without one that this browser has begun is refused.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import OAuth
from authlib.integrations.starlette_client.apps import StarletteOAuth2App
from joserfc.errors import JoseError

from core.db.tables import Provider
from core.errors import LoginRefused, LoginUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import Request, Response
    from pydantic import SecretStr

    from core.settings import Settings

__all__ = ["Login", "open_logins"]

PATIENCE = 10.0
"""Seconds for each call of a provider."""
SUBJECT = re.compile(r"[A-Za-z0-9_-]{1,128}")
KEY_PAIRS = ("RS256", "ES256", "EdDSA")
"""How an id_token may be signed, whatever its header or the provider's own list says: never by a shared secret, and
never not at all."""


class Login(Protocol):
    """A provider that can say who somebody is."""

    provider: Provider

    async def begin(self, request: Request, back: str) -> Response:
        """Send the browser to the provider, which sends it to `back` afterwards.

        Raises:
            LoginUnavailable: the provider does not answer.
        """

    async def finish(self, request: Request) -> str:
        """The provider's id of the person who came back.

        Raises:
            LoginRefused: this is not the end of a login that this browser has begun, or the provider's word on who
                it is does not hold.
            LoginUnavailable: the provider does not answer.
        """


class _Client(StarletteOAuth2App):  # type: ignore[misc]
    """Authlib's client, which believes signatures of key pairs alone and uses PKCE where that is offered."""

    async def load_server_metadata(self) -> dict[str, Any]:
        metadata: dict[str, Any] = await super().load_server_metadata()
        offered = metadata.get("id_token_signing_alg_values_supported", ())
        metadata["id_token_signing_alg_values_supported"] = [each for each in KEY_PAIRS if each in offered] or ["RS256"]
        if "S256" in metadata.get("code_challenge_methods_supported", ()):
            self.client_kwargs["code_challenge_method"] = "S256"
        return metadata


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What is to be known of a provider of OpenID Connect."""

    provider: Provider
    scope: str
    secret_in: str
    """Where its token endpoint wants the secret, in OAuth's words."""
    claim: str
    """The claim that holds the id by which the messenger knows the person, too."""


KAKAO = _Known(provider=Provider.KAKAO_LOGIN, scope="openid", secret_in="client_secret_post", claim="sub")
"""Its `sub` is the id that the chatbot calls `appUserId`."""
TELEGRAM = _Known(provider=Provider.TELEGRAM, scope="openid profile", secret_in="client_secret_basic", claim="id")
"""Its `sub` is a string of its own; the `id` is the one of its chats."""


class _OpenID:
    """A login by OpenID Connect."""

    def __init__(self, oauth: OAuth, known: _Known, keys: tuple[str, SecretStr], issuer: str) -> None:
        client, secret = keys
        self.provider, self._claim, self._issuer = known.provider, known.claim, issuer
        self._client = oauth.register(
            known.provider.value,
            client_cls=_Client,
            client_id=client,
            client_secret=secret.get_secret_value(),
            server_metadata_url=f"{issuer}/.well-known/openid-configuration",
            access_token_params={"client_id": client} if known.secret_in == "client_secret_basic" else None,
            client_kwargs={**_kwargs(known.scope), "token_endpoint_auth_method": known.secret_in},
        )

    async def begin(self, request: Request, back: str) -> Response:
        with _answering():
            answer: Response = await self._client.authorize_redirect(request, back)
        return answer

    async def finish(self, request: Request) -> str:
        claims = {
            "iss": {"essential": True, "values": [self._issuer]},
            "aud": {"essential": True, "values": [self._client.client_id]},
        }
        with _answering():
            token = await self._client.authorize_access_token(request, claims_options=claims)
        return _subject(token.get("userinfo"), self._claim)


class _Facebook:
    """Facebook Login. Its id of a person is this app's own."""

    provider = Provider.FACEBOOK

    def __init__(self, oauth: OAuth, settings: Settings) -> None:
        assert settings.facebook_secret is not None
        version, secret = settings.facebook_version, settings.facebook_secret.get_secret_value()
        self._client = oauth.register(
            "facebook",
            client_id=settings.facebook_id,
            authorize_url=f"{settings.facebook_url}/{version}/dialog/oauth",
            access_token_url=f"{settings.facebook_graph_url}/{version}/oauth/access_token",
            access_token_params={"method": "GET", "client_secret": secret},
            api_base_url=f"{settings.facebook_graph_url}/{version}/",
            # Where nothing is posted, Authlib cannot put the secret in by itself.
            client_kwargs={**_kwargs("public_profile"), "token_endpoint_auth_method": "none"},
        )

    async def begin(self, request: Request, back: str) -> Response:
        with _answering():
            answer: Response = await self._client.authorize_redirect(request, back)
        return answer

    async def finish(self, request: Request) -> str:
        with _answering():
            token = await self._client.authorize_access_token(request)
            reply = await self._client.get("me", params={"fields": "id"}, token=token)
            reply.raise_for_status()
            me = reply.json()
        return _subject(me, "id")


def open_logins(settings: Settings) -> dict[str, Login]:
    """The logins that are configured, by the names that they have in addresses and in `core.accounts.WAYS`."""
    oauth = OAuth()
    logins: dict[str, Login] = {}
    if settings.kakao_login_id and settings.kakao_login_secret is not None:
        keys = settings.kakao_login_id, settings.kakao_login_secret
        logins["kakao"] = _OpenID(oauth, KAKAO, keys, settings.kakao_login_issuer)
    if settings.telegram_login_id and settings.telegram_login_secret is not None:
        keys = settings.telegram_login_id, settings.telegram_login_secret
        logins["telegram"] = _OpenID(oauth, TELEGRAM, keys, settings.telegram_login_issuer)
    if settings.facebook_id and settings.facebook_secret is not None:
        logins["facebook"] = _Facebook(oauth, settings)
    return logins


def _kwargs(scope: str) -> dict[str, Any]:
    return {"scope": scope, "timeout": PATIENCE, "trust_env": False}


@contextmanager
def _answering() -> Iterator[None]:
    """A provider's answer, or one of the two errors; neither holds what the provider said."""
    try:
        yield
    except (AuthlibBaseError, JoseError) as error:
        raise LoginRefused(type(error).__name__) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise LoginUnavailable(type(error).__name__) from error
    except (AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        # Authlib reads what a provider says without checking what kind of JSON it is.
        raise LoginUnavailable(f"malformed: {type(error).__name__}") from error


def _subject(claims: object, name: str) -> str:
    value = claims.get(name) if isinstance(claims, dict) else None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not SUBJECT.fullmatch(value):
        raise LoginRefused("no person")
    return value
