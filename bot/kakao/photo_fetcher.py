"""Fetches the photos that KakaoTalk names by their address, and nothing else.

An address in a call is an outsider's word, so every step is checked, again after every redirect:

    the address   on the list of hosts, http or https, no user name, the scheme's own port
    the host      looked up once, and none of its addresses private; the connection goes to the address that was
                  checked, so that a name cannot mean another machine a moment later
    the answer    at most so many bytes and seconds; a picture by its first bytes, whatever its type says

While developing, private addresses and other ports are allowed, for hosts on the list alone.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx

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

FETCH_TIMEOUT = 10.0
"""Seconds for one photo, redirects included."""
MAX_REDIRECTS = 3
DEFAULT_PORTS = {"http": 80, "https": 443}
REDIRECT_STATUSES = {301, 302, 303, 307, 308}


async def resolve_host(host: str, port: int) -> list[str]:
    """The IP addresses of a host.

    Raises:
        OSError: it has none.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class SafePhotoFetcher:
    """Fetches photos, any number at once. Close the client, not this."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        settings: Settings,
        *,
        resolve: Callable[[str, int], Awaitable[list[str]]] = resolve_host,
        max_bytes: int = MAX_BYTES,
        timeout: float = FETCH_TIMEOUT,
    ) -> None:
        """Prepare to fetch.

        Args:
            client: makes the connections; its own redirects, cookies and proxies are better left off.
            settings: the list of hosts, and whether this is development.
            resolve: looks up a host's addresses.
            most_bytes: the largest photo.
            within: seconds for one photo.
        """
        self._client, self._resolve = client, resolve
        self._allowed_hosts = settings.kakao_image_hosts
        self._is_development = settings.env is Environment.DEVELOPMENT
        self._max_bytes, self._timeout = max_bytes, timeout

    async def fetch_photo(self, url: str) -> bytes:
        """Fetch one photo.

        Raises:
            ForbiddenUrlError: the address, or one that it redirects to, may not be opened.
            RemotePhotoGoneError: there is no picture at the address (any more).
            RemotePhotoUnavailableError: it did not come in time.
            PhotoTooLargeError: it has too many bytes.
            NotAnImageError: its bytes are no picture.
        """
        try:
            async with asyncio.timeout(self._timeout):
                for _ in range(1 + MAX_REDIRECTS):
                    found = await self._fetch_or_redirect(url)
                    if isinstance(found, bytes):
                        return found
                    url = urljoin(url, found)
        except TimeoutError as error:
            raise RemotePhotoUnavailableError("too slow") from error
        except httpx.TransportError as error:
            raise RemotePhotoUnavailableError(type(error).__name__) from error
        raise ForbiddenUrlError("too many redirects")

    async def _fetch_or_redirect(self, url: str) -> bytes | str:
        """The picture at an address, or the address that it redirects to."""
        parts = parse_allowed_url(url, self._allowed_hosts)
        if parts is None:
            raise ForbiddenUrlError("not on the list")
        request = self._build_request(parts, await self._resolve_address(parts))
        answer = await self._client.send(request, stream=True, follow_redirects=False)
        try:
            if answer.status_code in REDIRECT_STATUSES and "location" in answer.headers:
                return answer.headers["location"]
            if answer.status_code >= 500:
                raise RemotePhotoUnavailableError(f"status {answer.status_code}")
            if answer.status_code != 200:
                raise RemotePhotoGoneError(f"status {answer.status_code}")
            return await self._read_photo(answer)
        finally:
            await answer.aclose()

    async def _resolve_address(self, parts: SplitResult) -> str:
        """The IP address to connect to."""
        host, usual = (parts.hostname or "").rstrip("."), DEFAULT_PORTS[parts.scheme]
        if parts.port not in {None, usual} and not self._is_development:
            raise ForbiddenUrlError("another port")
        try:
            addresses = await self._resolve(host, parts.port or usual)
        except (OSError, UnicodeError) as error:
            raise RemotePhotoUnavailableError("no such host") from error
        if not addresses:
            raise RemotePhotoUnavailableError("no such host")
        if not self._is_development and not all(_is_public(address) for address in addresses):
            raise ForbiddenUrlError("private")
        return addresses[0]

    def _build_request(self, parts: SplitResult, address: str) -> httpx.Request:
        """A request to an IP address that names the host, in its header and to TLS."""
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
            raise ForbiddenUrlError("malformed") from error

    async def _read_photo(self, response: httpx.Response) -> bytes:
        data = bytearray()
        # Raw: a few compressed bytes must not unpack to more than was counted.
        async for chunk in response.aiter_raw():
            data += chunk
            if len(data) > self._max_bytes:
                raise PhotoTooLargeError(f"over {self._max_bytes} bytes")
        if detect_format(bytes(data)) is None:
            raise NotAnImageError(f"{len(data)} bytes")
        return bytes(data)


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)
    return ip.is_global and not ip.is_multicast and (mapped is None or mapped.is_global)


def parse_allowed_url(url: str, allowed_hosts: Sequence[str]) -> SplitResult | None:
    """The parts of an address on the list, or None for every other address.

    Only http and https, without a user name; the host is compared after parsing, never by searching in the text.

    Args:
        url: any text.
        hosts: host names in lower case; `.example.com` stands for every host under it, `example.com` for itself.
    """
    try:
        parts = urlsplit(url)
        host, _ = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not host or "@" in parts.netloc or "\\" in parts.netloc:
        return None
    on_list = any(host.endswith(each) if each.startswith(".") else host == each for each in allowed_hosts)
    return parts if on_list else None
