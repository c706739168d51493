"""How answers travel: HEAD answered as GET without its body, and text made small.

Compression tells an attacker something only if an answer holds both a secret and words of theirs, and can be asked for
again and again in a victim's name (BREACH). The cookies are SameSite=Lax: what other sites ask for is asked by nobody.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from isal import isal_zlib
from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipMiddleware, GZipResponder

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Compression", "HeadAsGet"]

PACKED = (".jpg", ".png", ".webp", ".zip")
SMALLEST = 600
"""Bytes from which it is worth the while."""
LEVEL = 2
"""Of 3 that ISA-L has: a seventh of zlib's work for a tenth more bytes."""


class HeadAsGet:
    """ASGI middleware: what can be got can be asked about, as those do who show previews of links."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass HEAD on as GET, and the answer back without its body."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self.app({**scope, "method": "GET"}, receive, send_head)


class _Compressed(GZipResponder):
    """Starlette's, with a faster library: for a page of 20 KB zlib takes longer than the database."""

    @cached_property
    def compressor(self) -> Any:
        """What makes one answer small."""
        return isal_zlib.compressobj(LEVEL, isal_zlib.DEFLATED, 16 + isal_zlib.MAX_WBITS)


class Compression(GZipMiddleware):
    """Starlette's, but for pictures and zips, which are as small as they get."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app, minimum_size=SMALLEST)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and the answer back in fewer bytes where the browser understands that."""
        if scope["type"] == "http" and scope["path"].endswith(PACKED):
            await self.app(scope, receive, send)
        elif scope["type"] == "http" and "gzip" in Headers(scope=scope).get("accept-encoding", ""):
            await _Compressed(self.app, SMALLEST)(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)
