"""Protection against cross-site request forgery by Fetch Metadata (https://www.w3.org/TR/fetch-metadata/).

Browsers say in Sec-Fetch-Site where a request comes from, older ones only in Origin. A client that sends neither is not
a browser (a messenger, curl), has no cookies of a visitor, and passes.
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from leaderboard_web.errors import LocalizedHTTPError

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
"""Methods that change nothing (RFC 9110, section 9.2.1)."""
TRUSTED_FETCH_SITES = {"same-origin", "none"}
"""`none`: the user caused the request in the browser itself, not a page."""


class FetchMetadataMiddleware:
    """ASGI middleware, for unsafe methods, that refuses requests from pages of other sites."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on.

        Raises:
            LocalizedHTTPError: 403, it comes from another site.
        """
        if not is_same_origin(Headers(scope=scope)):
            raise LocalizedHTTPError(403, "CrossSite", "page.elsewhere")
        await self.app(scope, receive, send)


def is_same_origin(headers: Headers) -> bool:
    """Whether a request with these headers comes from a page of this site, or not from a browser."""
    if (site := headers.get("sec-fetch-site")) is not None:
        return site in TRUSTED_FETCH_SITES
    if (origin := headers.get("origin")) is not None:
        return bool(netloc := urlsplit(origin).netloc) and netloc == headers.get("host")
    return True
