"""Fetches the photos that KakaoTalk names by their address, and nothing else.

An address in a call is an outsider's word, so every step is checked, again after every redirect:

    the address   on the list of hosts, http or https, no user name, the scheme's own port
    the host      looked up once, and none of its addresses private; the connection goes to the address that was
                  checked, so that a name cannot mean another machine a moment later
    the answer    at most so many bytes and seconds; a picture by its first bytes, whatever its type says

While developing, private addresses and other ports are allowed, for hosts on the list alone.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import httpx

from bot.kakao.hosts import split_allowed
from core.errors import AddressRefused, NotAnImage, PhotoTooLarge, PictureGone, PictureUnreachable
from core.formats import sniff
from core.photos import MAX_BYTES
from core.settings import Environment

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from urllib.parse import SplitResult

    from core.settings import Settings

__all__ = ["PictureFetcher", "look_up"]

WITHIN = 10.0
"""Seconds for one photo, redirects included."""
MOST_REDIRECTS = 3
PORTS = {"http": 80, "https": 443}
REDIRECTS = {301, 302, 303, 307, 308}


async def look_up(host: str, port: int) -> list[str]:
    """The IP addresses of a host.

    Raises:
        OSError: it has none.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class PictureFetcher:
    """Fetches photos, any number at once. Close the client, not this."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        settings: Settings,
        *,
        resolve: Callable[[str, int], Awaitable[list[str]]] = look_up,
        most_bytes: int = MAX_BYTES,
        within: float = WITHIN,
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
        self._hosts = settings.kakao_image_hosts
        self._developing = settings.env is Environment.DEVELOPMENT
        self._most_bytes, self._within = most_bytes, within

    async def fetch(self, url: str) -> bytes:
        """Fetch one photo.

        Raises:
            AddressRefused: the address, or one that it redirects to, may not be opened.
            PictureGone: there is no picture at the address (any more).
            PictureUnreachable: it did not come in time.
            PhotoTooLarge: it has too many bytes.
            NotAnImage: its bytes are no picture.
        """
        try:
            async with asyncio.timeout(self._within):
                for _ in range(1 + MOST_REDIRECTS):
                    found = await self._get(url)
                    if isinstance(found, bytes):
                        return found
                    url = urljoin(url, found)
        except TimeoutError as error:
            raise PictureUnreachable("too slow") from error
        except httpx.TransportError as error:
            raise PictureUnreachable(type(error).__name__) from error
        raise AddressRefused("too many redirects")

    async def _get(self, url: str) -> bytes | str:
        """The picture at an address, or the address that it redirects to."""
        parts = split_allowed(url, self._hosts)
        if parts is None:
            raise AddressRefused("not on the list")
        request = self._request(parts, await self._checked_address(parts))
        answer = await self._client.send(request, stream=True, follow_redirects=False)
        try:
            if answer.status_code in REDIRECTS and "location" in answer.headers:
                return answer.headers["location"]
            if answer.status_code >= 500:
                raise PictureUnreachable(f"status {answer.status_code}")
            if answer.status_code != 200:
                raise PictureGone(f"status {answer.status_code}")
            return await self._read(answer)
        finally:
            await answer.aclose()

    async def _checked_address(self, parts: SplitResult) -> str:
        """The IP address to connect to."""
        host, usual = (parts.hostname or "").rstrip("."), PORTS[parts.scheme]
        if parts.port not in {None, usual} and not self._developing:
            raise AddressRefused("another port")
        try:
            addresses = await self._resolve(host, parts.port or usual)
        except (OSError, UnicodeError) as error:
            raise PictureUnreachable("no such host") from error
        if not addresses:
            raise PictureUnreachable("no such host")
        if not self._developing and not all(_is_public(address) for address in addresses):
            raise AddressRefused("private")
        return addresses[0]

    def _request(self, parts: SplitResult, address: str) -> httpx.Request:
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
            raise AddressRefused("malformed") from error

    async def _read(self, answer: httpx.Response) -> bytes:
        data = bytearray()
        # Raw: a few compressed bytes must not unpack to more than was counted.
        async for chunk in answer.aiter_raw():
            data += chunk
            if len(data) > self._most_bytes:
                raise PhotoTooLarge(f"over {self._most_bytes} bytes")
        if sniff(bytes(data)) is None:
            raise NotAnImage(f"{len(data)} bytes")
        return bytes(data)


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)
    return ip.is_global and not ip.is_multicast and (mapped is None or mapped.is_global)
