"""Images of looks: photos, heatmaps and thumbnails, and share images.

`/pictures`, `/thumbs` and `/cards` are for the owner of a look, for moderators and for chats; their URLs are signed.
`/shared` and share images are public; their URLs work while the look is on the leaderboard.

See ADR 0009 and, for result cards, ADR 0032.
"""

from collections.abc import Mapping
from functools import partial
from io import BytesIO
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from PIL import Image

from core.conversation.narration import style_name, verdict_messages
from core.conversation.result_card_texts import can_have_card, card_text
from core.conversation.week_card_texts import draw_week, get_week
from core.db import look_images, looks, public_looks
from core.db.look_images import PublicImages
from core.db.looks import Look
from core.errors import ObjectNotFoundError
from core.i18n.translations import Language
from core.images.drawing import read_content_hash
from core.images.renditions import (
    heatmap_key,
    make_thumbnail,
    make_webp_photo,
    result_card_key,
    share_image_key,
    thumbnail_key,
    webp_photo_key,
)
from core.images.result_card import CardShape, draw_result_card
from core.services.heatmaps import encode_heatmap_jpeg
from core.urls import card_subject, week_picture_subject
from leaderboard_web.dependencies import AppState, CanonicalUUID, State
from leaderboard_web.errors import GoneError
from leaderboard_web.share_image import draw_share_image
from leaderboard_web.sharing import share_image_version, verdict_sentence
from leaderboard_web.urls import PageRoute

# Search engines show copies of pictures long after their owners took them back.
NO_INDEX = {"X-Robots-Tag": "noindex"}
# For one person, whose computer the next person may use.
PRIVATE_CACHE_HEADERS = {"Cache-Control": "private, no-store", **NO_INDEX}
# An image that its owner deletes must not stay in shared caches.
PUBLIC_CACHE_HEADERS = {"Cache-Control": "private, max-age=31536000, immutable", **NO_INDEX}
SHARE_IMAGE_CACHE_HEADERS = {"Cache-Control": "private, max-age=3600", **NO_INDEX}
CARD_HEADERS = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex, nofollow, noimageindex"}

router = APIRouter(route_class=PageRoute)


@router.get("/pictures/{key:path}", name="private_image")
async def private_image(key: str, state: State, t: str = "") -> Response:
    """An image.

    Raises:
        InvalidSignatureError: the URL is forged or expired.
        ObjectNotFoundError: the image was deleted, or its time is over.
    """
    state.resources.url_signer.verify(key, t)
    async with state.resources.database.connection() as connection:
        if not await look_images.is_available(connection, key):
            raise ObjectNotFoundError
    return await _stored_image(state, key, PRIVATE_CACHE_HEADERS)


@router.get("/thumbs/{look_id}/{photo_key:path}", name="private_thumbnail")
async def private_thumbnail(
    request: Request, look_id: CanonicalUUID, photo_key: str, state: State, t: str = ""
) -> Response:
    """A thumbnail, which is created on first use.

    Raises:
        InvalidSignatureError: the URL is forged or expired.
        ObjectNotFoundError: the photo was deleted, belongs to another look, or its time is over.
    """
    state.resources.url_signer.verify(photo_key, t)
    async with state.resources.database.connection() as connection:
        if not await look_images.has_photo(connection, look_id, photo_key):
            raise ObjectNotFoundError
    return await _thumbnail(request, state, look_id, photo_key, PRIVATE_CACHE_HEADERS)


@router.get("/shared/{look_id}/thumb/{photo_key:path}", name="public_thumbnail")
async def public_thumbnail(request: Request, look_id: CanonicalUUID, photo_key: str, state: State) -> Response:
    """The thumbnail of a look on the leaderboard.

    Raises:
        ObjectNotFoundError: the photo was deleted or belongs to another look, or the look is not on the leaderboard.
    """
    if (await _get_public_images(state, look_id)).photo_key != photo_key:
        raise ObjectNotFoundError
    return await _thumbnail(request, state, look_id, photo_key, PUBLIC_CACHE_HEADERS)


