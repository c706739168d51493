"""Pictures that are made of a look's photo when they are first asked for, and go when it goes.

Their keys follow from the photo's, so that whoever deletes a photo can name them all. A new way to make a thumbnail has
a new number; what says by itself how it was made is made anew in its place. Old numbers stay in the list of what there
may be to delete.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from uuid import UUID
from weakref import WeakValueDictionary

from anyio import to_thread
from PIL import Image

from core.db import look_images
from core.errors import ObjectNotFoundError
from core.resources import Resources

THUMBNAIL_VERSION = 1
THUMBNAIL_WIDTH = 480
"""Of a thumbnail, in px."""
THUMBNAIL_QUALITY = 80
SHARE_IMAGE_LANGUAGES = ("ko", "en")
RETIRED_SUFFIXES = ("card-ko-1", "card-en-1")
"""What was made once and is not any more."""


class RenditionStore:
    """Finds such pictures, or makes them."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._cpu_limiter = resources.cpu_limiter
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def get_or_create(
        self,
        key: str,
        create: Callable[[bytes], bytes],
        *,
        look_id: UUID,
        photo_key: str,
        is_current: Callable[[bytes], bool] = bool,
    ) -> bytes:
        """The picture under a key, made at the first time. However many ask at once, a process makes it once.

        Args:
            key: where it lies, one of `derived_keys(photo_key)`.
            make: makes it of the photo's bytes; runs on a thread.
            look_id: whose photo it is.
            photo_key: where the photo lies.
            good: whether what was made before still is as it would be made now.

        Raises:
            ObjectNotFoundError: the photo is gone, or is not this look's.
            StorageUnavailableError: the pictures cannot be reached.
        """
        storage = self._resources.storage
        with suppress(ObjectNotFoundError):
            if is_current(kept := await storage.get(key)):
                return kept
        async with self._locks.setdefault(key, asyncio.Lock()):
            with suppress(ObjectNotFoundError):
                if is_current(kept := await storage.get(key)):
                    return kept
            return await self._create(key, create, look_id, photo_key)

    async def _create(self, key: str, create: Callable[[bytes], bytes], look_id: UUID, photo_key: str) -> bytes:
        photo = await self._resources.storage.get(photo_key)
        made = await to_thread.run_sync(create, photo, limiter=self._cpu_limiter)
        # Whoever deletes the photo has locked its look: either they wait and then delete this one too, or we wait
        # and then find the photo gone. So nothing is left behind, whoever is killed in between.
        async with self._resources.database.transaction() as connection:
            if not await look_images.lock_with_photo(connection, look_id, photo_key):
                raise ObjectNotFoundError
            await self._resources.storage.put(key, made)
        return made


def thumbnail_key(photo_key: str) -> str:
    """Where the thumbnail of a photo lies."""
    return _rendition_key(photo_key, f"thumb-{THUMBNAIL_VERSION}")


def share_image_key(photo_key: str, language: str) -> str:
    """Where the share card of a photo's look lies, in one of CARD_LANGUAGES."""
    return _rendition_key(photo_key, f"card-{language}")


def rendition_keys(photo_key: str) -> list[str]:
    """Where everything lies that may ever have been made of a photo."""
    thumbs = [f"thumb-{version}" for version in range(1, THUMBNAIL_VERSION + 1)]
    cards = [f"card-{each}" for each in SHARE_IMAGE_LANGUAGES]
    return [_rendition_key(photo_key, suffix) for suffix in (*thumbs, *cards, *RETIRED_SUFFIXES)]


def make_thumbnail(photo: bytes) -> bytes:
    """A photo of the storage, THUMB_WIDTH px wide, as a progressive JPEG."""
    image = Image.open(BytesIO(photo))
    # The decoder itself leaves out what is not needed for twice the width.
    image.draft("RGB", (2 * THUMBNAIL_WIDTH, 2 * round(THUMBNAIL_WIDTH * image.height / image.width)))
    height = max(1, round(THUMBNAIL_WIDTH * image.height / image.width))
    small = image.convert("RGB").resize((THUMBNAIL_WIDTH, height), Image.Resampling.LANCZOS, reducing_gap=2)
    made = BytesIO()
    small.save(made, "JPEG", quality=THUMBNAIL_QUALITY, progressive=True, optimize=True)
    return made.getvalue()


def _rendition_key(photo_key: str, suffix: str) -> str:
    return f"{photo_key.removesuffix('.jpg')}-{suffix}.jpg"
