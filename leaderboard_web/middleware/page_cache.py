"""In-memory cache of public pages for visitors without any cookie.

A hit is exactly what the application answers to the same request: the key holds everything such a page depends on, and
requests that carry a cookie or credentials never reach the cache. A page is collected as a whole by a task of its own
before any client waits for it to be sent, so a slow client does not delay others.
"""

import asyncio
import re
import time
from collections.abc import Hashable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.i18n.translations import negotiate_language
from leaderboard_web.language import is_kakaotalk_crawler

CACHEABLE_PATHS = re.compile(r"/|/(?:looks|people|styles)/[^.]*")
"""Paths of pages that show what people shared, without their images."""
MAX_PAGES = 256
"""Maximum number of cached pages, some 20 kB each."""


class AnonymousPageCache:
    """ASGI middleware that answers anonymous requests with a page that is at most `ttl` seconds old."""

    def __init__(self, app: ASGIApp, *, ttl: float) -> None:
        self.app, self._ttl = app, ttl
        self._pages: dict[Hashable, tuple[float, asyncio.Task[list[Message] | None]]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from the cache where that is allowed, else pass the request on."""
        key = _cache_key(scope)
        messages = None if key is None else await self._get(key, scope)
        if messages is None:
            await self.app(scope, receive, send)
            return
        for message in messages:
            # Copied, because middleware further out changes messages in place.
            await send({name: list(value) if name == "headers" else value for name, value in message.items()})

    async def _get(self, key: Hashable, scope: Scope) -> list[Message] | None:
        until, page = self._pages.get(key, (0.0, None))
        if page is None or until < time.monotonic():
            page = asyncio.create_task(self._collect(dict(scope)))
            self._pages.pop(key, None)
            self._pages[key] = time.monotonic() + self._ttl, page
            if len(self._pages) > MAX_PAGES:
                del self._pages[next(iter(self._pages))]
        return await asyncio.shield(page)

    async def _collect(self, scope: Scope) -> list[Message] | None:
        """The messages of the answer; None if it is not a page that everybody gets."""
        messages: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            messages.append(message)

        try:
            await self.app(scope, receive, send)
        except Exception:  # noqa: BLE001 the request is passed on and meets the fault itself
            return None
        is_page = bool(messages) and messages[0].get("status") == 200
        return messages if is_page and "set-cookie" not in Headers(raw=messages[0]["headers"]) else None


def _cache_key(scope: Scope) -> Hashable | None:
    """Everything that an anonymous page depends on; None for all other requests."""
    method = scope.get("method")
    if method not in {"GET", "HEAD"} or not CACHEABLE_PATHS.fullmatch(scope["path"]):
        return None
    headers = Headers(scope=scope)
    if "cookie" in headers or "authorization" in headers or is_kakaotalk_crawler(headers):
        return None
    target = method, scope["scheme"], headers.get("host"), scope["path"], scope["query_string"]
    return *target, negotiate_language(headers.get("accept-language")), headers.get("accept") == "application/json"
