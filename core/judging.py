"""The one way of a photo: from bytes to a look that Eva remembers, with its verdict and its pictures.

A look's row, with the keys of its pictures, is written before the pictures are. So there is never a picture that
no row knows, and every step may be cut short: the next try with the same source goes on where it was, with the
verdict that was given.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anyio import to_thread

from core.days import midnight
from core.db import looks, pictures
from core.errors import DailyLimit, EvaError, LookGone
from core.ids import uuid7
from core.meters import PHOTOS, STEP_SECONDS
from core.photos import read_photo
from core.storage import new_key
from core.vision.fingerprint import fingerprint, is_same
from core.vision.overlay import heat_jpeg

if TYPE_CHECKING:
    from uuid import UUID

    from PIL import Image
    from sqlalchemy.ext.asyncio import AsyncConnection

    from core.db.looks import Look
    from core.db.tables import Channel
    from core.memory import Memory
    from core.vision.classifier import StyleClassifier

__all__ = ["Judged", "Judging"]

RECENT = 200
"""A person's latest looks among which a photo is looked for that comes again."""
QUALITY = 88


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What became of a photo."""

    look: Look
    known: bool
    """Whether Eva had seen the photo before, from another message, and answers from memory."""


class Judging:
    """Judges photos, as many at a time as there are cores, and remembers them."""

    def __init__(self, memory: Memory, classifier: StyleClassifier, *, daily_photos: int | None = None) -> None:
        """Put the service together; memory and classifier stay the caller's to close.

        Args:
            memory: where looks go.
            classifier: judges.
            daily_photos: how many photos of one person are judged in a day; None for any number.
        """
        self._memory = memory
        self._classifier = classifier
        self._daily_photos = daily_photos
        self._cores = memory.cores

    async def judge(self, data: bytes, *, person_id: UUID, channel: Channel, source: str, language: str) -> Judged:
        """Judge a photo, or find out what was said about it before.

        Args:
            data: the file, of unknown origin.
            person_id: whose photo it is.
            channel: where it came from.
            source: what it is to that channel, e.g. chat and message; the same source is judged once.
            language: the language in which Eva answers, two letters.

        Raises:
            PhotoError: the bytes are no photo that Eva can judge.
            ModelError: the model cannot be used.
            DailyLimit: the person has shown too many photos today; one that is answered from memory is not counted.
            PersonGone: the person was forgotten.
            LookGone: the look, or its pictures, were deleted meanwhile.
            StorageUnavailable: the pictures could not be stored; trying again goes on from there.
        """
        try:
            judged = await self._judge(data, person_id=person_id, channel=channel, source=source, language=language)
        except EvaError as error:
            PHOTOS.labels(channel, type(error).__name__).inc()
            raise
        PHOTOS.labels(channel, "remembered" if judged.known else judged.look.verdict.band).inc()
        return judged

    async def _judge(self, data: bytes, *, person_id: UUID, channel: Channel, source: str, language: str) -> Judged:
        database = self._memory.database
        async with database.direct() as connection:
            begun = await looks.by_source(connection, person_id, source)
        if begun is not None and begun.stored_at is not None:
            return Judged(look=begun, known=False)
        with STEP_SECONDS.labels("read").time():
            picture = await to_thread.run_sync(read_photo, data, limiter=self._cores)
        if begun is not None:
            return Judged(look=await self._store(begun, picture.image), known=False)
        hashed = await to_thread.run_sync(fingerprint, picture.image, limiter=self._cores)
        async with database.direct() as connection:
            if (known := await self._remembered(connection, person_id, hashed)) is not None:
                return Judged(look=known, known=True)
            await self._count(connection, person_id)
        with STEP_SECONDS.labels("judge").time():
            verdict = await to_thread.run_sync(self._classifier.judge, picture, limiter=self._cores)
        width, height = picture.image.size
        new = looks.NewLook(
            id=uuid7(),
            person_id=person_id,
            channel=channel,
            source=source,
            photo_key=new_key(),
            cam_key=new_key(),
            width=width,
            height=height,
            fingerprint=hashed,
            verdict=verdict,
            language=language,
        )
        async with database.direct() as connection:
            added = await looks.add(connection, new)
        with STEP_SECONDS.labels("store").time():
            return Judged(look=await self._store(added, picture.image), known=False)

    async def _remembered(self, connection: AsyncConnection, person_id: UUID, hashed: bytes) -> Look | None:
        recent = await pictures.recent_fingerprints(
            connection, person_id, model=self._classifier.card.version, limit=RECENT
        )
        same = next((look_id for look_id, other in recent if is_same(hashed, other)), None)
        return None if same is None else await looks.get(connection, same)

    async def _count(self, connection: AsyncConnection, person_id: UUID) -> None:
        if self._daily_photos is None:
            return
        shown = await looks.count_since(connection, person_id, midnight())
        if shown >= self._daily_photos:
            raise DailyLimit(str(self._daily_photos))

    async def _store(self, look: Look, image: Image.Image) -> Look:
        """Store both pictures and note it; without a look that may have pictures, none stay."""
        if look.photo_key is None or look.cam_key is None:
            raise LookGone
        storage = self._memory.storage
        await storage.put(look.photo_key, await to_thread.run_sync(_jpeg, image, limiter=self._cores))
        heat = await to_thread.run_sync(heat_jpeg, image, look.verdict.cam, limiter=self._cores)
        await storage.put(look.cam_key, heat)
        async with self._memory.database.direct() as connection:
            stored = await pictures.mark_stored(connection, look.id)
        if stored is None:
            await storage.delete([look.photo_key, look.cam_key])
            raise LookGone
        return stored


def _jpeg(image: Image.Image) -> bytes:
    """The picture as Eva saw it, without anything that is not pixels."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()
