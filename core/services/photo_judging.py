"""The one way of a photo: from bytes to a look that Eva remembers, with its verdict and its pictures.

A look's row, with the keys of its pictures, is written before the pictures are. So there is never a picture that
no row knows, and every step may be cut short: the next try with the same source goes on where it was, with the
verdict that was given.
"""

import io
from dataclasses import dataclass
from uuid import UUID

from anyio import to_thread
from PIL import Image
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import look_images, looks
from core.db.looks import Look
from core.db.schema import Channel
from core.errors import DailyLimitError, EvaError, LookNotFoundError
from core.images.decoding import decode_photo
from core.metrics import PHOTOS, STEP_SECONDS
from core.object_storage import generate_key
from core.resources import Resources
from core.seoul_time import start_of_day
from core.uuid7 import uuid7
from core.vision.classifier import StyleClassifier
from core.vision.heatmap import encode_heatmap_jpeg
from core.vision.perceptual_hash import is_duplicate, perceptual_hash

DUPLICATE_WINDOW = 200
"""A person's latest looks among which a photo is looked for that comes again."""
PHOTO_JPEG_QUALITY = 88


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedPhoto:
    """What became of a photo."""

    look: Look
    is_duplicate: bool
    """Whether Eva had seen the photo before, from another message, and answers from memory."""


class PhotoJudgingService:
    """Judges photos, as many at a time as there are cores, and remembers them."""

    def __init__(self, resources: Resources, classifier: StyleClassifier, *, daily_limit: int | None = None) -> None:
        """Put the service together; memory and classifier stay the caller's to close.

        Args:
            memory: where looks go.
            classifier: judges.
            daily_photos: how many photos of one person are judged in a day; None for any number.
        """
        self._resources = resources
        self._classifier = classifier
        self._daily_limit = daily_limit
        self._cpu_limiter = resources.cpu_limiter

    async def judge_photo(
        self, data: bytes, *, person_id: UUID, channel: Channel, source_message_id: str, language: str
    ) -> JudgedPhoto:
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
            DailyLimitError: the person has sent too many photos today; duplicates are not counted.
            PersonNotFoundError: the person was forgotten.
            LookNotFoundError: the look, or its pictures, were deleted meanwhile.
            StorageUnavailableError: the pictures could not be stored; trying again goes on from there.
        """
        try:
            judged = await self._judge_photo(
                data, person_id=person_id, channel=channel, source_message_id=source_message_id, language=language
            )
        except EvaError as error:
            PHOTOS.labels(channel, type(error).__name__).inc()
            raise
        PHOTOS.labels(channel, "remembered" if judged.is_duplicate else judged.look.verdict.band).inc()
        return judged

    async def _judge_photo(
        self, data: bytes, *, person_id: UUID, channel: Channel, source_message_id: str, language: str
    ) -> JudgedPhoto:
        database = self._resources.database
        async with database.connection() as connection:
            begun = await looks.get_by_source(connection, person_id, source_message_id)
        if begun is not None and begun.images_stored_at is not None:
            return JudgedPhoto(look=begun, is_duplicate=False)
        with STEP_SECONDS.labels("read").time():
            picture = await to_thread.run_sync(decode_photo, data, limiter=self._cpu_limiter)
        if begun is not None:
            return JudgedPhoto(look=await self._store_images(begun, picture), is_duplicate=False)
        hashed = await to_thread.run_sync(perceptual_hash, picture, limiter=self._cpu_limiter)
        async with database.connection() as connection:
            if (known := await self._find_duplicate(connection, person_id, hashed)) is not None:
                return JudgedPhoto(look=known, is_duplicate=True)
            await self._enforce_daily_limit(connection, person_id)
        with STEP_SECONDS.labels("judge").time():
            verdict = await to_thread.run_sync(self._classifier.classify, picture, limiter=self._cpu_limiter)
        width, height = picture.size
        new = looks.LookInsert(
            id=uuid7(),
            person_id=person_id,
            channel=channel,
            source_message_id=source_message_id,
            photo_key=generate_key(),
            heatmap_key=generate_key(),
            width=width,
            height=height,
            perceptual_hash=hashed,
            verdict=verdict,
            language=language,
        )
        async with database.connection() as connection:
            added = await looks.create(connection, new)
        with STEP_SECONDS.labels("store").time():
            return JudgedPhoto(look=await self._store_images(added, picture), is_duplicate=False)

    async def _find_duplicate(self, connection: AsyncConnection, person_id: UUID, photo_hash: bytes) -> Look | None:
        recent = await look_images.list_recent_hashes(
            connection, person_id, model=self._classifier.model_card.version, limit=DUPLICATE_WINDOW
        )
        same = next((look_id for look_id, other in recent if is_duplicate(photo_hash, other)), None)
        return None if same is None else await looks.get(connection, same)

    async def _enforce_daily_limit(self, connection: AsyncConnection, person_id: UUID) -> None:
        if self._daily_limit is None:
            return
        shown = await looks.count_since(connection, person_id, start_of_day())
        if shown >= self._daily_limit:
            raise DailyLimitError(str(self._daily_limit))

    async def _store_images(self, look: Look, image: Image.Image) -> Look:
        """Store both pictures and note it; without a look that may have pictures, none stay."""
        if look.photo_key is None or look.heatmap_key is None:
            raise LookNotFoundError
        storage = self._resources.storage
        await storage.put(look.photo_key, await to_thread.run_sync(_encode_jpeg, image, limiter=self._cpu_limiter))
        heat = await to_thread.run_sync(encode_heatmap_jpeg, image, look.verdict.cam, limiter=self._cpu_limiter)
        await storage.put(look.heatmap_key, heat)
        async with self._resources.database.connection() as connection:
            stored = await look_images.mark_images_stored(connection, look.id)
        if stored is None:
            await storage.delete([look.photo_key, look.heatmap_key])
            raise LookNotFoundError
        return stored


def _encode_jpeg(image: Image.Image) -> bytes:
    """The picture as Eva saw it, without anything that is not pixels."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=PHOTO_JPEG_QUALITY)
    return buffer.getvalue()
