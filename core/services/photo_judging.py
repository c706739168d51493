"""The path of a photo: from bytes to a stored look with its verdict and images.

The row of a look, with the keys of its images, is written before the images. So no image exists without a row, and
every step can be interrupted: the next attempt with the same source message continues with the same verdict.

See ADR 0008 and ADR 0023.
"""

import io
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from uuid import UUID

import structlog
from anyio import CancelScope, to_thread
from PIL import Image
from uuid_utils.compat import uuid7

from core.db import looks, rate_limits, submissions
from core.db.looks import Look
from core.db.schema import Channel
from core.db.submissions import LookInsert
from core.errors import DailyLimitError, DatabaseUnavailableError, LookNotFoundError, ObjectNotFoundError
from core.i18n.translations import Language
from core.metrics import PHOTOS, STEP_SECONDS
from core.object_storage import generate_key
from core.resources import Resources
from core.services.deletion import delete_later_if_unused
from core.services.heatmaps import encode_heatmap_jpeg
from core.vision.classifier import StyleClassifier
from core.vision.perceptual_hash import find_duplicate, perceptual_hash
from core.vision.verdict import ConfidenceBand, Verdict

log = structlog.get_logger()

DUPLICATE_WINDOW = 200
"""Number of a person's latest looks that are searched for the same photo."""
PHOTO_JPEG_QUALITY = 88
DAY_SECONDS = 86_400
"""The window of the limit of photos that are not stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedPhoto:
    """The result for one photo."""

    look: Look
    heatmap: bytes | None
    """The heatmap as JPEG if this call drew it, so that it need not be read back from the storage."""
    is_duplicate: bool
    """Whether the look was created earlier, from another message with the same photo."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnstoredPhoto:
    """The result for a photo of which nothing is stored."""

    verdict: Verdict
    heatmap: bytes | None
    """The heatmap as JPEG; None for a photo without an outfit."""
    seed: str
    """Selects the variants of the sentences, the same for the same file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoSource:
    """Whose photo it is, and where it was received."""

    person_id: UUID
    """The owner."""
    channel: Channel
    message_id: str
    """The message within that channel; one message is judged once."""
    language: Language
    """Of the conversation."""


class PhotoJudgingService:
    """Judges photos and stores them as looks; as many at a time as the processor limit of the resources allows."""

    def __init__(self, resources: Resources, classifier: StyleClassifier, *, daily_limit: int | None = None) -> None:
        """Create the service; the caller closes resources and classifier.

        Args:
            resources: database, storage and processor limit.
            classifier: classifies the photos.
            daily_limit: photos of one person that are judged a day; None for any number.
        """
        self._resources = resources
        self._classifier = classifier
        self._daily_limit = daily_limit
        self._cpu_limiter = resources.cpu_limiter

    async def judge_photo(self, data: bytes, source: PhotoSource, *, is_answered: bool = False) -> JudgedPhoto:
        """Judge a photo, or find the look of the same photo.

        Args:
            data: the file, untrusted.
            source: of the photo.
            is_answered: whether an earlier attempt began to send the reply; then no look is created.

        Raises:
            PhotoError: the bytes are not a photo that can be judged.
            DecoderUnavailableError: photos cannot be decoded at the moment.
            ModelError: the model cannot be used.
            DailyLimitError: the person has reached today's limit; duplicates do not count.
            PersonNotFoundError: the person was erased.
            LookNotFoundError: the look or its images were deleted meanwhile.
            StorageUnavailableError: the images could not be stored; another attempt continues from there.
        """
        look: Look | None = None
        counted_on: int | None = None
        try:
            async with self._resources.database.connection() as connection:
                state = await submissions.record_submission(
                    connection,
                    source.person_id,
                    source.message_id,
                    model=self._classifier.model_card.version,
                    limit=DUPLICATE_WINDOW,
                    daily_limit=self._daily_limit,
                )
            counted_on = state.counted_on
            if state.existing_look_id is not None:
                look = await self._get_look(state.existing_look_id)
            if look is not None and look.images_stored_at is not None:
                return JudgedPhoto(look=look, heatmap=None, is_duplicate=False)
            with STEP_SECONDS.labels("read").time():
                image = await to_thread.run_sync(
                    self._resources.decode_pool.decode_photo, data, limiter=self._resources.decode_limiter
                )
                photo_hash = await to_thread.run_sync(perceptual_hash, image, limiter=self._cpu_limiter)
            if look is not None:
                return await self._store_images(look, image)
            same = find_duplicate(photo_hash, [other_hash for _, other_hash in state.recent_hashes])
            if same is not None and (duplicate := await self._get_look(state.recent_hashes[same][0])) is not None:
                PHOTOS.labels(source.channel, "remembered").inc()
                return JudgedPhoto(look=duplicate, heatmap=None, is_duplicate=True)
            if self._daily_limit is not None and state.counted_on is None and state.existing_look_id is None:
                raise DailyLimitError(str(self._daily_limit))
            if is_answered:
                # The person deleted the look after its verdict had been sent.
                raise LookNotFoundError
            with STEP_SECONDS.labels("judge").time():
                verdict = await to_thread.run_sync(self._classifier.classify, image, limiter=self._cpu_limiter)
            new_look = LookInsert(
                id=uuid7(),
                person_id=source.person_id,
                channel=source.channel,
                source_message_id=source.message_id,
                photo_key=generate_key(),
                heatmap_key=generate_key(),
                width=image.width,
                height=image.height,
                private_photo_ttl=self._resources.private_photo_ttl,
                perceptual_hash=photo_hash,
                verdict=verdict,
                language=source.language,
            )
            async with self._resources.database.connection() as connection:
                look = await submissions.create(connection, new_look)
            return await self._store_images(look, image)
        except Exception as error:
            PHOTOS.labels(source.channel, type(error).__name__).inc()
            raise
        finally:
            if look is None and counted_on is not None:
                await self._uncount(source.person_id, counted_on)

    async def judge_unstored_photo(
        self, data: bytes, *, channel: Channel, asked_by: str, request_id: str, language: Language
    ) -> UnstoredPhoto:
        """Judge a photo that does not belong to the person who asks, and store nothing of it.

        Args:
            data: the file, untrusted.
            channel: where it was received.
            asked_by: who asks, as the channel names them. They may ask as often in 24 hours as they may send photos
                a day.
            request_id: of the request within the channel; its retries count once.
            language: of the tags on the heatmap.

        Raises:
            PhotoError: the bytes are not a photo that can be judged.
            DecoderUnavailableError: photos cannot be decoded at the moment.
            ModelError: the model cannot be used.
            DailyLimitError: the limit is reached.
        """
        try:
            image = await to_thread.run_sync(
                self._resources.decode_pool.decode_photo, data, limiter=self._resources.decode_limiter
            )
            await self._count_unstored(f"{channel} {asked_by}", f"{channel} {request_id}")
            verdict = await to_thread.run_sync(self._classifier.classify, image, limiter=self._cpu_limiter)
            heatmap = None
            if verdict.band is not ConfidenceBand.NOT_AN_OUTFIT:
                heatmap = await to_thread.run_sync(
                    encode_heatmap_jpeg, image, verdict, language, limiter=self._cpu_limiter
                )
        except Exception as error:
            PHOTOS.labels(channel, type(error).__name__).inc()
            raise
        PHOTOS.labels(channel, "unstored").inc()
        return UnstoredPhoto(verdict=verdict, heatmap=heatmap, seed=sha256(data).hexdigest())

    async def redraw_heatmap(self, look: Look) -> Look:
        """Draw the heatmap of a look again, with the tags of what its verdict names now.

        It gets a new key, since browsers keep a public image. If something else was corrected meanwhile, nothing is
        stored: that correction draws it. A job deletes what a process that is killed leaves in the storage.

        Returns:
            The look as it is now.

        Raises:
            DecoderUnavailableError: photos cannot be decoded at the moment.
            StorageUnavailableError: the images cannot be read, written or deleted.
        """
        if look.photo_key is None or look.heatmap_key is None:
            return look
        storage = self._resources.storage
        try:
            photo = await storage.get(look.photo_key)
        except ObjectNotFoundError:
            return look
        image = await to_thread.run_sync(
            self._resources.decode_pool.decode_photo, photo, limiter=self._resources.decode_limiter
        )
        heatmap = await to_thread.run_sync(
            encode_heatmap_jpeg, image, look.verdict, look.language, limiter=self._cpu_limiter
        )
        key = generate_key()
        async with self._resources.database.connection() as connection:
            await delete_later_if_unused(connection, look.id, key, look.heatmap_key)
        # A deletion locks the look: it either waits and deletes the new image, or comes first.
        async with self._resources.database.transaction() as connection:
            current = await looks.lock(connection, look.id)
            if current is None or current.heatmap_key is None:
                return look
            if current.item_corrections != look.item_corrections:
                return current
            await storage.put(key, heatmap)
            await looks.update_where(connection, look.id, heatmap_key=key)
        await storage.delete([current.heatmap_key])
        return replace(current, heatmap_key=key)

    async def _count_unstored(self, asked_by: str, request: str) -> None:
        """Count a photo that is not stored, unless an earlier attempt at the same request did.

        Raises:
            DailyLimitError: the limit is reached; then nothing is counted.
        """
        if self._daily_limit is None:
            return
        sign = self._resources.limit_signer.sign
        async with self._resources.database.transaction() as connection:
            attempts = await rate_limits.increment(connection, sign(f"unstored request {request}"), window=DAY_SECONDS)
            key = sign(f"unstored {asked_by}")
            if attempts == 1 and not await rate_limits.acquire(
                connection, key, limit=self._daily_limit, window=DAY_SECONDS
            ):
                raise DailyLimitError(str(self._daily_limit))

    async def _uncount(self, person_id: UUID, day: int) -> None:
        """Take a count back, unless the database is away: that must not hide why the photo was not judged."""
        with CancelScope(shield=True):
            try:
                async with self._resources.database.connection() as connection:
                    await submissions.uncount_photo(connection, person_id, day)
            except DatabaseUnavailableError as error:
                log.warning("database_unreachable", error=type(error).__name__)

    async def _get_look(self, look_id: UUID) -> Look | None:
        async with self._resources.database.connection() as connection:
            return await looks.get(connection, look_id)

    async def _store_images(self, look: Look, image: Image.Image) -> JudgedPhoto:
        """Store both images and record it; if the look was deleted meanwhile, delete them again."""
        if look.photo_key is None or look.heatmap_key is None:
            raise LookNotFoundError
        storage = self._resources.storage
        with STEP_SECONDS.labels("store").time():
            # Pixels only: the decoded photo has no metadata.
            save, photo = partial(image.save, format="JPEG", quality=PHOTO_JPEG_QUALITY), io.BytesIO()
            await to_thread.run_sync(save, photo, limiter=self._cpu_limiter)
            heatmap = await to_thread.run_sync(
                encode_heatmap_jpeg, image, look.verdict, look.language, limiter=self._cpu_limiter
            )
            await storage.put(look.photo_key, photo.getvalue())
            await storage.put(look.heatmap_key, heatmap)
            async with self._resources.database.connection() as connection:
                stored_at = await submissions.mark_images_stored(connection, look.id)
            if stored_at is None:
                await storage.delete([look.photo_key, look.heatmap_key])
                raise LookNotFoundError
        PHOTOS.labels(look.channel, look.verdict.band).inc()
        return JudgedPhoto(look=replace(look, images_stored_at=stored_at), heatmap=heatmap, is_duplicate=False)
