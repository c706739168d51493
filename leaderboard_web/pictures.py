"""The pictures of looks, for whoever holds a link that Eva signed and that still is good.

There are two kinds. `/pictures` and `/thumbs` are for a look's owner, for moderators and for chats. `/shared` is for
everybody: its links are good while the look is on the board, and end in the moment in which it is taken back or held.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from fastapi import APIRouter, Response

from core.db import boards
from core.derived import THUMB_WIDTH, Derived, thumb_key, thumbnail
from core.errors import PictureMissing
from leaderboard_web.addresses import as_id
from leaderboard_web.routing import PageRoute

if TYPE_CHECKING:
    from uuid import UUID

    from core.db.looks import Glimpse
    from core.links import Links
    from leaderboard_web.site import Site

__all__ = ["picture_path", "picture_routes", "shared_path", "shared_thumb_path", "thumb_path"]

LIFETIME = timedelta(days=30)
"""How long a picture on a page has the same address, and can be loaded at least."""
# Private: a picture that its owner takes back must not stay in caches that others share.
KEEP = {"Cache-Control": "private, max-age=31536000, immutable"}


def picture_path(links: Links, key: str) -> str:
    """The address of a picture for those who may always see it; the same one for a month, so that browsers keep it."""
    return f"/pictures/{key}?t={links.sign(key, LIFETIME, step=LIFETIME)}"


def thumb_path(links: Links, look: Glimpse) -> str | None:
    """The address of the thumbnail of a look's photo; None if the photo is gone, or no larger than one."""
    if look.photo_key is None or look.width <= THUMB_WIDTH:
        return None
    # Whoever may see the photo may see it small: one signature is for both.
    return f"/thumbs/{look.id}/{look.photo_key}?t={links.sign(look.photo_key, LIFETIME, step=LIFETIME)}"


def shared_path(links: Links, look: Glimpse, key: str) -> str:
    """The address of a picture of a look on the board, for everybody, while it is there."""
    return f"/shared/{look.id}/{key}?t={links.sign(_shared(look.id, key), LIFETIME, step=LIFETIME)}"


def shared_thumb_path(links: Links, look: Glimpse) -> str | None:
    """The address of the thumbnail of its photo, as `thumb_path`."""
    if look.photo_key is None or look.width <= THUMB_WIDTH:
        return None
    signed = links.sign(_shared(look.id, look.photo_key), LIFETIME, step=LIFETIME)
    return f"/shared/{look.id}/thumb/{look.photo_key}?t={signed}"


def picture_routes(site: Site) -> APIRouter:
    """The routes; they serve from a folder as well as from S3."""
    router, memory, derived = APIRouter(route_class=PageRoute), site.memory, Derived(site.memory)

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
        return await thumb_of(as_id(look_id), photo_key)

    @router.get("/shared/{look_id}/thumb/{photo_key:path}", response_class=Response)
    async def shared_thumb(look_id: str, photo_key: str, t: str = "") -> Response:
        """The thumbnail of a look on the board.

        Raises:
            LinkRefused: the link is not Eva's, or too old.
            PictureMissing: the photo was deleted, or is another look's, or the look is not on the board.
        """
        await let_pass(look_id, photo_key, t)
        return await thumb_of(as_id(look_id), photo_key)

    @router.get("/shared/{look_id}/{key:path}", response_class=Response)
    async def shared(look_id: str, key: str, t: str = "") -> Response:
        """A picture of a look on the board.

        Raises:
            LinkRefused: the link is not Eva's, or too old.
            PictureMissing: the picture was deleted, or the look is not on the board.
        """
        await let_pass(look_id, key, t)
        return Response(await memory.storage.get(key), media_type="image/jpeg", headers=KEEP)

    async def let_pass(look_id: str, key: str, token: str) -> None:
        look = as_id(look_id)
        memory.links.check(_shared(look, key), token)
        async with memory.database.direct() as connection:
            if not await boards.has(connection, look):
                raise PictureMissing

    async def thumb_of(look_id: UUID, photo_key: str) -> Response:
        made = await derived.get(thumb_key(photo_key), thumbnail, look_id=look_id, photo_key=photo_key)
        return Response(made, media_type="image/jpeg", headers=KEEP)

    return router


def _shared(look_id: UUID, key: str) -> str:
    """What is signed for everybody: no such link opens the picture for good."""
    return f"{look_id} {key}"
