"""Login with OAuth 2: Kakao and Telegram with OpenID Connect, Facebook without. Only the person's id is requested.

Authlib keeps a started login in a signed cookie for the pages under `/login`: its state, its nonce and the PKCE
verifier. A callback without a login that this browser has started is rejected. Access tokens are discarded.
"""

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import OAuth
from authlib.integrations.starlette_client.apps import StarletteOAuth2App
from fastapi import Request, Response
from joserfc.errors import JoseError
from pydantic import SecretStr

from core.db.schema import IdentityProvider
from core.errors import LoginProviderUnavailableError, LoginRejectedError
from core.settings import Settings

REQUEST_TIMEOUT = 10.0
"""Seconds for each request to a provider."""
SUBJECT_PATTERN = re.compile(r"[A-Za-z0-9_-]{1,128}")
ALLOWED_ALGORITHMS = ("RS256", "ES256", "EdDSA")
"""Signature algorithms of ID tokens that are accepted, regardless of the token's header and the provider's metadata:
public keys only, never a shared secret and never `none`."""


class OAuthProvider(Protocol):
    """A provider that verifies who a person is."""

    provider: IdentityProvider

    async def authorize_redirect(self, request: Request, callback_url: str) -> Response:
        """Redirect the browser to the provider, which redirects it to `callback_url` afterward.

        Raises:
            LoginProviderUnavailableError: the provider does not answer.
        """

    async def get_subject(self, request: Request) -> str:
        """The provider's id of the person, from a request to the callback URL.

        Raises:
            LoginRejectedError: this browser has not started the login, or the provider's answer is not valid.
            LoginProviderUnavailableError: the provider does not answer.
        """


class _OidcClient(StarletteOAuth2App):  # type: ignore[misc]
    """Authlib's client, which accepts `ALLOWED_ALGORITHMS` only and uses PKCE where the provider offers it."""

    async def load_server_metadata(self) -> dict[str, Any]:
        metadata: dict[str, Any] = await super().load_server_metadata()
        offered = metadata.get("id_token_signing_alg_values_supported", ())
        allowed = [algorithm for algorithm in ALLOWED_ALGORITHMS if algorithm in offered]
        metadata["id_token_signing_alg_values_supported"] = allowed or ["RS256"]
        if "S256" in metadata.get("code_challenge_methods_supported", ()):
            self.client_kwargs["code_challenge_method"] = "S256"
        return metadata


@dataclass(frozen=True, slots=True, kw_only=True)
class _OidcConfig:
    """How a provider implements OpenID Connect."""

    provider: IdentityProvider
    scope: str
    token_endpoint_auth_method: str
    subject_claim: str
    """The claim with the id that the provider's messenger uses, too."""


KAKAO = _OidcConfig(
    provider=IdentityProvider.KAKAO_LOGIN,
    scope="openid",
    token_endpoint_auth_method="client_secret_post",
    subject_claim="sub",
)
"""Kakao's `sub` is the chatbot's `appUserId`."""
TELEGRAM = _OidcConfig(
    provider=IdentityProvider.TELEGRAM,
    scope="openid profile",
    token_endpoint_auth_method="client_secret_basic",
    subject_claim="id",
)
"""Telegram's `id` is the one of its chats; its `sub` is another one."""


class _OidcProvider:
    """Login with OpenID Connect."""

    def __init__(self, oauth: OAuth, config: _OidcConfig, credentials: tuple[str, SecretStr], issuer: str) -> None:
        """Register the client.

        Args:
            oauth: Authlib's registry.
            config: of the provider.
            credentials: client id and secret.
            issuer: base URL of the discovery document, and the required `iss` of ID tokens.
        """
        client_id, secret = credentials
        auth_method = config.token_endpoint_auth_method
        self.provider, self._subject_claim, self._issuer = config.provider, config.subject_claim, issuer
        self._client = oauth.register(
            config.provider.value,
            client_cls=_OidcClient,
            client_id=client_id,
            client_secret=secret.get_secret_value(),
            server_metadata_url=f"{issuer}/.well-known/openid-configuration",
            access_token_params={"client_id": client_id} if auth_method == "client_secret_basic" else None,
            client_kwargs={**_client_kwargs(config.scope), "token_endpoint_auth_method": auth_method},
        )

    async def authorize_redirect(self, request: Request, callback_url: str) -> Response:
        with _map_provider_errors():
            response: Response = await self._client.authorize_redirect(request, callback_url)
        return response

    async def get_subject(self, request: Request) -> str:
        claims_options = {
            "iss": {"essential": True, "values": [self._issuer]},
            "aud": {"essential": True, "values": [self._client.client_id]},
        }
        with _map_provider_errors():
            token = await self._client.authorize_access_token(request, claims_options=claims_options)
        return _read_subject(token.get("userinfo"), self._subject_claim)


