"""Queue tasks for KakaoTalk: judge the photos of a request, and post the result to its callback URL."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import httpx
import structlog
from procrastinate import App
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.kakao import photo_requests
from bot.kakao.callback import post_callback
from bot.kakao.photo_fetcher import SafePhotoFetcher
from bot.kakao.photo_requests import EXPIRE_TASK, JUDGE_TASK, JobResult, PhotoOutcome, PhotoRequest
from bot.kakao.presenter import ReplyPresenter
from bot.kakao.replies import text_reply
from core.conversation.narration import error_message
from core.conversation.service import ConversationService
from core.db import inbox, people
from core.db.inbox import InboxUpdate
from core.db.people import Person
from core.db.schema import Channel, IdentityProvider
from core.errors import (
    DatabaseUnavailableError,
    DeliveryError,
    EvaError,
    ForbiddenUrlError,
    InvalidReplyError,
    PersonNotFoundError,
    RemotePhotoUnavailableError,
    StorageUnavailableError,
)
from core.jobs.maintenance import MAINTENANCE_QUEUE
from core.jobs.queue import enqueue
from core.jobs.worker import RETRY_DELAYS, ExponentialBackoff
from core.metrics import DELIVERIES, DeliveryOutcome
from core.services.photo_judging import PhotoSource

log = structlog.get_logger()

EVERY_MINUTE = "* * * * *"
CALLBACK_CHECKPOINT = "callback"
"""Claimed before the result is posted to the callback URL, which accepts one request."""
TRANSIENT_ERRORS = (RemotePhotoUnavailableError, StorageUnavailableError)
"""Errors after which a photo is tried again."""
MAX_PHOTOS = 16
"""Photos that may be in memory at once, of 20 MB at most, from their download until they are judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KakaoTiming:
    """Time limits of the channel."""

    result_wait: float = 3.5
    """Seconds from its arrival that a skill request waits for a result; shorter if many wait."""
    callback_delay: float = 0.5
    """Seconds from the start of a job until the callback: Kakao refuses one that arrives before the promise of it."""
    callback_timeout: float = 55.0
    """Seconds from the skill request in which its callback URL is used; Kakao closes it after 60."""
    retry_delays: Sequence[int] = RETRY_DELAYS
    """Seconds before each repeated attempt of a job or a callback."""


DEFAULT_TIMING = KakaoTiming()


