"""The host names under which the site answers: that of EVA_PUBLIC_URL, and those of this machine.

Without EVA_PUBLIC_URL every well-formed host is accepted, because the site may be opened under any address then.
"""

import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from leaderboard_web.errors import LocalizedHTTPError

HOST_HEADER = re.compile(r"([a-z0-9_](?:[a-z0-9._-]{0,252})|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?")
"""A Host header in small letters: a name or an address, and a port."""
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""Hosts that only lead to the machine of the browser itself."""


class AllowedHostsMiddleware:
    """ASGI middleware that refuses requests for another host than the site's."""

    def __init__(self, app: ASGIApp, *, public_url: str | None) -> None:
        """Wrap an application.

        Args:
            app: receives the requests.
            public_url: names the host; None allows every host.
        """
        self.app = app
        self._allowed = None
        if public_url is not None:
            self._allowed = LOCAL_HOSTS | {host_name(urlsplit(public_url).netloc.rpartition("@")[2])}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on.

        Raises:
            LocalizedHTTPError: 421, the Host header is missing, malformed, sent twice, or names another host.
        """
        if scope["type"] == "http":
            values = Headers(scope=scope).getlist("host")
            host = host_name(values[0]) if len(values) == 1 else None
            if host is None or (self._allowed is not None and host not in self._allowed):
                raise LocalizedHTTPError(421, "WrongHost", "page.wrong_host")
        await self.app(scope, receive, send)


def host_name(header: str) -> str | None:
    """The host of a Host header, in small letters and without the port; None if it is malformed."""
    match = HOST_HEADER.fullmatch(header.lower())
    return None if match is None else match[1].removesuffix(".")
