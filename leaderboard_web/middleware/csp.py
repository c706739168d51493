"""The headers that every answer carries: what a browser may load, run and tell others."""

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
    return "; ".join(f"{what} {where}" for what, where in policy.items())


SECURITY_HEADERS = {
    CSP_HEADER: _format_policy(DEFAULT_CSP),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), microphone=(), payment=()",
}


class SecurityHeadersMiddleware:
    """ASGI middleware that gives every answer, errors too, those of SECURITY_HEADERS that it does not set itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and the answer back with its headers."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def extend_csp(response: Response, sources: Mapping[str, Iterable[str]], *, allow_popups: bool = False) -> None:
    """Let one page load from, or be framed by, more places than the rest of the site; can be called again for others.

    Args:
        response: the page.
        sources: places by directive, e.g. `{"script-src": ["https://telegram.org"]}`.
        popups: whether windows that the page opens on other sites may talk back to it.
    """
    given = response.headers.get(CSP_HEADER, SECURITY_HEADERS[CSP_HEADER])
    policy = dict(each.split(" ", 1) for each in given.split("; "))
    for directive, places in sources.items():
        known = [] if (old := policy.get(directive, "'none'")) == "'none'" else old.split()
        if wanted := [*known, *(place for place in places if place not in known)]:
            policy[directive] = " ".join(wanted)
    response.headers[CSP_HEADER] = _format_policy(policy)
    if allow_popups:
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin-allow-popups"
