"""Security headers of all responses: Content-Security-Policy and what browsers may tell other sites."""

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
    "connect-src": "'self'",
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


class SecurityHeadersMiddleware:
    """ASGI middleware that adds the `SECURITY_HEADERS` that a response does not set itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and add the headers to its response."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


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
