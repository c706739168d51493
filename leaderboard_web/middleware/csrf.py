"""No other site may send a form in a visitor's name: unsafe requests must come from a page of ours.

Browsers say where a request comes from in Sec-Fetch-Site (Fetch Metadata), older ones in Origin alone. What sends
neither is no browser (a messenger, curl), carries nobody's cookies, and passes.
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from core.i18n.translations import translate
from leaderboard_web.errors import error_response
from leaderboard_web.templating import request_language

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
"""Methods that change nothing."""
TRUSTED_FETCH_SITES = {"same-origin", "none"}
"""`none`: the person did it in the browser itself, without any page."""


class FetchMetadataMiddleware:
    """ASGI middleware that refuses unsafe requests from other sites with 403."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "http" and scope["method"] not in SAFE_METHODS and not is_same_origin(Headers(scope=scope)):
            request = Request(scope)
            answer = error_response(request, 403, "CrossSite", translate("page.elsewhere", request_language(request)))
            await answer(scope, receive, send)
            return
        await self.app(scope, receive, send)


def is_same_origin(headers: Headers) -> bool:
    """Whether a request with these headers comes from a page of ours, or from no browser."""
    if (site := headers.get("sec-fetch-site")) is not None:
        return site in TRUSTED_FETCH_SITES
    if (origin := headers.get("origin")) is not None:
        return bool(netloc := urlsplit(origin).netloc) and netloc == headers.get("host")
    return True
