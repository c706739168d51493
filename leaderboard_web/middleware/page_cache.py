"""In-memory cache of public pages for visitors without any cookie.

The key holds everything such a page depends on; requests with a cookie or credentials bypass the cache. A task of its
own collects the whole page before any client waits for it to be sent, so a slow client does not delay others.

See ADR 0015.
"""

import asyncio
import re
from collections.abc import Hashable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.i18n.translations import negotiate_language
from leaderboard_web.errors import accepts_json
from leaderboard_web.viewer import is_kakaotalk_crawler

CACHEABLE_PATHS = re.compile(r"/|/styles|/(?:looks|people|styles)/[^.]*")
"""Paths of pages that show what people shared, without their images."""
MAX_PAGES = 256  # some 20 kB each
MAX_KEY_LENGTH = 512
"""Characters of host, path and query; longer requests are answered without the cache, which would hold them."""


class AnonymousPageCache:
    """ASGI middleware that answers anonymous requests with a page that is at most `ttl` seconds old."""

    def __init__(self, app: ASGIApp, *, ttl: float) -> None:
        self.app, self._ttl = app, ttl
        self._pages: dict[Hashable, asyncio.Task[list[Message]]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from the cache where that is allowed, else pass the request on."""
        key = _cache_key(scope)
        if key is None:
            return await self.app(scope, receive, send)
        page = self._pages.get(key)
        if is_first := page is None:
            page = self._pages[key] = asyncio.create_task(self._collect(key, dict(scope)))
            # Also so that names of people do not stay in memory until the place is needed.
            asyncio.get_running_loop().call_later(self._ttl, self._discard, key, page)
            while len(self._pages) > MAX_PAGES:
                del self._pages[next(iter(self._pages))]
        messages = await asyncio.shield(page)
        if not is_first and not _is_shareable(messages):
            return await self.app(scope, receive, send)
        for message in messages:
            # Copied, because middleware further out changes messages in place.
            await send({name: list(value) if name == "headers" else value for name, value in message.items()})

    def _discard(self, key: Hashable, page: asyncio.Task[list[Message]]) -> None:
        """Remove a page, unless a newer one has taken its place."""
        if self._pages.get(key) is page:
            del self._pages[key]

    async def _collect(self, key: Hashable, scope: Scope) -> list[Message]:
        """The messages of a response, which stays in the cache only if others may get it, too."""
        messages: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            messages.append(message)

        try:
            await self.app(scope, receive, send)
        finally:
            if not _is_shareable(messages):
                self._pages.pop(key, None)
        return messages


def _is_shareable(messages: list[Message]) -> bool:
    return bool(messages) and messages[0]["status"] == 200 and "set-cookie" not in Headers(raw=messages[0]["headers"])


def _cache_key(scope: Scope) -> Hashable | None:
    """Everything that an anonymous page depends on; None for all other requests."""
    method = scope.get("method")
    if method not in {"GET", "HEAD"} or not CACHEABLE_PATHS.fullmatch(scope["path"]):
        return None
    headers = Headers(scope=scope)
    if "cookie" in headers or "authorization" in headers or is_kakaotalk_crawler(headers):
        return None
    url = scope["scheme"], headers.get("host", ""), scope["path"], scope["query_string"]
    if sum(map(len, url)) > MAX_KEY_LENGTH:
        return None
    return method, *url, negotiate_language(headers.get("accept-language")), accepts_json(headers)
