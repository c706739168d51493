"""Images made from a photo on first use, and deleted with it: thumbnails, the photo as WebP, share images, cards.

The heatmap with its tags in another language is one of them. Their keys are derived from the photo's key, so that
deleting a photo can delete them all. A thumbnail of another kind gets a new version number; share images, cards and
heatmaps say by themselves how they were drawn and are replaced in place. Retired names stay in the list of keys to
delete.

See ADR 0034.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from io import BytesIO
from uuid import UUID
from weakref import WeakValueDictionary

from anyio import to_thread
from PIL import Image

from core.db import look_images
from core.db.look_images import ImageKeys
from core.errors import ObjectNotFoundError
from core.i18n.translations import Language
from core.images.result_card import CardShape
from core.resources import Resources

THUMBNAIL_VERSION = 1
THUMBNAIL_WIDTH = 480
"""In px."""
THUMBNAIL_QUALITY = 80
"""Of JPEGs."""
WEBP_QUALITY, WEBP_EFFORT = 75, 2
"""A third to two thirds of the bytes of a JPEG that looks the same, in the same time."""
WEBP_PHOTO_QUALITY = 80
"""Of photos in full size, see docs/adr/0034: 39 % of the bytes of the JPEG, for 33 ms once."""
RETIRED_SUFFIXES = ("card-ko-1", "card-en-1")
"""Suffixes of renditions that are not created any more."""


class RenditionStore:
    """Reads renditions from the storage, and creates missing ones."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def get_or_create(
        self,
        key: str,
        create: Callable[[bytes], bytes],
        *,
        look_id: UUID,
        photo_key: str,
        source_key: str | None = None,
        is_current: Callable[[bytes], bool] = bool,
    ) -> bytes:
        """Return the rendition under a key. Concurrent calls on one store create it once.

        Args:
            key: one of `rendition_keys(photo_key)`.
            create: draws it from the bytes of the source; runs on a worker thread.
            look_id: the photo's look.
            photo_key: the photo's key.
            source_key: the key of another image of the look that `create` gets; None for the photo.
            is_current: whether a stored rendition is what `create` would draw now.

        Raises:
            ObjectNotFoundError: the photo was deleted, or belongs to another look.
            StorageUnavailableError: the storage does not answer.
        """
        storage = self._resources.storage
        with suppress(ObjectNotFoundError):
            if is_current(stored := await storage.get(key)):
                return stored
        async with self._locks.setdefault(key, asyncio.Lock()):
            with suppress(ObjectNotFoundError):
                if is_current(stored := await storage.get(key)):
                    return stored
            return await self._create(key, create, look_id, photo_key, source_key or photo_key)

    async def _create(
        self, key: str, create: Callable[[bytes], bytes], look_id: UUID, photo_key: str, source_key: str
    ) -> bytes:
        source = await self._resources.storage.get(source_key)
        rendition = await to_thread.run_sync(create, source, limiter=self._resources.cpu_limiter)
        # Deleting a photo locks its look. Either the deletion waits for this transaction and then deletes the
        # rendition, too, or this waits and then finds the photo gone. Nothing is left behind, even if either process is
        # killed.
        async with self._resources.database.transaction() as connection:
            if not await look_images.lock_with_photo(connection, look_id, photo_key):
                raise ObjectNotFoundError
            await self._resources.storage.put(key, rendition)
        return rendition


def thumbnail_key(photo_key: str, *, is_webp: bool = False) -> str:
    """The key of a photo's thumbnail, as JPEG or as WebP."""
    return _rendition_key(photo_key, f"thumb-{THUMBNAIL_VERSION}", ".webp" if is_webp else ".jpg")


def webp_photo_key(photo_key: str) -> str:
    """The key of a photo in full size as WebP."""
    return _rendition_key(photo_key, "full-1", ".webp")


def share_image_key(photo_key: str, language: Language) -> str:
    """The key of the share image of a photo's look."""
    return _rendition_key(photo_key, f"card-{language}")


def result_card_key(photo_key: str, shape: CardShape, language: Language) -> str:
    """The key of the result card of a photo's look."""
    return _rendition_key(photo_key, f"result-{shape}-{language}")


def heatmap_key(photo_key: str, language: Language) -> str:
    """The key of the heatmap with its tags in another language than that in which the photo was judged."""
    return _rendition_key(photo_key, f"heatmap-{language}")


def rendition_keys(photo_key: str) -> list[str]:
    """The keys of everything that may ever have been created from a photo."""
    thumbnails = [f"thumb-{version}" for version in range(1, THUMBNAIL_VERSION + 1)]
    share_images = [f"card-{language}" for language in Language]
    cards = [f"result-{shape}-{language}" for shape in CardShape for language in Language]
    heatmaps = [f"heatmap-{language}" for language in Language]
    suffixes = (*thumbnails, *share_images, *cards, *heatmaps, *RETIRED_SUFFIXES)
    webp_keys = [thumbnail_key(photo_key, is_webp=True), webp_photo_key(photo_key)]
    return [*(_rendition_key(photo_key, suffix) for suffix in suffixes), *webp_keys]


def storage_keys(images: Iterable[ImageKeys]) -> list[str]:
    """The keys of these images and of everything that may have been created from them."""
    return [key for look in images for key in (look.photo_key, look.heatmap_key, *rendition_keys(look.photo_key))]


def make_thumbnail(photo: bytes, width: int = THUMBNAIL_WIDTH, *, is_webp: bool = False) -> bytes:
    """Downscale a stored photo to a width in px, as a progressive JPEG or as WebP."""
    image = Image.open(BytesIO(photo))
    height = width * image.height / image.width
    # The decoder leaves out what is not needed for twice the width.
    image.draft("RGB", (2 * width, 2 * round(height)))
    size = width, max(1, round(height))
    small = image.convert("RGB").resize(size, Image.Resampling.LANCZOS, reducing_gap=2)
    buffer = BytesIO()
    if is_webp:
        small.save(buffer, "WEBP", quality=WEBP_QUALITY, method=WEBP_EFFORT)
    else:
        small.save(buffer, "JPEG", quality=THUMBNAIL_QUALITY, progressive=True, optimize=True)
    return buffer.getvalue()


def make_webp_photo(photo: bytes) -> bytes:
    """Encode a stored photo in its own size as WebP."""
    buffer = BytesIO()
    Image.open(BytesIO(photo)).convert("RGB").save(buffer, "WEBP", quality=WEBP_PHOTO_QUALITY, method=WEBP_EFFORT)
    return buffer.getvalue()


def _rendition_key(photo_key: str, suffix: str, extension: str = ".jpg") -> str:
    return f"{photo_key.removesuffix('.jpg')}-{suffix}{extension}"
