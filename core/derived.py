"""Pictures that are made of a look's photo when they are first asked for, and go when it goes.

Their keys follow from the photo's, so that whoever deletes a photo can name them all. A new way to make a thumbnail has
a new number; what says by itself how it was made is made anew in its place. Old numbers stay in the list of what there
may be to delete.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from io import BytesIO
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from anyio import to_thread
from PIL import Image

from core.db import pictures
from core.errors import PictureMissing

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from core.memory import Memory

__all__ = [
    "CARD_LANGUAGES",
    "THUMB_WIDTH",
    "Derived",
    "card_key",
    "derived_keys",
    "thumb_key",
    "thumbnail",
]

THUMB_VERSION = 1
THUMB_WIDTH = 480
"""Of a thumbnail, in px."""
THUMB_QUALITY = 80
CARD_LANGUAGES = ("ko", "en")
OLD = ("card-ko-1", "card-en-1")
"""What was made once and is not any more."""


class Derived:
    """Finds such pictures, or makes them."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._cores = memory.cores
        self._making: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def get(
        self,
        key: str,
        make: Callable[[bytes], bytes],
        *,
        look_id: UUID,
        photo_key: str,
        good: Callable[[bytes], bool] = bool,
    ) -> bytes:
        """The picture under a key, made at the first time. However many ask at once, a process makes it once.

        Args:
            key: where it lies, one of `derived_keys(photo_key)`.
            make: makes it of the photo's bytes; runs on a thread.
            look_id: whose photo it is.
            photo_key: where the photo lies.
            good: whether what was made before still is as it would be made now.

        Raises:
            PictureMissing: the photo is gone, or is not this look's.
            StorageUnavailable: the pictures cannot be reached.
        """
        storage = self._memory.storage
        with suppress(PictureMissing):
            if good(kept := await storage.get(key)):
                return kept
        async with self._making.setdefault(key, asyncio.Lock()):
            with suppress(PictureMissing):
                if good(kept := await storage.get(key)):
                    return kept
            return await self._make(key, make, look_id, photo_key)

    async def _make(self, key: str, make: Callable[[bytes], bytes], look_id: UUID, photo_key: str) -> bytes:
        photo = await self._memory.storage.get(photo_key)
        made = await to_thread.run_sync(make, photo, limiter=self._cores)
        # Whoever deletes the photo has locked its look: either they wait and then delete this one too, or we wait
        # and then find the photo gone. So nothing is left behind, whoever is killed in between.
        async with self._memory.database.begin() as connection:
            if not await pictures.hold(connection, look_id, photo_key):
                raise PictureMissing
            await self._memory.storage.put(key, made)
        return made


def thumb_key(photo_key: str) -> str:
    """Where the thumbnail of a photo lies."""
    return _key(photo_key, f"thumb-{THUMB_VERSION}")


def card_key(photo_key: str, language: str) -> str:
    """Where the share card of a photo's look lies, in one of CARD_LANGUAGES."""
    return _key(photo_key, f"card-{language}")


def derived_keys(photo_key: str) -> list[str]:
    """Where everything lies that may ever have been made of a photo."""
    thumbs = [f"thumb-{version}" for version in range(1, THUMB_VERSION + 1)]
    cards = [f"card-{each}" for each in CARD_LANGUAGES]
    return [_key(photo_key, suffix) for suffix in (*thumbs, *cards, *OLD)]


def thumbnail(photo: bytes) -> bytes:
    """A photo of the storage, THUMB_WIDTH px wide, as a progressive JPEG."""
    image = Image.open(BytesIO(photo))
    # The decoder itself leaves out what is not needed for twice the width.
    image.draft("RGB", (2 * THUMB_WIDTH, 2 * round(THUMB_WIDTH * image.height / image.width)))
    height = max(1, round(THUMB_WIDTH * image.height / image.width))
    small = image.convert("RGB").resize((THUMB_WIDTH, height), Image.Resampling.LANCZOS, reducing_gap=2)
    made = BytesIO()
    small.save(made, "JPEG", quality=THUMB_QUALITY, progressive=True, optimize=True)
    return made.getvalue()


def _key(photo_key: str, suffix: str) -> str:
    return f"{photo_key.removesuffix('.jpg')}-{suffix}.jpg"