class PhotoJobs:
    """The tasks `kakao.photo`, `kakao.lapse` and `kakao.lost`."""

    def __init__(
        self, conversation: ConversationService, client: httpx.AsyncClient, timing: KakaoTiming = DEFAULT_TIMING
    ) -> None:
        """Create the tasks. `client` fetches photos and posts callbacks; the caller closes it."""
        self.timing = timing
        self._conversation, self._http_client = conversation, client
        self._database = conversation.resources.database
        self._fetcher = SafePhotoFetcher(client, conversation.settings)
        self._presenter = ReplyPresenter(conversation)
        self._memory = asyncio.Semaphore(MAX_PHOTOS)

    def register_tasks(self, app: App) -> None:
        """Register the tasks with a queue."""
        backoff = ExponentialBackoff(self.timing.retry_delays)
        app.task(name=JUDGE_TASK, retry=backoff)(self.judge_photos)
        app.task(name=EXPIRE_TASK, retry=backoff)(self.expire_consent)
        app.periodic(cron=EVERY_MINUTE)(app.task(name="kakao.lost", queue=MAINTENANCE_QUEUE)(self.requeue_orphans))

    async def judge_photos(self, inbox_id: int, attempt: int = 0) -> None:
        """Judge the photos of a request; a repeated attempt continues after the last completed step.

        Args:
            inbox_id: the photo request.
            attempt: the number of attempts that could not fetch or store a photo. Those whose process was stopped or
                killed are none of them.
        """
        started_at = time.monotonic()
        async with self._database.transaction() as connection:
            update = await inbox.get(connection, inbox_id)
            request = None if update is None else PhotoRequest.from_update(update)
            person = None if update is None else await _get_sender(connection, update)
            result = await photo_requests.load_result(connection, inbox_id)
        if update is None or request is None or person is None:
            return
        if result is None:
            is_last_attempt = attempt >= len(self.timing.retry_delays)
            try:
                result = await self._judge_all(update, request, person, is_last_attempt=is_last_attempt)
            except PersonNotFoundError:
                return
            except TRANSIENT_ERRORS:
                delay = timedelta(seconds=self.timing.retry_delays[attempt])
                async with self._database.transaction() as connection:
                    # Without the lock of the conversation: a photo that hangs must not hold the next one.
                    await enqueue(
                        connection, JUDGE_TASK, lock=None, delay=delay, inbox_id=inbox_id, attempt=attempt + 1
                    )
                return
            except DatabaseUnavailableError:
                raise
            except Exception:
                # A bug, also one in SQL: never retried, always answered.
                log.exception("photo_job_failed", inbox_id=inbox_id)
                result = JobResult(outcomes=(PhotoOutcome(error=EvaError()),) * len(request.photo_urls))
            async with self._database.transaction() as connection:
                await photo_requests.save_result(connection, inbox_id, result)
                if request.callback_url is None:
                    await inbox.mark_processed(connection, inbox_id)
        if request.callback_url is not None:
            await asyncio.sleep(max(0.0, started_at + self.timing.callback_delay - time.monotonic()))
            deadline = request.requested_at + self.timing.callback_timeout
            await self._post_result(inbox_id, request.callback_url, deadline, person)
            async with self._database.transaction() as connection:
                await inbox.mark_processed(connection, inbox_id)

    async def expire_consent(self, inbox_id: int) -> None:
        """Cancel a photo request to which the person did not agree."""
        async with self._database.transaction() as connection:
            await photo_requests.cancel_if_unconsented(connection, inbox_id)

    async def requeue_orphans(self, timestamp: int) -> None:
        """Enqueue photo requests that lost their job."""
        async with self._database.transaction() as connection:
            if count := await photo_requests.requeue_orphans(connection):
                log.warning("updates_requeued", channel=Channel.KAKAO, count=count)

    async def _judge_all(
        self, update: InboxUpdate, request: PhotoRequest, person: Person, *, is_last_attempt: bool
    ) -> JobResult:
        """Judge all photos; those judged by an earlier attempt are found by their source.

        Args:
            update: the inbox row of the request.
            request: the photos.
            person: who sent them.
            is_last_attempt: whether a transient error is final.

        Raises:
            PersonNotFoundError: the person was erased.
            DatabaseUnavailableError: the database is not available.
            RemotePhotoUnavailableError, StorageUnavailableError: before the last attempt only.
        """
        outcomes, is_duplicate = [], False
        for number, url in enumerate(request.photo_urls):
            message_id = f"{update.external_id}:{number}"
            source = PhotoSource(
                person_id=person.id, channel=Channel.KAKAO, message_id=message_id, language=person.language
            )
            try:
                async with self._memory:
                    photo = await self._fetcher.fetch_photo(url)
                    judged = await self._conversation.photo_judging.judge_photo(photo, source)
            except (PersonNotFoundError, DatabaseUnavailableError):
                raise
            except EvaError as error:
                if isinstance(error, TRANSIENT_ERRORS) and not is_last_attempt:
                    raise
                log.info("photo_not_judged", inbox_id=update.id, error=type(error).__name__)
                outcomes.append(PhotoOutcome(error=error))
            else:
                outcomes.append(PhotoOutcome(look_id=judged.look.id))
                is_duplicate = judged.is_duplicate
        return JobResult(
            outcomes=tuple(outcomes),
            omitted_count=request.omitted_count,
            is_duplicate=is_duplicate and len(outcomes) == 1,
        )

    async def _post_result(self, inbox_id: int, url: str, deadline: float, person: Person) -> None:
        """Post the result to the callback URL, at most once.

        A result that was not posted is shown by the button for results. Whether one arrived that an earlier attempt was
        posting when its process was killed is not known, so the person is led to the button as well.

        Args:
            inbox_id: the photo request.
            url: the callback URL.
            deadline: when the URL expires, in seconds since 1970.
            person: who gets the result.
        """
        try:
            reply = await self._presenter.result_reply(inbox_id, person)
        except DatabaseUnavailableError:
            raise
        except Exception:
            # A bug, also one in SQL: the promised callback is answered in any case.
            log.exception("photo_job_failed", inbox_id=inbox_id)
            reply = text_reply(error_message(EvaError(), person.language), language=person.language)
        async with self._database.transaction() as connection:
            if not await inbox.record_checkpoint(connection, inbox_id, CALLBACK_CHECKPOINT):
                await photo_requests.record_failed_callback(connection, inbox_id)
                return
        outcome = DeliveryOutcome.LATE
        for delay in (*self.timing.retry_delays, None):
            if time.time() >= deadline:
                break
            try:
                outcome = (await post_callback(self._http_client, url, reply, self._conversation.settings)).outcome
                break
            except DeliveryError:
                outcome = DeliveryOutcome.UNREACHABLE
                if delay is None:
                    break
                await asyncio.sleep(delay)
            except (ForbiddenUrlError, InvalidReplyError) as error:
                log.error("callback_invalid", inbox_id=inbox_id, error=type(error).__name__)
                outcome = DeliveryOutcome.INVALID
                break
        if outcome is not DeliveryOutcome.SENT:
            async with self._database.transaction() as connection:
                await photo_requests.record_failed_callback(connection, inbox_id)
        DELIVERIES.labels(Channel.KAKAO, outcome).inc()
        log.info("callback_posted", inbox_id=inbox_id, outcome=outcome)


async def _get_sender(connection: AsyncConnection, update: InboxUpdate) -> Person | None:
    if update.external_sender_id is None:
        return None
    return await people.get_by_identity(connection, IdentityProvider.KAKAO, update.external_sender_id)
