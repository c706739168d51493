"""Security headers of all responses: Content-Security-Policy, what browsers may tell other sites, and https alone."""

from collections.abc import Iterable, Mapping

from fastapi import Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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


class SecurityHeadersMiddleware:
    """ASGI middleware that adds missing security headers to responses, and `Secure` to their cookies."""

    def __init__(self, app: ASGIApp, *, is_https: bool) -> None:
        """Wrap an application; `is_https` says whether people reach it over https, also where a proxy speaks http."""
        self.app, self._is_https = app, is_https
        self._headers = security_headers(is_https=is_https)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and add the headers to its response."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                if self._is_https or scope["scheme"] == "https":
                    message["headers"] = [_secure_cookie(name, value) for name, value in message["headers"]]
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def security_headers(*, is_https: bool) -> Mapping[str, str]:
    """The headers of a response; `is_https` says whether people reach the site over https."""
    return SECURITY_HEADERS | (HTTPS_HEADERS if is_https else {})


def _secure_cookie(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """A header of a response; a cookie gets the attribute `Secure`."""
    if name.lower() != SET_COOKIE or b"secure" in (part.strip().lower() for part in value.split(b";")[1:]):
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
