"""`/samples`: photos for people who have none at hand, as files and in the size of their buttons in the chat."""

from functools import cache, partial
from pathlib import Path

from anyio import to_thread
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import FileResponse

from core.images.renditions import make_thumbnail
from leaderboard_web.dependencies import State
from leaderboard_web.routes.images import accepts_webp
from leaderboard_web.urls import PageRoute

SAMPLE_WIDTH = 240
"""Width of the samples' buttons in px, for screens with two px in one of the page."""

router = APIRouter(route_class=PageRoute)


@router.get("/samples/{name}.jpg", name="sample")
async def sample_image(name: str, state: State) -> FileResponse:
    """A sample photo.

    Raises:
        HTTPException: 404, for an unknown sample.
    """
    if name not in state.samples:
        raise HTTPException(404)
    return FileResponse(state.samples[name].path)


@router.get("/samples/{name}/small.jpg", name="sample_thumbnail")
async def sample_thumbnail(request: Request, name: str, state: State) -> Response:
    """A sample photo in the size of its button.

    Raises:
        HTTPException: 404, for an unknown sample.
    """
    if name not in state.samples:
        raise HTTPException(404)
    work = partial(_small_sample, state.samples[name].path, is_webp=(is_webp := accepts_webp(request)))
    image = await to_thread.run_sync(work, limiter=state.resources.cpu_limiter)
    headers = {"Cache-Control": "public, max-age=86400", "Vary": "Accept"}
    return Response(image, media_type="image/webp" if is_webp else "image/jpeg", headers=headers)


@cache
def _small_sample(path: Path, *, is_webp: bool) -> bytes:
    return make_thumbnail(path.read_bytes(), SAMPLE_WIDTH, is_webp=is_webp)
