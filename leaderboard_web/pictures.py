"""`/pictures/...`: the pictures of looks, for whoever holds a link that Eva signed and whose time is not over."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from fastapi import APIRouter, Response

if TYPE_CHECKING:
    from core.links import Links
    from leaderboard_web.site import Site

__all__ = ["picture_path", "picture_routes"]

LIFETIME = timedelta(hours=1)
"""How long a picture on a page can be loaded, at least."""


def picture_path(links: Links, key: str) -> str:
    """The address of a picture on a page of ours; the same one for about an hour, so that browsers keep it."""
    return f"/pictures/{key}?t={links.sign(key, LIFETIME, step=LIFETIME)}"


def picture_routes(site: Site) -> APIRouter:
    """The route; it serves from a folder as well as from S3."""
    router, memory = APIRouter(), site.memory

    @router.get("/pictures/{key:path}", response_class=Response)
    async def picture(key: str, t: str = "") -> Response:
        """A picture.

        Raises:
            LinkRefused: the link is not Eva's, or too old.
            PictureMissing: the picture was deleted.
        """
        memory.links.check(key, t)
        # Private: a picture that its owner takes back must not stay in caches that others share.
        headers = {"Cache-Control": "private, max-age=3600, immutable"}
        return Response(await memory.storage.get(key), media_type="image/jpeg", headers=headers)

    return router
