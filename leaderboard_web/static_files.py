"""`/static`: style sheets, scripts and images, under URLs that contain a hash of their content.

`static_url("base.css")` is `/static/<version>/base.css`, which browsers may cache for a year. Scripts import each other
by relative URLs and so stay within one version. Without a version a file is revalidated by its ETag each time.
"""

import hashlib
import re
from pathlib import Path

from fastapi.staticfiles import StaticFiles
from starlette.responses import Response
from starlette.types import Scope

STATIC_DIR = Path(__file__).parent / "static"
VERSION_PATTERN = re.compile(r"[0-9a-f]{12}")
IMMUTABLE_CACHE_CONTROL = "public, max-age=31536000, immutable"


def _content_version() -> str:
    """One version for all files: the hash of their names, sizes and contents."""
    files = sorted(path for path in STATIC_DIR.rglob("*") if path.is_file())
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(STATIC_DIR).as_posix()} {path.stat().st_size}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


VERSION = _content_version()


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
        return response