@router.get("/shared/{look_id}/photo/{photo_key:path}", name="public_photo")
async def public_photo(request: Request, look_id: CanonicalUUID, photo_key: str, state: State) -> Response:
    """The photo of a look on the leaderboard, as WebP for browsers that show it.

    Raises:
        ObjectNotFoundError: the photo was deleted or belongs to another look, or the look is not on the leaderboard.
    """
    if (await _get_public_images(state, look_id)).photo_key != photo_key:
        raise ObjectNotFoundError
    headers = {**PUBLIC_CACHE_HEADERS, "Vary": "Accept"}
    if not accepts_webp(request):
        return await _stored_image(state, photo_key, headers)
    content = await state.renditions.get_or_create(
        webp_photo_key(photo_key), make_webp_photo, look_id=look_id, photo_key=photo_key
    )
    return Response(content, media_type="image/webp", headers=headers)


@router.get("/shared/{look_id}/{key:path}", name="public_image")
async def public_image(
    look_id: CanonicalUUID, key: str, state: State, tags: Annotated[Language | None, Query()] = None
) -> Response:
    """The heatmap of a look on the leaderboard, with its tags in a language; in that of its owner by default.

    Raises:
        ObjectNotFoundError: the heatmap was deleted or belongs to another look, or the look is not on the leaderboard.
    """
    public = await _get_public_images(state, look_id)
    if public.heatmap_key != key:
        raise ObjectNotFoundError
    if tags is None or tags is public.language:
        return await _stored_image(state, key, PUBLIC_CACHE_HEADERS)
    # Released before the image is drawn, which opens another connection.
    async with state.resources.database.connection() as connection:
        entry = await public_looks.get_look(connection, look_id)
    look = None if entry is None else entry.look
    if look is None or look.photo_key is None or look.heatmap_key != key:
        raise ObjectNotFoundError
    if look.verdict.attributes is None:
        return await _stored_image(state, key, PUBLIC_CACHE_HEADERS)
    content = await state.renditions.get_or_create(
        heatmap_key(look.photo_key, tags),
        partial(_draw_heatmap, look=look, language=tags),
        look_id=look.id,
        photo_key=look.photo_key,
        # A heatmap that is drawn again, after a correction, gets a new key.
        is_current=lambda stored: read_content_hash(stored) == key,
    )
    return Response(content, media_type="image/jpeg", headers=PUBLIC_CACHE_HEADERS)


# Version 1 stands in links from the time before versions were hashes.
@router.get("/looks/{look_id}/card-{language}-{version}.jpg", name="share_image")
async def share_image(
    look_id: CanonicalUUID,
    language: Language,
    version: Annotated[str, Path(pattern=r"^([0-9a-f]{10}|1)$")],
    state: State,
) -> Response:
    """The share image of a look on the leaderboard; URLs of older versions return the current one.

    Raises:
        GoneError: if the look is not on the leaderboard.
    """
    # Released before the image is drawn, which opens another connection.
    async with state.resources.database.connection() as connection:
        entry = await public_looks.get_look(connection, look_id)
    if entry is None or entry.look.photo_key is None:
        raise GoneError("page.picture_gone")
    look, photo_key = entry.look, entry.look.photo_key
    sentence = verdict_sentence(verdict_messages(look.verdict, seed=look.variant_seed, language=language))
    style = style_name(look.verdict.style, language)
    version = share_image_version(title=style, line=sentence)
    image = await state.renditions.get_or_create(
        share_image_key(photo_key, language),
        partial(draw_share_image, title=style, line=sentence, version=version),
        look_id=look.id,
        photo_key=photo_key,
        is_current=lambda stored: read_content_hash(stored) == version,
    )
    return Response(image, media_type="image/jpeg", headers=SHARE_IMAGE_CACHE_HEADERS)


