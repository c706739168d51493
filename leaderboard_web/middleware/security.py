"""What protects every request and response: the check of the host, and the security headers.

The site answers under the host name of EVA_PUBLIC_URL, and under those of this machine. Without EVA_PUBLIC_URL every
well-formed host is accepted, because the site may be opened under any address then.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from urllib.parse import urlsplit

from fastapi import Request, Response
from fastapi.middleware import Middleware
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.i18n.translations import translate
from leaderboard_web.errors import LocalizedHTTPError, error_response
from leaderboard_web.middleware.csrf import SAFE_METHODS
from leaderboard_web.viewer import request_language

CSP_HEADER = "Content-Security-Policy"

DEFAULT_CSP = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "worker-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def _format_policy(policy: Mapping[str, str]) -> str:
    return "; ".join(f"{directive} {sources}" for directive, sources in policy.items())


SECURITY_HEADERS = {
    CSP_HEADER: _format_policy(DEFAULT_CSP),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), microphone=(), payment=()",
}
HTTPS_HEADERS = {"Strict-Transport-Security": "max-age=31536000"}
"""Where people reach the site over https: browsers use no other scheme for a year."""
SET_COOKIE = b"set-cookie"
HOST_HEADER = re.compile(r"([a-z0-9_](?:[a-z0-9._-]{0,252})|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?")
"""A Host header in small letters: a name or an address, and a port."""
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""Hosts that only lead to the machine of the browser itself."""


class SecurityHeadersMiddleware:
    """ASGI middleware that adds missing security headers to responses, and `Secure` to their cookies."""

    def __init__(self, app: ASGIApp, *, is_https: bool) -> None:
        """Wrap an application; `is_https` says whether people reach it over https, also where a proxy speaks http."""
        self.app, self._is_https = app, is_https
        self._headers = [
            (name.lower().encode(), value.encode()) for name, value in security_headers(is_https=is_https).items()
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and add the headers to its response."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name for name, _ in message["headers"]}
                message["headers"].extend(header for header in self._headers if header[0] not in present)
                if self._is_https or scope["scheme"] == "https":
                    message["headers"] = [_secure_cookie(name, value) for name, value in message["headers"]]
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


class HostCheckMiddleware:
    """ASGI middleware that refuses requests for another host, and sends unsafe methods through further middleware."""

    def __init__(self, app: ASGIApp, *, public_url: str | None, unsafe_methods: Sequence[Middleware] = ()) -> None:
        """Wrap an application.

        Args:
            app: receives the requests.
            public_url: names the host; None allows every host.
            unsafe_methods: middleware for requests that change something, the outermost first.
        """
        self._app = self._protected_app = app
        for layer in reversed(unsafe_methods):
            self._protected_app = layer.cls(self._protected_app, *layer.args, **layer.kwargs)
        self._allowed = None
        if public_url is not None:
            match = HOST_HEADER.fullmatch(urlsplit(public_url).netloc.rpartition("@")[2].lower())
            self._allowed = LOCAL_HOSTS | ({match[1].removesuffix(".")} if match else set())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on.

        Raises:
            LocalizedHTTPError: 421, the Host header is missing, malformed, sent twice, or names another host.
        """
        app = self._app
        if scope["type"] == "http":
            values = Headers(scope=scope).getlist("host")
            match = HOST_HEADER.fullmatch(values[0].lower()) if len(values) == 1 else None
            if match is None or (self._allowed is not None and match[1].removesuffix(".") not in self._allowed):
                raise LocalizedHTTPError(421, "WrongHost", "page.wrong_host")
            if scope["method"] not in SAFE_METHODS:
                app = self._protected_app
        await app(scope, receive, send)


def security_headers(*, is_https: bool) -> Mapping[str, str]:
    """The headers of a response; `is_https` says whether people reach the site over https."""
    return SECURITY_HEADERS | (HTTPS_HEADERS if is_https else {})


def _secure_cookie(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """A header of a response; a cookie gets the attribute `Secure`."""
    if name != SET_COOKIE or b"secure" in (part.strip().lower() for part in value.split(b";")[1:]):
        return name, value
    return name, value + b"; Secure"


def extend_csp(response: Response, sources: Mapping[str, Iterable[str]], *, allow_popups: bool = False) -> None:
    """Allow one page further sources; repeated calls add up.

    Args:
        response: the page.
        sources: sources by directive, e.g. `{"script-src": ["https://telegram.org"]}`.
        allow_popups: whether windows of other sites that the page opens may talk back to it.
    """
    policy_text = response.headers.get(CSP_HEADER, SECURITY_HEADERS[CSP_HEADER])
    policy = dict(directive.split(" ", 1) for directive in policy_text.split("; "))
    for directive, added in sources.items():
        present = [] if (value := policy.get(directive, "'none'")) == "'none'" else value.split()
        if merged := [*present, *(source for source in added if source not in present)]:
            policy[directive] = " ".join(merged)
    response.headers[CSP_HEADER] = _format_policy(policy)
    if allow_popups:
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin-allow-popups"


async def handle_bug(request: Request, error: Exception) -> Response:
    """Respond to an unexpected error, which Starlette raises again afterward for the server's log."""
    message = translate("page.trouble", request_language(request))
    # Starlette handles unexpected errors outside of all middleware.
    headers = security_headers(is_https=request.app.state.eva.settings.is_https)
    return await error_response(request, HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError", message, headers=headers)
