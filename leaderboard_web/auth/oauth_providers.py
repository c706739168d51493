"""Logins of others by OAuth 2: Kakao's and Telegram's with OpenID Connect, Facebook's without. All that is asked for is
who it is.

Authlib keeps a login that has begun in a signed cookie for the pages under `/login`: its state, its nonce, the
verifier of PKCE. What comes back without one that this browser has begun is refused.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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
"""Seconds for each call of a provider."""
SUBJECT_PATTERN = re.compile(r"[A-Za-z0-9_-]{1,128}")
ALLOWED_ALGORITHMS = ("RS256", "ES256", "EdDSA")
"""How an id_token may be signed, whatever its header or the provider's own list says: never by a shared secret, and
never not at all."""


class OAuthProvider(Protocol):
    """A provider that can say who somebody is."""

    provider: IdentityProvider

    async def authorize_redirect(self, request: Request, callback_url: str) -> Response:
        """Send the browser to the provider, which sends it to `back` afterwards.

        Raises:
            LoginProviderUnavailableError: the provider does not answer.
        """

    async def get_subject(self, request: Request) -> str:
        """The provider's id of the person who came back.

        Raises:
            LoginRejectedError: not the end of a login that this browser has begun, or the provider's word on who
                it is does not hold.
            LoginProviderUnavailableError: the provider does not answer.
        """


class _OidcClient(StarletteOAuth2App):  # type: ignore[misc]
    """Authlib's client, which believes signatures of key pairs alone and uses PKCE where that is offered."""

    async def load_server_metadata(self) -> dict[str, Any]:
        metadata: dict[str, Any] = await super().load_server_metadata()
        offered = metadata.get("id_token_signing_alg_values_supported", ())
        metadata["id_token_signing_alg_values_supported"] = [
            each for each in ALLOWED_ALGORITHMS if each in offered
        ] or ["RS256"]
        if "S256" in metadata.get("code_challenge_methods_supported", ()):
            self.client_kwargs["code_challenge_method"] = "S256"
        return metadata


@dataclass(frozen=True, slots=True, kw_only=True)
class _OidcConfig:
    """What is to be known of a provider of OpenID Connect."""

    provider: IdentityProvider
    scope: str
    token_endpoint_auth_method: str
    """Where its token endpoint wants the secret, in OAuth's words."""
    subject_claim: str
    """The claim that holds the id by which the messenger knows the person, too."""


KAKAO = _OidcConfig(
    provider=IdentityProvider.KAKAO_LOGIN,
    scope="openid",
    token_endpoint_auth_method="client_secret_post",
    subject_claim="sub",
)
"""Its `sub` is the id that the chatbot calls `appUserId`."""
TELEGRAM = _OidcConfig(
    provider=IdentityProvider.TELEGRAM,
    scope="openid profile",
    token_endpoint_auth_method="client_secret_basic",
    subject_claim="id",
)
"""Its `sub` is a string of its own; the `id` is the one of its chats."""


class _OidcProvider:
    """A login by OpenID Connect."""

    def __init__(self, oauth: OAuth, config: _OidcConfig, credentials: tuple[str, SecretStr], issuer: str) -> None:
        client, secret = credentials
        self.provider, self._subject_claim, self._issuer = config.provider, config.subject_claim, issuer
        self._client = oauth.register(
            config.provider.value,
            client_cls=_OidcClient,
            client_id=client,
            client_secret=secret.get_secret_value(),
            server_metadata_url=f"{issuer}/.well-known/openid-configuration",
            access_token_params={"client_id": client}
            if config.token_endpoint_auth_method == "client_secret_basic"
            else None,
            client_kwargs={
                **_client_kwargs(config.scope),
                "token_endpoint_auth_method": config.token_endpoint_auth_method,
            },
        )

    async def authorize_redirect(self, request: Request, callback_url: str) -> Response:
        with _map_provider_errors():
            answer: Response = await self._client.authorize_redirect(request, callback_url)
        return answer

    async def get_subject(self, request: Request) -> str:
        claims = {
            "iss": {"essential": True, "values": [self._issuer]},
            "aud": {"essential": True, "values": [self._client.client_id]},
        }
        with _map_provider_errors():
            token = await self._client.authorize_access_token(request, claims_options=claims)
        return _read_subject(token.get("userinfo"), self._subject_claim)


class _FacebookProvider:
    """Facebook Login. Its id of a person is this app's own."""

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
            # Where nothing is posted, Authlib cannot put the secret in by itself.
            client_kwargs={**_client_kwargs("public_profile"), "token_endpoint_auth_method": "none"},
        )

    async def authorize_redirect(self, request: Request, callback_url: str) -> Response:
        with _map_provider_errors():
            answer: Response = await self._client.authorize_redirect(request, callback_url)
        return answer

    async def get_subject(self, request: Request) -> str:
        with _map_provider_errors():
            token = await self._client.authorize_access_token(request)
            reply = await self._client.get("me", params={"fields": "id"}, token=token)
            reply.raise_for_status()
            me = reply.json()
        return _read_subject(me, "id")


def configured_providers(settings: Settings) -> dict[str, OAuthProvider]:
    """The logins that are configured, by the names that they have in addresses and in `core.services.accounts.WAYS`."""
    oauth = OAuth()
    logins: dict[str, OAuthProvider] = {}
    if settings.kakao_client_id and settings.kakao_client_secret is not None:
        keys = settings.kakao_client_id, settings.kakao_client_secret
        logins["kakao"] = _OidcProvider(oauth, KAKAO, keys, settings.kakao_login_issuer)
    if settings.telegram_client_id and settings.telegram_client_secret is not None:
        keys = settings.telegram_client_id, settings.telegram_client_secret
        logins["telegram"] = _OidcProvider(oauth, TELEGRAM, keys, settings.telegram_login_issuer)
    if settings.facebook_client_id and settings.facebook_client_secret is not None:
        logins["facebook"] = _FacebookProvider(oauth, settings)
    return logins


def _client_kwargs(scope: str) -> dict[str, Any]:
    return {"scope": scope, "timeout": REQUEST_TIMEOUT, "trust_env": False}


@contextmanager
def _map_provider_errors() -> Iterator[None]:
    """A provider's answer, or one of the two errors; neither holds what the provider said."""
    try:
        yield
    except (AuthlibBaseError, JoseError) as error:
        raise LoginRejectedError(type(error).__name__) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise LoginProviderUnavailableError(type(error).__name__) from error
    except (AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        # Authlib reads what a provider says without checking what kind of JSON it is.
        raise LoginProviderUnavailableError(f"malformed: {type(error).__name__}") from error


def _read_subject(claims: object, claim: str) -> str:
    value = claims.get(claim) if isinstance(claims, dict) else None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not SUBJECT_PATTERN.fullmatch(value):
        raise LoginRejectedError("no person")
    return value
