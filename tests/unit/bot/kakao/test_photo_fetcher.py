"""`SafePhotoFetcher` against local servers, some of them malicious."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from urllib.parse import quote

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.kakao.photo_fetcher import SafePhotoFetcher, resolve_host
from bot.testing.server import LocalServer
from core.errors import (
    EvaError,
    ForbiddenUrlError,
    NotAnImageError,
    PhotoTooLargeError,
    RemotePhotoGoneError,
    RemotePhotoUnavailableError,
)
from core.settings import Environment, Settings

JPEG = b"\xff\xd8\xff\xe0 a photo"
Resolver = Callable[[str, int], Awaitable[list[str]]]


class Cdn:
    """Serves a photo in correct and incorrect ways, and records the headers of each request."""

    def __init__(self) -> None:
        self.headers: list[dict[str, str]] = []
        self.app = Starlette(routes=[Route("/{name}", self._serve)])

    async def _serve(self, request: Request) -> Response:
        self.headers.append(dict(request.headers))
        target = request.query_params.get("to", "")
        responses: dict[str, Callable[[], Response]] = {
            "good.jpg": lambda: Response(JPEG, media_type="image/jpeg"),
            "named-text.jpg": lambda: Response(JPEG, media_type="text/html"),
            "page.jpg": lambda: Response("<html>login</html>", media_type="image/jpeg"),
            "empty.jpg": lambda: Response(b"", media_type="image/jpeg"),
            "zipped.jpg": lambda: Response(gzip.compress(JPEG), headers={"content-encoding": "gzip"}),
            "endless.jpg": lambda: StreamingResponse(self._endless(0.0)),
            "drip.jpg": lambda: StreamingResponse(self._endless(0.02)),
            "gone.jpg": lambda: Response(status_code=403),
            "busy.jpg": lambda: Response(status_code=429),
            "late.jpg": lambda: Response(status_code=408),
            "broken.jpg": lambda: Response(status_code=502),
            "failed.jpg": lambda: Response(status_code=500),
            "moved-nowhere.jpg": lambda: Response(status_code=302),
            "located.jpg": lambda: Response(JPEG, headers={"location": "http://evil.example/good.jpg"}),
            "moved.jpg": lambda: RedirectResponse("/good.jpg"),
            "circle.jpg": lambda: RedirectResponse("/circle.jpg"),
            "away.jpg": lambda: RedirectResponse(target),
        }
        return responses[request.path_params["name"]]()

    @staticmethod
    async def _endless(delay: float) -> AsyncIterator[bytes]:
        yield JPEG
        while True:
            yield b"x" if delay else b"x" * 65536
            await asyncio.sleep(delay)


@pytest.fixture
def cdn() -> Cdn:
    return Cdn()


@pytest.fixture
def server(cdn: Cdn) -> Iterator[LocalServer]:
    with LocalServer(cdn.app) as server:
        yield server


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        yield client


def resolve_to(*addresses: str) -> Resolver:
    """A resolver that returns these addresses for every host."""

    async def resolve(host: str, port: int) -> list[str]:
        return list(addresses)

    return resolve


def make_fetcher(
    client: httpx.AsyncClient,
    *,
    hosts: tuple[str, ...] = ("127.0.0.1", ".kakaocdn.net"),
    env: Environment = Environment.DEVELOPMENT,
    resolve: Resolver = resolve_host,
    timeout: float = 20.0,
) -> SafePhotoFetcher:
    settings = Settings(kakao_image_hosts=hosts, env=env)
    return SafePhotoFetcher(client, settings, resolve=resolve, max_bytes=1_000_000, timeout=timeout)


@pytest.mark.parametrize(
    "path",
    ["good.jpg", "named-text.jpg", "moved.jpg", "located.jpg", "good.jpg?credential=X&expires=1&signature=Y%2F"],
)
async def test_photo_is_fetched_regardless_of_its_content_type(
    client: httpx.AsyncClient, server: LocalServer, path: str
) -> None:
    assert await make_fetcher(client).fetch_photo(f"{server.url}/{path}") == JPEG


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("page.jpg", NotAnImageError),
        ("empty.jpg", NotAnImageError),
        ("zipped.jpg", NotAnImageError),
        ("endless.jpg", PhotoTooLargeError),
        ("gone.jpg", RemotePhotoGoneError),
        ("moved-nowhere.jpg", RemotePhotoGoneError),
        ("broken.jpg", RemotePhotoUnavailableError),
        ("failed.jpg", RemotePhotoUnavailableError),
        ("busy.jpg", RemotePhotoUnavailableError),
        ("late.jpg", RemotePhotoUnavailableError),
        ("circle.jpg", ForbiddenUrlError),
        ("away.jpg?to=http://evil.example/good.jpg", ForbiddenUrlError),
        ("away.jpg?to=http://127.0.0.2/good.jpg", ForbiddenUrlError),
        ("away.jpg?to=file:///etc/passwd", ForbiddenUrlError),
        ("away.jpg?to=//evil.example/good.jpg", ForbiddenUrlError),
    ],
)
async def test_every_other_response_raises_its_error(
    client: httpx.AsyncClient, server: LocalServer, path: str, error: type[EvaError]
) -> None:
    with pytest.raises(error):
        await make_fetcher(client).fetch_photo(f"{server.url}/{path}")


async def test_refused_responses_give_their_connections_back(server: LocalServer) -> None:
    async with httpx.AsyncClient(
        trust_env=False, limits=httpx.Limits(max_connections=1), timeout=httpx.Timeout(20, pool=0.5)
    ) as client:
        fetcher = make_fetcher(client)
        for path in ("gone.jpg", "broken.jpg", "endless.jpg", "away.jpg?to=http://evil.example/good.jpg"):
            with pytest.raises(EvaError):
                await fetcher.fetch_photo(f"{server.url}/{path}")
            assert await fetcher.fetch_photo(f"{server.url}/good.jpg") == JPEG, path


async def test_slow_photo_times_out(client: httpx.AsyncClient, server: LocalServer) -> None:
    with pytest.raises(RemotePhotoUnavailableError, match="slow"):
        await make_fetcher(client, timeout=0.5).fetch_photo(f"{server.url}/drip.jpg")


async def test_unreachable_or_unknown_host_is_unavailable(client: httpx.AsyncClient, server: LocalServer) -> None:
    server.__exit__(None, None, None)
    with pytest.raises(RemotePhotoUnavailableError):
        await make_fetcher(client, resolve=resolve_to("127.0.0.1")).fetch_photo("http://x.kakaocdn.net:1/good.jpg")

    async def fail_to_resolve(host: str, port: int) -> list[str]:
        raise OSError("no such host")

    with pytest.raises(RemotePhotoUnavailableError):
        await make_fetcher(client, resolve=fail_to_resolve).fetch_photo("http://x.kakaocdn.net/good.jpg")
    for url in ("http://a..kakaocdn.net/good.jpg", f"http://{'a' * 70}.kakaocdn.net/good.jpg"):
        with pytest.raises(RemotePhotoUnavailableError):
            await make_fetcher(client).fetch_photo(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://evil.example/good.jpg",
        "http://kakaocdn.net.evil.example/good.jpg",
        "http://evilkakaocdn.net/good.jpg",
        "http://kakaocdn.net/good.jpg",
        "http://x.kakaocdn.net@evil.example/good.jpg",
        "http://mina:secret@x.kakaocdn.net/good.jpg",
        "http://evil.example\\@x.kakaocdn.net/good.jpg",
        "http://evil.example#.kakaocdn.net/good.jpg",
        "http://evil.example?.kakaocdn.net/good.jpg",
        "ftp://x.kakaocdn.net/good.jpg",
        "//x.kakaocdn.net/good.jpg",
        "http:///good.jpg",
        "http://[x.kakaocdn.net/good.jpg",
        "http://x.kakaocdn.net:http/good.jpg",
        "http://0x7f000001/good.jpg",
        "good.jpg",
        "",
    ],
)
async def test_forbidden_url_is_not_resolved(client: httpx.AsyncClient, url: str) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        raise AssertionError(host)

    with pytest.raises(ForbiddenUrlError):
        await make_fetcher(client, resolve=resolve).fetch_photo(url)


PRIVATE_ADDRESSES = [
    "127.0.0.1",
    "169.254.169.254",
    "::1",
    "fe80::1%eth0",
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",
    "fec0::1",
]


@pytest.mark.parametrize("address", PRIVATE_ADDRESSES)
async def test_allowed_host_with_a_private_address_is_forbidden_in_production(
    client: httpx.AsyncClient, address: str
) -> None:
    for addresses in ([address], ["211.231.100.1", address]):
        production = make_fetcher(client, env=Environment.PRODUCTION, resolve=resolve_to(*addresses))
        with pytest.raises(ForbiddenUrlError, match="private"):
            await production.fetch_photo("http://talk.kakaocdn.net/good.jpg")


async def test_allowed_private_address_is_forbidden_in_production(
    client: httpx.AsyncClient, server: LocalServer
) -> None:
    with pytest.raises(ForbiddenUrlError, match="port"):
        await make_fetcher(client, env=Environment.PRODUCTION).fetch_photo(f"{server.url}/good.jpg")
    with pytest.raises(ForbiddenUrlError, match="private"):
        await make_fetcher(client, env=Environment.PRODUCTION).fetch_photo("http://127.0.0.1/good.jpg")


async def test_connection_uses_the_checked_address(client: httpx.AsyncClient, server: LocalServer, cdn: Cdn) -> None:
    resolved: list[str] = []

    async def rebinding(host: str, port: int) -> list[str]:
        resolved.append(host)
        return ["127.0.0.1"] if len(resolved) == 1 else ["192.0.2.1"]

    photo = await make_fetcher(client, resolve=rebinding).fetch_photo(
        f"http://talk.kakaocdn.net:{server.port}/good.jpg"
    )

    assert photo == JPEG
    assert resolved == ["talk.kakaocdn.net"]
    assert cdn.headers[0]["host"] == f"talk.kakaocdn.net:{server.port}"


@pytest.mark.parametrize("location", ["http://[", "http://[?"])
async def test_malformed_redirect_is_refused(client: httpx.AsyncClient, server: LocalServer, location: str) -> None:
    url = f"http://a.kakaocdn.net:{server.port}/away.jpg?to={quote(location)}"
    with pytest.raises(ForbiddenUrlError):
        await make_fetcher(client, resolve=resolve_to("127.0.0.1")).fetch_photo(url)


async def test_redirect_is_resolved_and_checked_again(client: httpx.AsyncClient, server: LocalServer) -> None:
    resolved: list[str] = []

    async def resolve(host: str, port: int) -> list[str]:
        resolved.append(host)
        return ["127.0.0.1"]

    url = f"http://a.kakaocdn.net:{server.port}/away.jpg?to=http://b.kakaocdn.net:{server.port}/good.jpg"

    assert await make_fetcher(client, resolve=resolve).fetch_photo(url) == JPEG
    assert resolved == ["a.kakaocdn.net", "b.kakaocdn.net"]
