"""Fetch photos by their URLs without server-side request forgery (SSRF).

The URL in a skill request is untrusted, so every step is checked, also after every redirect:

    URL        allowed host, http or https, no user name, default port of the scheme
    host       resolved once, without private addresses; the connection uses the checked address, so that the name
               cannot be resolved to another machine afterward (DNS rebinding)
    response   limited in bytes and seconds; an image by its first bytes; the content type is ignored

In development, private addresses and other ports are accepted for allowed hosts.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx

from bot.kakao.public_address import is_public_address
from core.errors import (
    ForbiddenUrlError,
    NotAnImageError,
    PhotoTooLargeError,
    RemotePhotoGoneError,
    RemotePhotoUnavailableError,
)
from core.images.decoding import MAX_BYTES
from core.images.formats import detect_format
from core.settings import Environment, Settings

FETCH_TIMEOUT = 5.0
"""Seconds for one photo, including redirects."""
MAX_REDIRECTS = 3
DEFAULT_PORTS = {"http": 80, "https": 443}
REDIRECT_STATUSES = {301, 302, 303, 307, 308}
PASSING_STATUSES = {408, 425, 429}
"""Refusals below 500 that a later attempt may not meet."""


async def resolve_host(host: str, port: int) -> list[str]:
    """The distinct IP addresses of a host.

    Raises:
        OSError: the host has none.
    """
    addresses = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in addresses))


class SafePhotoFetcher:
    """Fetches photos, any number at a time."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        settings: Settings,
        *,
        resolve: Callable[[str, int], Awaitable[list[str]]] = resolve_host,
        max_bytes: int = MAX_BYTES,
        timeout: float = FETCH_TIMEOUT,
    ) -> None:
        """Create a fetcher.

        Args:
            client: opens the connections, without redirects, cookies and proxies of its own; the caller closes it.
            settings: the allowed hosts and the environment.
            resolve: returns the IP addresses of a host.
            max_bytes: limit for one photo.
            timeout: seconds for one photo.
        """
        self._client, self._resolve = client, resolve
        self._allowed_hosts = settings.kakao_image_hosts
        self._is_development = settings.env is Environment.DEVELOPMENT
        self._max_bytes, self._timeout = max_bytes, timeout

    async def fetch_photo(self, url: str) -> bytes:
        """Fetch one photo.

        Raises:
            ForbiddenUrlError: the URL or a redirect is not allowed.
            RemotePhotoGoneError: there is no image at the URL (any more).
            RemotePhotoUnavailableError: the host failed or did not answer in time.
            PhotoTooLargeError: the photo exceeds the limit.
            NotAnImageError: the bytes are not an image.
        """
        try:
            async with asyncio.timeout(self._timeout):
                for _ in range(1 + MAX_REDIRECTS):
                    photo_or_location = await self._fetch_or_redirect(url)
                    if isinstance(photo_or_location, bytes):
                        return photo_or_location
                    url = _resolve_location(url, photo_or_location)
        except TimeoutError as error:
            raise RemotePhotoUnavailableError("too slow") from error
        except httpx.TransportError as error:
            raise RemotePhotoUnavailableError(type(error).__name__) from error
        raise ForbiddenUrlError("too many redirects")

    async def _fetch_or_redirect(self, url: str) -> bytes | str:
        """The image at a URL, or the location that it redirects to."""
        parts = parse_allowed_url(url, self._allowed_hosts)
        if parts is None:
            raise ForbiddenUrlError("host not allowed")
        request = self._build_request(parts, await self._resolve_address(parts))
        response = await self._client.send(request, stream=True, follow_redirects=False)
        try:
            if response.status_code in REDIRECT_STATUSES and "location" in response.headers:
                return response.headers["location"]
            if response.status_code >= 500 or response.status_code in PASSING_STATUSES:
                raise RemotePhotoUnavailableError(f"status {response.status_code}")
            if response.status_code != 200:
                raise RemotePhotoGoneError(f"status {response.status_code}")
            return await self._read_photo(response)
        finally:
            await response.aclose()

    async def _resolve_address(self, parts: SplitResult) -> str:
        """The IP address to connect to."""
        host, default_port = (parts.hostname or "").rstrip("."), DEFAULT_PORTS[parts.scheme]
        if parts.port not in {None, default_port} and not self._is_development:
            raise ForbiddenUrlError("port not allowed")
        try:
            addresses = await self._resolve(host, parts.port or default_port)
        except (OSError, UnicodeError) as error:
            raise RemotePhotoUnavailableError("no such host") from error
        if not addresses:
            raise RemotePhotoUnavailableError("no such host")
        if not self._is_development and not all(is_public_address(address) for address in addresses):
            raise ForbiddenUrlError("private address")
        return addresses[0]

    def _build_request(self, parts: SplitResult, address: str) -> httpx.Request:
        """A request to an IP address, with the host name in the Host header and in TLS (SNI)."""
        host = (parts.hostname or "").rstrip(".")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            url = httpx.URL(f"{parts.scheme}://{host}{path}").copy_with(host=address, port=parts.port)
            return self._client.build_request(
                "GET",
                url,
                headers={"host": parts.netloc, "accept": "image/*", "accept-encoding": "identity"},
                extensions={"sni_hostname": host},
            )
        except (httpx.InvalidURL, UnicodeError) as error:
            raise ForbiddenUrlError("malformed URL") from error

    async def _read_photo(self, response: httpx.Response) -> bytes:
        data = bytearray()
        # Raw bytes: a decompressed response could exceed the limit.
        async for chunk in response.aiter_raw():
            data += chunk
            if len(data) > self._max_bytes:
                raise PhotoTooLargeError(f"over {self._max_bytes} bytes")
        if detect_format(bytes(data)) is None:
            raise NotAnImageError(f"{len(data)} bytes")
        return bytes(data)


def _resolve_location(url: str, location: str) -> str:
    """The URL that a redirect leads to.

    Raises:
        ForbiddenUrlError: it is none.
    """
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise ForbiddenUrlError("malformed URL") from error


def parse_allowed_url(url: str, allowed_hosts: Sequence[str]) -> SplitResult | None:
    """The parts of an http or https URL without a user name whose host is allowed; None for any other text.

    Args:
        url: any text.
        allowed_hosts: host names in lower case; `.example.com` stands for every host under it.
    """
    try:
        parts = urlsplit(url)
        host, _ = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not host or "@" in parts.netloc or "\\" in parts.netloc:
        return None
    is_allowed = any(
        host.endswith(allowed) if allowed.startswith(".") else host == allowed for allowed in allowed_hosts
    )
    return parts if is_allowed else None
