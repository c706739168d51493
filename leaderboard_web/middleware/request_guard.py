"""What every request passes: the check of its host, and further middleware if it changes something.

The site answers under the host name of EVA_PUBLIC_URL, and under those of this machine. Without EVA_PUBLIC_URL every
well-formed host is accepted, because the site may be opened under any address then.
"""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from fastapi.middleware import Middleware
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from leaderboard_web.errors import LocalizedHTTPError
from leaderboard_web.middleware.csrf import SAFE_METHODS

HOST_HEADER = re.compile(r"([a-z0-9_](?:[a-z0-9._-]{0,252})|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?")
"""A Host header in small letters: a name or an address, and a port."""
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""Hosts that only lead to the machine of the browser itself."""


class RequestGuard:
    """ASGI middleware that refuses requests for another host, and sends unsafe methods through further middleware."""

    def __init__(self, app: ASGIApp, *, public_url: str | None, unsafe_methods: Sequence[Middleware] = ()) -> None:
        """Wrap an application.

        Args:
            app: receives the requests.
            public_url: names the host; None allows every host.
            unsafe_methods: middleware for requests that change something, the outermost first.
        """
        self._app = self._protected_app = app
        for layer in reversed(unsafe_methods):
            self._protected_app = layer.cls(self._protected_app, *layer.args, **layer.kwargs)
        self._allowed = None
        if public_url is not None:
            match = HOST_HEADER.fullmatch(urlsplit(public_url).netloc.rpartition("@")[2].lower())
            self._allowed = LOCAL_HOSTS | ({match[1].removesuffix(".")} if match else set())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on.

        Raises:
            LocalizedHTTPError: 421, the Host header is missing, malformed, sent twice, or names another host.
        """
        app = self._app
        if scope["type"] == "http":
            values = Headers(scope=scope).getlist("host")
            match = HOST_HEADER.fullmatch(values[0].lower()) if len(values) == 1 else None
            if match is None or (self._allowed is not None and match[1].removesuffix(".") not in self._allowed):
                raise LocalizedHTTPError(421, "WrongHost", "page.wrong_host")
            if scope["method"] not in SAFE_METHODS:
                app = self._protected_app
        await app(scope, receive, send)