@router.get("/cards/{look_id}/{language}-{shape}.jpg", name="result_card")
async def result_card(
    look_id: CanonicalUUID, language: Language, shape: CardShape, state: State, t: str = ""
) -> Response:
    """The result card of a look, for its owner and the people they send it to.

    Raises:
        InvalidSignatureError: the URL is forged or expired.
        ObjectNotFoundError: there is no card (any more).
    """
    state.resources.url_signer.verify(card_subject(look_id), t)
    async with state.resources.database.connection() as connection:
        look = await looks.get(connection, look_id)
    if look is None:
        raise ObjectNotFoundError
    return await card_response(state, look, language, shape)


@router.get("/cards/week/{encrypted_id}/{language}-{shape}.jpg", name="week_picture")
async def week_picture(encrypted_id: str, language: Language, shape: CardShape, state: State, t: str = "") -> Response:
    """The weekly card of a person, for the messenger that shows it to them and to those they send it to.

    Raises:
        InvalidSignatureError: the URL is forged or expired.
        ObjectNotFoundError: there are too few looks (any more).
    """
    state.resources.url_signer.verify(week_picture_subject(encrypted_id), t)
    async with state.resources.database.connection() as connection:
        week = await get_week(connection, state.resources.url_signer.decrypt_id(encrypted_id))
    if not week.has_card:
        raise ObjectNotFoundError
    card = await draw_week(state.resources, week, language, shape)
    return Response(card, media_type="image/jpeg", headers=CARD_HEADERS)


async def card_response(state: AppState, look: Look, language: Language, shape: CardShape) -> Response:
    """The card of a look: drawn on first use, stored next to the photo, drawn again when what it says changes.

    Args:
        state: the stored renditions.
        look: whose card it is.
        language: of the words on it.
        shape: its format.

    Raises:
        ObjectNotFoundError: there is no card, or its pictures were deleted.
        StorageUnavailableError: the object storage does not answer.
    """
    if look.photo_key is None or look.heatmap_key is None or not can_have_card(look):
        raise ObjectNotFoundError
    text = card_text(look, language)
    expected_hash = text.content_hash(look.heatmap_key)
    card = await state.renditions.get_or_create(
        result_card_key(look.photo_key, shape, language),
        partial(draw_result_card, text=text, shape=shape, comment=expected_hash),
        look_id=look.id,
        photo_key=look.photo_key,
        source_key=look.heatmap_key,
        is_current=lambda stored: read_content_hash(stored) == expected_hash,
    )
    return Response(card, media_type="image/jpeg", headers=CARD_HEADERS)


def _draw_heatmap(photo: bytes, look: Look, language: Language) -> bytes:
    image = Image.open(BytesIO(photo)).convert("RGB")
    return encode_heatmap_jpeg(image, look.verdict, language, comment=look.heatmap_key or "")


async def _get_public_images(state: AppState, look_id: UUID) -> PublicImages:
    """The images of a look on the leaderboard.

    Raises:
        ObjectNotFoundError: the look is not there.
    """
    async with state.resources.database.connection() as connection:
        public = await look_images.get_public(connection, look_id)
    if public is None:
        raise ObjectNotFoundError
    return public


async def _stored_image(state: AppState, key: str, headers: Mapping[str, str]) -> Response:
    content = await state.resources.storage.get(key)
    return Response(content, media_type="image/jpeg", headers=headers)


async def _thumbnail(
    request: Request, state: AppState, look_id: UUID, photo_key: str, headers: Mapping[str, str]
) -> Response:
    is_webp = accepts_webp(request)
    content = await state.renditions.get_or_create(
        thumbnail_key(photo_key, is_webp=is_webp),
        partial(make_thumbnail, is_webp=is_webp),
        look_id=look_id,
        photo_key=photo_key,
    )
    media_type = "image/webp" if is_webp else "image/jpeg"
    return Response(content, media_type=media_type, headers={**headers, "Vary": "Accept"})


def accepts_webp(request: Request) -> bool:
    """Whether a browser says that it shows WebP; all current ones do."""
    return "image/webp" in request.headers.get("accept", "")
