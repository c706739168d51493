"""`/pictures` and `/thumbs`: the pictures of looks, for whoever holds a link that Eva signed and that still is good."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from fastapi import APIRouter, Response

from core.derived import THUMB_WIDTH, Derived, thumb_key, thumbnail
from leaderboard_web.addresses import as_id

if TYPE_CHECKING:
    from core.db.glimpses import Glimpse
    from core.links import Links
    from leaderboard_web.site import Site

__all__ = ["picture_path", "picture_routes", "thumb_path"]

LIFETIME = timedelta(days=30)
"""How long a picture on a page has the same address, and can be loaded at least."""
# Private: a picture that its owner takes back must not stay in caches that others share.
KEEP = {"Cache-Control": "private, max-age=31536000, immutable"}


def picture_path(links: Links, key: str) -> str:
    """The address of a picture on a page of ours; the same one for a month, so that browsers keep it."""
    return f"/pictures/{key}?t={links.sign(key, LIFETIME, step=LIFETIME)}"


def thumb_path(links: Links, look: Glimpse) -> str | None:
    """The address of the thumbnail of a look's photo; None if the photo is gone, or no larger than one."""
    if look.photo_key is None or look.width <= THUMB_WIDTH:
        return None
    # Whoever may see the photo may see it small: one signature is for both.
    return f"/thumbs/{look.id}/{look.photo_key}?t={links.sign(look.photo_key, LIFETIME, step=LIFETIME)}"


def picture_routes(site: Site) -> APIRouter:
    """The routes; they serve from a folder as well as from S3."""
    router, memory, derived = APIRouter(), site.memory, Derived(site.memory)

    @router.get("/pictures/{key:path}", response_class=Response)
    async def picture(key: str, t: str = "") -> Response:
        """A picture.

        Raises:
            LinkRefused: the link is not Eva's, or too old.
            PictureMissing: the picture was deleted.
        """
        memory.links.check(key, t)
        return Response(await memory.storage.get(key), media_type="image/jpeg", headers=KEEP)

    @router.get("/thumbs/{look_id}/{photo_key:path}", response_class=Response)
    async def thumb(look_id: str, photo_key: str, t: str = "") -> Response:
        """A thumbnail, made when it is first asked for.

        Raises:
            LinkRefused: the link is not Eva's, or too old.
            PictureMissing: the photo was deleted, or is another look's.
        """
        memory.links.check(photo_key, t)
        made = await derived.get(thumb_key(photo_key), thumbnail, look_id=as_id(look_id), photo_key=photo_key)
        return Response(made, media_type="image/jpeg", headers=KEEP)

    return router
