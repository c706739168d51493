"""Protection against cross-site request forgery by Fetch Metadata (https://www.w3.org/TR/fetch-metadata/).

Browsers say in Sec-Fetch-Site where a request comes from, older ones only in Origin, which must then have the scheme,
host and port of the site. A client that sends neither is not a browser (a messenger, curl), has no cookies of a
visitor, and passes.

See ADR 0011.
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from leaderboard_web.errors import LocalizedHTTPError

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
"""Methods that change nothing (RFC 9110, section 9.2.1)."""
TRUSTED_FETCH_SITES = {"same-origin", "none"}
"""`none`: the user caused the request in the browser itself, not a page."""
DEFAULT_PORTS = {"http": 80, "https": 443}


class FetchMetadataMiddleware:
    """ASGI middleware, for unsafe methods, that refuses requests from pages of other sites."""

    def __init__(self, app: ASGIApp, *, public_url: str | None = None) -> None:
        """Wrap an application; `public_url` is where people find it, if that is configured."""
        self.app, self._public_url = app, public_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on.

        Raises:
            LocalizedHTTPError: 403, it comes from another site.
        """
        if not is_same_origin(scope, self._public_url):
            raise LocalizedHTTPError(403, "CrossSite", "page.elsewhere")
        await self.app(scope, receive, send)


def is_same_origin(scope: Scope, public_url: str | None) -> bool:
    """Whether a request comes from a page of this site, or not from a browser.

    Args:
        scope: of the request.
        public_url: where people find the site; it counts besides the address that the request was sent to, because a
            proxy in front may speak http.
    """
    headers = Headers(scope=scope)
    if (site := headers.get("sec-fetch-site")) is not None:
        return site in TRUSTED_FETCH_SITES
    if (origin := headers.get("origin")) is not None:
        addresses = [f"{scope['scheme']}://{headers.get('host', '')}", *([public_url] if public_url else [])]
        return (ours := _origin(origin)) is not None and ours in map(_origin, addresses)
    return True


def _origin(url: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of a URL; None if it has no host, or a user, which an origin never has (RFC 6454)."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    return parts.scheme, parts.hostname, DEFAULT_PORTS[parts.scheme] if port is None else port
