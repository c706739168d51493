"""OAuth providers like Kakao, Telegram and Facebook on a free port of this machine, which can forge their answers.

They enforce the rules that Eva depends on: redirect URIs, secrets, single use of codes, PKCE.
"""

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass, field
from functools import cache
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from joserfc import jwt
from joserfc.jwk import RSAKey

from bot.testing.server import LocalServer

KAKAO_ID, KAKAO_SECRET = "kakao-rest-key", "kakao-client-secret"
TELEGRAM_ID, TELEGRAM_SECRET = "987654", "telegram-client-secret"
FACEBOOK_ID, FACEBOOK_SECRET = "1234567890", "facebook-app-secret"
VERSION = "v26.0"


@dataclass
class FakeOAuthProviders:
    """A context manager; its fields set its behavior at any time."""

    user_id: str = "3301"
    """Id of the user who logs in."""
    denies: bool = False
    """Whether the user refuses."""
    claims: dict[str, Any] = field(default_factory=dict)
    """Replace claims of an id_token; None removes a claim."""
    alg: str = "RS256"
    """Signature of id_tokens: `RS256`, `other-key` (a different key with the same id), `none`, or `HS256` with the
    public key as secret."""
    pkce: bool = True
    """Whether PKCE is supported."""
    broken: str | None = None
    """An endpoint that answers HTML, or, with the suffix `-500`, fails."""
    calls: list[str] = field(default_factory=list)
    """Endpoints that were called, in order."""
    authorization_requests: list[dict[str, str]] = field(default_factory=list)
    """Parameters of the authorization requests."""

    def __post_init__(self) -> None:
        self._key_number = 0
        self.rotate_signing_key()
        self._codes: dict[str, dict[str, str]] = {}
        self._server = LocalServer(self._app())

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.__exit__(kind, error, trace)

    @property
    def url(self) -> str:
        """The issuer, and the root URL of Facebook."""
        return self._server.url

    @property
    def environment(self) -> dict[str, str]:
        """Settings that use these providers."""
        return {
            "kakao_client_id": KAKAO_ID,
            "kakao_client_secret": KAKAO_SECRET,
            "kakao_login_issuer": self.url,
            "telegram_client_id": TELEGRAM_ID,
            "telegram_client_secret": TELEGRAM_SECRET,
            "telegram_login_issuer": f"{self.url}/telegram",
            "facebook_client_id": FACEBOOK_ID,
            "facebook_client_secret": FACEBOOK_SECRET,
            "facebook_dialog_url": self.url,
            "facebook_graph_url": self.url,
        }

    def rotate_signing_key(self) -> None:
        """Use a new signing key."""
        self._key_number += 1
        self._key = _signing_key(self._key_number)

    def _app(self) -> FastAPI:
        app = FastAPI()

        @app.middleware("http")
        async def watch(request: Request, call_next: Any) -> Response:
            name = request.url.path.rsplit("/", 1)[-1]
            self.calls.append(name)
            if self.broken == name:
                return Response("<html>maintenance</html>", media_type="text/html")
            if self.broken == f"{name}-500":
                return Response("down", 500)
            response: Response = await call_next(request)
            return response

        @app.get("/.well-known/openid-configuration")
        @app.get("/telegram/.well-known/openid-configuration")
        async def discovery(request: Request) -> JSONResponse:
            issuer = str(request.url).removesuffix("/.well-known/openid-configuration")
            document: dict[str, Any] = {
                "issuer": issuer,
                "authorization_endpoint": f"{issuer}/oauth/authorize",
                "token_endpoint": f"{issuer}/oauth/token",
                "jwks_uri": f"{self.url}/.well-known/jwks.json",
                # Kakao lists only RS256; a longer list must not weaken the check.
                "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            }
            if self.pkce:
                document["code_challenge_methods_supported"] = ["S256"]
            return JSONResponse(document)

        @app.get("/.well-known/jwks.json")
        async def keys() -> JSONResponse:
            return JSONResponse({"keys": [self._key.as_dict(private=False)]})

        @app.get("/oauth/authorize")
        @app.get("/telegram/oauth/authorize")
        @app.get(f"/{VERSION}/dialog/oauth")
        async def authorize(request: Request) -> Response:
            requested = dict(request.query_params)
            self.authorization_requests.append(requested)
            path = request.url.path
            client, name = {
                "/oauth/authorize": (KAKAO_ID, "kakao"),
                "/telegram/oauth/authorize": (TELEGRAM_ID, "telegram"),
            }.get(path, (FACEBOOK_ID, "facebook"))
            if requested.get("client_id") != client or requested.get("response_type") != "code":
                raise HTTPException(400)
            # Only the registered address, without a query.
            redirect_uri = urlsplit(requested.get("redirect_uri", ""))
            if redirect_uri.path != f"/login/{name}/back" or redirect_uri.query or not requested.get("state"):
                raise HTTPException(400)
            if self.denies:
                return self._callback_redirect(requested, error="access_denied", error_description="User denied access")
            code = secrets.token_urlsafe(16)
            self._codes[code] = requested
            return self._callback_redirect(requested, code=code)

        @app.post("/oauth/token")
        async def token(request: Request) -> JSONResponse:
            if request.headers["content-type"].partition(";")[0] != "application/x-www-form-urlencoded":
                raise HTTPException(415)
            requested = self._redeem_code(dict(await request.form()), KAKAO_ID, KAKAO_SECRET)
            if requested is None:
                return JSONResponse({"error": "invalid_grant", "error_code": "KOE320"}, 400)
            answer = {
                "token_type": "bearer",
                "access_token": "kakao-access-token",
                "expires_in": 21599,
                "refresh_token": "kakao-refresh-token",
                "refresh_token_expires_in": 5184000,
                "scope": requested.get("scope", "").replace(",", " "),
            }
            # The scope of the request is separated by commas.
            if "openid" in requested.get("scope", "").split(","):
                answer["id_token"] = self._id_token(requested)
            return JSONResponse(answer)

        @app.post("/telegram/oauth/token")
        async def telegram_token(request: Request) -> JSONResponse:
            basic = base64.b64encode(f"{TELEGRAM_ID}:{TELEGRAM_SECRET}".encode()).decode()
            form = {**(await request.form()), "client_secret": TELEGRAM_SECRET}
            requested = self._redeem_code(form, TELEGRAM_ID, TELEGRAM_SECRET)
            if requested is None or request.headers.get("authorization") != f"Basic {basic}":
                return JSONResponse({"error": "invalid_client"}, 401)
            true = {"iss": f"{self.url}/telegram", "aud": TELEGRAM_ID, "sub": "opaque-0815", "id": int(self.user_id)}
            token = self._id_token(requested, **true)
            return JSONResponse(
                {"access_token": "telegram-access-token", "token_type": "Bearer", "expires_in": 3600, "id_token": token}
            )

        @app.get(f"/{VERSION}/oauth/access_token")
        async def access_token(request: Request) -> JSONResponse:
            if self._redeem_code(dict(request.query_params), FACEBOOK_ID, FACEBOOK_SECRET) is None:
                return JSONResponse({"error": {"message": "no", "type": "OAuthException", "code": 100}}, 400)
            return JSONResponse({"access_token": "fb-access-token", "token_type": "bearer", "expires_in": 5183000})

        @app.get(f"/{VERSION}/me")
        async def me(request: Request) -> JSONResponse:
            if request.headers.get("authorization") != "Bearer fb-access-token":
                raise HTTPException(401)
            return JSONResponse(dict.fromkeys(request.query_params.get("fields", "").split(","), self.user_id))

        return app

    def _callback_redirect(self, requested: dict[str, str], **more: str) -> Response:
        return RedirectResponse(f"{requested['redirect_uri']}?{urlencode({**more, 'state': requested['state']})}", 302)

    def _redeem_code(self, form: dict[str, Any], client: str, secret: str) -> dict[str, str] | None:
        requested = self._codes.pop(form.get("code", ""), None)
        if requested is None or form.get("client_id") != client or form.get("client_secret") != secret:
            return None
        if form.get("redirect_uri") != requested["redirect_uri"] or form.get("grant_type") != "authorization_code":
            return None
        if "code_challenge" in requested:
            digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            if _base64url(digest) != requested["code_challenge"] or requested["code_challenge_method"] != "S256":
                return None
        return requested

    def _id_token(self, requested: dict[str, str], **true: Any) -> str:
        now = int(time.time())
        common = {"iat": now, "exp": now + 3600, "auth_time": now, "nonce": requested.get("nonce")}
        kakao = {"iss": self.url, "aud": KAKAO_ID, "sub": self.user_id}
        claims = {**common, **(true or kakao), **self.claims}
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.alg in {"RS256", "other-key"}:
            key = self._key if self.alg == "RS256" else _signing_key(0)
            return jwt.encode({"alg": "RS256", "kid": self._key.kid, "typ": "JWT"}, claims, key)
        head = _base64url(json.dumps({"alg": self.alg, "kid": self._key.kid}).encode())
        body = f"{head}.{_base64url(json.dumps(claims).encode())}"
        signature = b"" if self.alg == "none" else hmac.digest(self._key.as_pem(private=False), body.encode(), "sha256")
        return f"{body}.{_base64url(signature)}"


@cache
def _signing_key(number: int) -> RSAKey:
    """One of a few keys, since it takes 0.1 s to generate one."""
    return RSAKey.generate_key(2048, {"kid": f"key {number}", "use": "sig", "alg": "RS256"})


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
