"""No other site may send a form in a visitor's name: unsafe requests must come from a page of ours.

Browsers say where a request comes from in Sec-Fetch-Site (Fetch Metadata), older ones in Origin alone. What sends
neither is no browser (a messenger, curl), carries nobody's cookies, and passes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request

from bot.texts import text
from leaderboard_web.errors import refuse
from leaderboard_web.pages import language_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["SAFE", "SameOrigin", "is_ours"]

SAFE = {"GET", "HEAD", "OPTIONS"}
"""Methods that change nothing."""
OURS = {"same-origin", "none"}
"""`none`: the person did it in the browser itself, without any page."""


class SameOrigin:
    """ASGI middleware that refuses unsafe requests from other sites with 403."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "http" and scope["method"] not in SAFE and not is_ours(Headers(scope=scope)):
            request = Request(scope)
            answer = refuse(request, 403, "CrossSite", text("page.elsewhere", language_of(request)))
            await answer(scope, receive, send)
            return
        await self.app(scope, receive, send)


def is_ours(headers: Headers) -> bool:
    """Whether a request with these headers comes from a page of ours, or from no browser."""
    if (site := headers.get("sec-fetch-site")) is not None:
        return site in OURS
    if (origin := headers.get("origin")) is not None:
        return bool(netloc := urlsplit(origin).netloc) and netloc == headers.get("host")
    return True
