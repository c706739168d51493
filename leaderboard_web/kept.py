"""Pages as everybody sees them who has no cookie, kept for a moment: a crowd costs as much as one reader a second.

A stranger's page depends on nothing but its address and the reader's language, so the next stranger gets the very same
bytes, at most `EVA_KEEP_PAGES` seconds old. Whoever ever did something has a cookie, and always sees the page as it is.
"""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from bot.texts import negotiate
from leaderboard_web.head import is_kakaotalk

if TYPE_CHECKING:
    from collections.abc import Hashable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Kept"]

PUBLIC = re.compile(r"/|/(?:looks|people|styles)/[^.]*")
"""The pages that show what people shared, but not their pictures."""
NOBODY = re.compile(r"(?:lang=[a-z]{2})?")
"""Cookies that say nothing about who it is."""
MOST = 256
"""Pages that are kept, some 20 kB each."""


@dataclass(slots=True, kw_only=True)
class _Page:
    """A page that is kept, or is being made while others wait for it."""

    until: float = float("inf")
    answer: asyncio.Future[list[Message] | None] = field(default_factory=asyncio.Future)
    """Its messages; None if it turned out to be none for everybody."""


class Kept:
    """ASGI middleware that answers strangers with what the last one got."""

    def __init__(self, app: ASGIApp, *, seconds: float) -> None:
        """Take the app, and for how long its pages may be kept, in seconds."""
        self.app, self._seconds = app, seconds
        self._pages: dict[Hashable, _Page] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a page that is kept, or pass the request on and keep the answer."""
        key = _key(scope) if self._seconds > 0 else None
        if key is None:
            await self.app(scope, receive, send)
            return
        page = self._pages.get(key)
        if page is None or page.until < time.monotonic():
            await self._make(key, scope, receive, send)
            return
        answer = await asyncio.shield(page.answer)
        if answer is None:
            await self.app(scope, receive, send)
            return
        for message in answer:
            await send(_copy(message))

    async def _make(self, key: Hashable, scope: Scope, receive: Receive, send: Send) -> None:
        page = self._pages[key] = _Page()
        messages: list[Message] = []

        async def send_and_keep(message: Message) -> None:
            messages.append(_copy(message))
            await send(message)

        try:
            await self.app(scope, receive, send_and_keep)
        finally:
            good = _for_everybody(messages)
            page.answer.set_result(messages if good else None)
            page.until = time.monotonic() + self._seconds
            if not good and self._pages.get(key) is page:
                del self._pages[key]
            while len(self._pages) > MOST:
                del self._pages[next(iter(self._pages))]


def _key(scope: Scope) -> Hashable | None:
    """What the page of a stranger depends on; None for all other requests."""
    if scope["type"] != "http" or scope["method"] != "GET" or not PUBLIC.fullmatch(scope["path"]):
        return None
    headers = Headers(scope=scope)
    cookie = headers.get("cookie", "")
    if not NOBODY.fullmatch(cookie) or "authorization" in headers or is_kakaotalk(headers):
        return None
    compressed = "gzip" in headers.get("accept-encoding", "")
    language = negotiate(headers.get("accept-language"))
    where = scope["scheme"], headers.get("host"), scope["path"], scope["query_string"]
    return *where, cookie, language, headers.get("accept") == "application/json", compressed


def _copy(message: Message) -> Message:
    """A message whose headers are its own: what stands outside of here may add to them."""
    return {**message, "headers": list(message["headers"])} if "headers" in message else message


def _for_everybody(messages: list[Message]) -> bool:
    """Whether an answer is whole, and a page that the next stranger may get, too."""
    if len(messages) < 2 or messages[0].get("status") != 200 or messages[-1].get("more_body", False):
        return False
    return not any(name.lower() == b"set-cookie" for name, _ in messages[0]["headers"])