class _FacebookProvider:
    """Facebook Login; its id of a person is valid for this app only."""

    provider = IdentityProvider.FACEBOOK

    def __init__(self, oauth: OAuth, settings: Settings) -> None:
        assert settings.facebook_client_secret is not None
        version, secret = settings.facebook_version, settings.facebook_client_secret.get_secret_value()
        self._client = oauth.register(
            "facebook",
            client_id=settings.facebook_client_id,
            authorize_url=f"{settings.facebook_dialog_url}/{version}/dialog/oauth",
            access_token_url=f"{settings.facebook_graph_url}/{version}/oauth/access_token",
            access_token_params={"method": "GET", "client_secret": secret},
            api_base_url=f"{settings.facebook_graph_url}/{version}/",
            # Authlib adds the secret to POST requests only.
            client_kwargs={**_client_kwargs("public_profile"), "token_endpoint_auth_method": "none"},
        )

    async def authorize_redirect(self, request: Request, callback_url: str) -> Response:
        with _map_provider_errors():
            response: Response = await self._client.authorize_redirect(request, callback_url)
        return response

    async def get_subject(self, request: Request) -> str:
        with _map_provider_errors():
            token = await self._client.authorize_access_token(request)
            response = await self._client.get("me", params={"fields": "id"}, token=token)
            response.raise_for_status()
            profile = response.json()
        return _read_subject(profile, "id")


def configured_providers(settings: Settings) -> dict[str, OAuthProvider]:
    """The configured providers, by their names in URLs and in `core.services.accounts.LOGIN_METHODS`."""
    oauth, providers = OAuth(), dict[str, OAuthProvider]()
    if settings.kakao_client_id and settings.kakao_client_secret is not None:
        credentials = settings.kakao_client_id, settings.kakao_client_secret
        providers["kakao"] = _OidcProvider(oauth, KAKAO, credentials, settings.kakao_login_issuer)
    if settings.telegram_client_id and settings.telegram_client_secret is not None:
        credentials = settings.telegram_client_id, settings.telegram_client_secret
        providers["telegram"] = _OidcProvider(oauth, TELEGRAM, credentials, settings.telegram_login_issuer)
    if settings.facebook_client_id and settings.facebook_client_secret is not None:
        providers["facebook"] = _FacebookProvider(oauth, settings)
    return providers


def _client_kwargs(scope: str) -> dict[str, Any]:
    return {"scope": scope, "timeout": REQUEST_TIMEOUT, "trust_env": False, "verify": _tls_context()}


@cache
def _tls_context() -> ssl.SSLContext:
    """One for all clients: Authlib makes a client for each step of a login, and each would read all certificates."""
    return httpx.create_ssl_context(trust_env=False)


@contextmanager
def _map_provider_errors() -> Iterator[None]:
    """Translate errors of a provider's answer; the new errors contain nothing that the provider sent.

    Raises:
        LoginRejectedError: Authlib or the signature check rejected the answer.
        LoginProviderUnavailableError: there is no answer, or it is malformed.
    """
    try:
        yield
    except (AuthlibBaseError, JoseError) as error:
        raise LoginRejectedError(type(error).__name__) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise LoginProviderUnavailableError(type(error).__name__) from error
    except (AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        # Authlib reads the provider's JSON without checking its structure.
        raise LoginProviderUnavailableError(f"malformed: {type(error).__name__}") from error


def _read_subject(claims: object, claim: str) -> str:
    """The person's id in a claim.

    Raises:
        LoginRejectedError: the claim is missing or no id.
    """
    value = claims.get(claim) if isinstance(claims, dict) else None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not SUBJECT_PATTERN.fullmatch(value):
        raise LoginRejectedError("no subject")
    return value
