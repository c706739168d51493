"""`/static`: style sheets, scripts and drawings, under addresses that change with what they hold.

`asset("eva.css")` is `/static/<version>/eva.css`, and browsers may keep that for a year; modules that import each other
by relative addresses stay within their version. Without the version a file is asked for again each time (its ETag
makes that cheap).
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
    """One for all files: what any of them holds changes it."""
    files = sorted(path for path in STATIC_DIR.rglob("*") if path.is_file())
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(STATIC_DIR).as_posix()} {path.stat().st_size}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


VERSION = _content_version()


def static_url(name: str) -> str:
    """The address of a file in `static/`."""
    return f"/static/{VERSION}/{name}"


class VersionedStaticFiles(StaticFiles):
    """Serves the folder, with and without the version in front."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC_DIR)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, and how long it may be kept.

        Raises:
            HTTPException: 404, there is none.
        """
        version, _, rest = path.replace("\\", "/").partition("/")
        # While a release is rolled out, a page of one process asks another one, which has its own files to give.
        response = await super().get_response(rest if VERSION_PATTERN.fullmatch(version) else path, scope)
        response.headers["Cache-Control"] = IMMUTABLE_CACHE_CONTROL if version == VERSION else "no-cache"
        return response
