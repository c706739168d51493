"""The pictures of looks, for whoever holds a link that Eva signed and that still is good.

There are two kinds. `/pictures` and `/thumbs` are for a look's owner, for moderators and for chats. `/shared` is for
everybody: its links are good while the look is on the board, and end in the moment in which it is taken back or held.
"""

from uuid import UUID

from fastapi import APIRouter, Response

from core.db import leaderboard
from core.errors import ObjectNotFoundError
from core.images.renditions import RenditionStore, make_thumbnail, thumbnail_key
from leaderboard_web.dependencies import AppState
from leaderboard_web.image_urls import public_signature_subject
from leaderboard_web.parameters import parse_canonical_uuid
from leaderboard_web.routing import PageRoute

# Private: a picture that its owner takes back must not stay in caches that others share.
PRIVATE_CACHE_HEADERS = {"Cache-Control": "private, max-age=31536000, immutable"}


def image_routes(state: AppState) -> APIRouter:
    """The routes; they serve from a folder as well as from S3."""
    router, memory, derived = APIRouter(route_class=PageRoute), state.resources, RenditionStore(state.resources)

    @router.get("/pictures/{key:path}", response_class=Response)
    async def picture(key: str, t: str = "") -> Response:
        """A picture.

        Raises:
            InvalidSignatureError: the link is not Eva's, or too old.
            ObjectNotFoundError: the picture was deleted.
        """
        memory.url_signer.verify(key, t)
        return Response(await memory.storage.get(key), media_type="image/jpeg", headers=PRIVATE_CACHE_HEADERS)

    @router.get("/thumbs/{look_id}/{photo_key:path}", response_class=Response)
    async def thumb(look_id: str, photo_key: str, t: str = "") -> Response:
        """A thumbnail, made when it is first asked for.

        Raises:
            InvalidSignatureError: the link is not Eva's, or too old.
            ObjectNotFoundError: the photo was deleted, or is another look's.
        """
        memory.url_signer.verify(photo_key, t)
        return await thumb_of(parse_canonical_uuid(look_id), photo_key)

    @router.get("/shared/{look_id}/thumb/{photo_key:path}", response_class=Response)
    async def shared_thumb(look_id: str, photo_key: str, t: str = "") -> Response:
        """The thumbnail of a look on the board.

        Raises:
            InvalidSignatureError: the link is not Eva's, or too old.
            ObjectNotFoundError: the photo was deleted, or is another look's, or the look is not on the board.
        """
        await let_pass(look_id, photo_key, t)
        return await thumb_of(parse_canonical_uuid(look_id), photo_key)

    @router.get("/shared/{look_id}/{key:path}", response_class=Response)
    async def shared(look_id: str, key: str, t: str = "") -> Response:
        """A picture of a look on the board.

        Raises:
            InvalidSignatureError: the link is not Eva's, or too old.
            ObjectNotFoundError: the picture was deleted, or the look is not on the board.
        """
        await let_pass(look_id, key, t)
        return Response(await memory.storage.get(key), media_type="image/jpeg", headers=PRIVATE_CACHE_HEADERS)

    async def let_pass(look_id: str, key: str, token: str) -> None:
        look = parse_canonical_uuid(look_id)
        memory.url_signer.verify(public_signature_subject(look, key), token)
        async with memory.database.connection() as connection:
            if not await leaderboard.is_public(connection, look):
                raise ObjectNotFoundError

    async def thumb_of(look_id: UUID, photo_key: str) -> Response:
        made = await derived.get_or_create(
            thumbnail_key(photo_key), make_thumbnail, look_id=look_id, photo_key=photo_key
        )
        return Response(made, media_type="image/jpeg", headers=PRIVATE_CACHE_HEADERS)

    return router
