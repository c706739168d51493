"""URLs of the site: paths of named routes, versioned static files, and URLs of images.

`static_url("base.css")` is `/static/<version>/base.css`, which browsers may cache for a year. Scripts import each other
by relative URLs and so stay within one version. Without a version, or with that of another release, a file is
revalidated each time by its ETag, a hash of the content: two releases may have files of one time and size.

Private URLs of images are for the owner of a look and for moderators. Public ones need no signature, since the row of
the look is read at each request: they work while the look is on the leaderboard. Both are written out here and in
`core.urls`, as are the links of cards in `leaderboard_web.view_models`, and tests compare them with the routes:
`url_for` would encode the slash in a key, and take 4 us more for each.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from fastapi import HTTPException, Request
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute
from starlette.staticfiles import NotModifiedResponse, PathLike
from starlette.types import Scope

from core.db.look_summaries import LookSummary
from core.i18n.translations import Language
from core.images.renditions import THUMBNAIL_WIDTH
from core.signing import UrlSigner
from core.urls import image_path

STATIC_DIR = Path(__file__).parent / "static"
VERSION_PATTERN = re.compile(r"[0-9a-f]{12}")
VERSION_HEADER = "Eva-Version"
"""Header with the version of the process that answered, for the service worker, which keeps files of one version."""
IMMUTABLE_CACHE_CONTROL = "public, max-age=31536000, immutable"
URL_LIFETIME = timedelta(days=30)
"""Minimum validity of a URL. It changes once in this time, so that browsers can cache the image."""


def _hash_files() -> dict[str, str]:
    """Hashes of the contents of all files, by their paths."""
    paths = sorted(path for path in STATIC_DIR.rglob("*") if path.is_file())
    return {os.path.realpath(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def _content_version() -> str:
    """One version for all files: a hash of their names and contents."""
    names = (f"{os.path.relpath(path, os.path.realpath(STATIC_DIR))} {digest}\n" for path, digest in HASHES.items())
    return hashlib.sha256("".join(names).encode()).hexdigest()[:12]


HASHES = _hash_files()
VERSION = _content_version()


class PageRoute(APIRoute):
    """A route outside the OpenAPI schema that responds to HEAD as to GET, like Starlette's routes."""

    def __init__(self, path: str, endpoint: Any, **options: Any) -> None:
        super().__init__(path, endpoint, **{**options, "include_in_schema": False})
        if self.methods is not None and "GET" in self.methods:
            self.methods.add("HEAD")


class UrlPaths:
    """Builds paths from route names, in Python as well as in templates, where it is called `url_for`.

    It does what `Starlette.url_path_for` does, without walking through all routes for each link of a page.
    """

    def __init__(self) -> None:
        self._formats: dict[str, str] = {}

    def add(self, routes: Iterable[BaseRoute]) -> None:
        """Add routes by their names.

        Raises:
            ValueError: two routes have the same name.
        """
        for route in routes:
            if isinstance(route, APIRoute):
                if route.name in self._formats:
                    raise ValueError(f"two routes are named {route.name!r}")
                self._formats[route.name] = route.path_format

    def __call__(self, name: str, /, *, query: Mapping[str, object] | None = None, **params: object) -> str:
        """The path of a route, with its parameters percent-encoded.

        Args:
            name: of the route.
            query: parameters after the path; those that are None are left out.
            params: of the path.

        Raises:
            KeyError: there is no such route, or a parameter is missing.
        """
        path = self._formats[name].format(**{key: quote(str(value), safe="") for key, value in params.items()})
        pairs = {key: value for key, value in query.items() if value is not None} if query else None
        return f"{path}?{urlencode(pairs)}" if pairs else path


url_for = UrlPaths()
"""The paths of the site's routes, which `leaderboard_web.app` adds."""


def absolute_url(request: Request, path: str) -> str:
    """The absolute URL of a path: under EVA_PUBLIC_URL, else under the address that the request was sent to."""
    public_url: str | None = request.app.state.eva.settings.public_url
    return (public_url or str(request.base_url).rstrip("/")) + path


def static_url(name: str) -> str:
    """The URL of a file in `static/`."""
    return f"/static/{VERSION}/{name}"


class VersionedStaticFiles(StaticFiles):
    """Serves `static/`, with and without a version in front of the path."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC_DIR)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file with its cache headers.

        Raises:
            HTTPException: 404, the file does not exist.
        """
        version, _, rest = path.replace("\\", "/").partition("/")
        # During a rolling release, a page of one version may request its files from a process of another.
        response = await super().get_response(rest if VERSION_PATTERN.fullmatch(version) else path, scope)
        response.headers["Cache-Control"] = IMMUTABLE_CACHE_CONTROL if version == VERSION else "no-cache"
        response.headers[VERSION_HEADER] = VERSION
        return response

    def file_response(
        self, full_path: PathLike, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """A file, or 304 if the browser has it.

        Args:
            full_path: of the file, without links.
            stat_result: its size and time.
            scope: of the request.
            status_code: of the response.

        Raises:
            HTTPException: 404, it was installed after the process had started.
        """
        digest = HASHES.get(str(full_path))
        if digest is None:
            raise HTTPException(404)
        response = FileResponse(full_path, status_code, {"ETag": f'"{digest[:16]}"'}, stat_result=stat_result)
        if self.is_not_modified(response.headers, Headers(scope=scope)):
            return NotModifiedResponse(response.headers)
        return response


def private_image_url(signer: UrlSigner, look: LookSummary, key: str) -> str:
    """The URL of an image of a look, which works until it expires or the image ends or is deleted."""
    token = signer.sign(key, URL_LIFETIME, round_to=URL_LIFETIME, ends_at=look.images_until)
    return image_path(key, token)


def private_thumbnail_url(signer: UrlSigner, look: LookSummary) -> str | None:
    """The URL of the thumbnail of a photo; None if the photo was deleted, or is no wider than a thumbnail."""
    if look.photo_key is None or look.width <= THUMBNAIL_WIDTH:
        return None
    # The photo's signature also opens its thumbnail.
    token = signer.sign(look.photo_key, URL_LIFETIME, round_to=URL_LIFETIME, ends_at=look.images_until)
    return f"/thumbs/{look.id}/{look.photo_key}?t={token}"


class PublicImageUrls(NamedTuple):
    """The URLs of the images of a look, which work while the look is on the leaderboard."""

    photo: str
    thumbnail: str | None
    """None where the photo is no wider than a thumbnail."""
    heatmap: str


def public_image_urls(look: LookSummary, language: Language) -> PublicImageUrls:
    """The URLs of the images of a look on the leaderboard, which always has both images; tags are in the language."""
    folder = f"/shared/{look.id}"
    return PublicImageUrls(
        photo=f"{folder}/photo/{look.photo_key}",
        thumbnail=f"{folder}/thumb/{look.photo_key}" if look.width > THUMBNAIL_WIDTH else None,
        heatmap=f"{folder}/{look.heatmap_key}?tags={language.value}",
    )
