"""Photos that KakaoTalk brought, as they lie in the inbox until they are judged.

The same call that comes again is the same errand. Before the person has agreed that photos are judged, an errand
waits without a job, and lapses when the addresses of its photos do.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from core.db import inbox
from core.db.dead_letters import claim_orphaned
from core.db.schema import Channel
from core.errors import MessengerError
from core.jobs.queue import conversation_lock_key, enqueue

if TYPE_CHECKING:
    from typing import Any

    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.kakao.payload import SkillRequest
    from core.db.inbox import InboxUpdate


from typing import TYPE_CHECKING
from uuid import UUID

from core import errors
from core.db import checkpoints
from core.errors import DailyLimitError, EvaError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


import asyncio
from typing import TYPE_CHECKING

import structlog

from bot.kakao.callback import post_callback
from bot.kakao.photo_fetcher import SafePhotoFetcher
from bot.kakao.presenter import ReplyPresenter
from core.db import people
from core.db.schema import IdentityProvider
from core.errors import (
    DeliveryError,
    PersonNotFoundError,
    RemotePhotoUnavailableError,
    StorageUnavailableError,
)
from core.jobs.maintenance import MAINTENANCE_QUEUE
from core.jobs.queue import RETRY_DELAYS, ExponentialBackoff
from core.metrics import DELIVERIES

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx
    from procrastinate import App, JobContext

    from core.conversation.service import ConversationService
    from core.db.inbox import InboxUpdate
    from core.db.people import Person


JUDGE_TASK = "kakao.photo"
"""The task that does an errand."""
EXPIRE_TASK = "kakao.lapse"
"""The task that drops an errand to which nobody agreed."""
ORPHAN_AGE = timedelta(minutes=2)
"""Age from which an errand without a job counts as lost."""
ORPHAN_BATCH = 100
MAX_PENDING_PHOTOS = 5
"""That wait for one consent; of more the latest."""
PHOTO_URL_LIFETIME = timedelta(minutes=10)
"""How long Kakao keeps a photo at its address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoRequest:
    """What there is to do about the photos of one call."""

    photo_urls: tuple[str, ...]
    callback_url: str | None
    """Where the verdict goes; None if the person waits for it, or asks."""
    requested_at: float
    """When the call came that wants the verdict, in seconds since 1970."""
    awaits_consent: bool

    def to_payload(self) -> dict[str, Any]:
        """As the inbox keeps it."""
        return {
            "photos": list(self.photo_urls),
            "callback_url": self.callback_url,
            "arrived": self.requested_at,
            "awaits_consent": self.awaits_consent,
        }


def request_from_update(update: InboxUpdate) -> PhotoRequest | None:
    """The errand in an update; None once it is done."""
    if update.payload is None:
        return None
    fields = update.payload
    return PhotoRequest(
        photo_urls=tuple(fields["photos"]),
        callback_url=fields["callback_url"],
        requested_at=fields["arrived"],
        awaits_consent=fields["awaits_consent"],
    )


def photos_still_available(update: InboxUpdate) -> bool:
    """Whether its photos can still be at their addresses."""
    return datetime.now(UTC) - update.received_at < PHOTO_URL_LIFETIME


async def store_request(connection: AsyncConnection, skill_request: SkillRequest, *, has_consent: bool) -> InboxUpdate:
    """Keep the photos of a call, with the job that judges them; a call that came before stays as it is.

    Photos that wait for consent already wait together with these, for one answer.

    Args:
        connection: the unit of work; the person is locked in it.
        call: with photos.
        agreed: whether they may be judged.
    """
    update_id = str(uuid5(NAMESPACE_URL, " ".join((skill_request.user_id, *skill_request.photo_urls))))
    earlier = None if has_consent else await inbox.get_latest(connection, Channel.KAKAO, skill_request.user_id)
    photos = (*_pending_photo_urls(earlier), *skill_request.photo_urls)[-MAX_PENDING_PHOTOS:]
    errand = PhotoRequest(
        photo_urls=photos,
        callback_url=skill_request.callback_url,
        requested_at=time.time(),
        awaits_consent=not has_consent,
    )
    number = await inbox.insert(
        connection, Channel.KAKAO, update_id, external_sender_id=skill_request.user_id, payload=errand.to_payload()
    )
    update = await inbox.get_by_external_id(connection, Channel.KAKAO, update_id)
    if update is None:
        raise MessengerError("forgotten while it was taken in")
    if number is not None and has_consent:
        await _enqueue_judging(connection, update)
    elif number is not None:
        if earlier is not None:
            await cancel_if_unconsented(connection, earlier.id)
        # Without a lock: what is enqueued for later would hold up the chat.
        await enqueue(connection, EXPIRE_TASK, lock=None, delay=PHOTO_URL_LIFETIME, inbox_id=number)
    elif has_consent and await grant_consent(connection, update, skill_request):
        return await inbox.get_by_external_id(connection, Channel.KAKAO, update_id) or update
    return update


async def grant_consent(connection: AsyncConnection, update: InboxUpdate, skill_request: SkillRequest) -> bool:
    """Let an errand be done that waited for consent; False if there is none to do.

    Args:
        connection: the unit of work; the person is locked in it.
        update: the errand's.
        call: the one that agrees, and that gets the verdict.
    """
    errand = request_from_update(update)
    if errand is None or not errand.awaits_consent or not photos_still_available(update):
        return False
    begun = replace(errand, awaits_consent=False, callback_url=skill_request.callback_url, requested_at=time.time())
    await inbox.update_payload(connection, update.id, begun.to_payload())
    await _enqueue_judging(connection, update)
    return True


async def cancel_if_unconsented(connection: AsyncConnection, inbox_id: int) -> None:
    """Drop an errand if it still waits for consent, with the addresses in it."""
    update = await inbox.get(connection, inbox_id)
    errand = None if update is None else request_from_update(update)
    if errand is not None and errand.awaits_consent:
        await inbox.mark_processed(connection, inbox_id)


async def requeue_orphans(connection: AsyncConnection) -> int:
    """Have those errands done that lost their job; how many they were. What waits for consent has one that ends it."""
    lost = await claim_orphaned(connection, Channel.KAKAO, min_age=ORPHAN_AGE, limit=ORPHAN_BATCH)
    for number, _ in lost:
        update = await inbox.get(connection, number)
        if update is not None:
            await _enqueue_judging(connection, update)
    return len(lost)


def _pending_photo_urls(update: InboxUpdate | None) -> tuple[str, ...]:
    """The photos of an errand that can still be agreed to."""
    errand = request_from_update(update) if update is not None and photos_still_available(update) else None
    return errand.photo_urls if errand is not None and errand.awaits_consent else ()


async def _enqueue_judging(connection: AsyncConnection, update: InboxUpdate) -> None:
    lock = conversation_lock_key(Channel.KAKAO, update.external_sender_id or "")
    await enqueue(connection, JUDGE_TASK, lock=lock, inbox_id=update.id)


LOOKS_CHECKPOINT, DUPLICATE_CHECKPOINT, ERROR_CHECKPOINT = "looks", "known", "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResult:
    """The looks that photos became, or why they did not."""

    look_ids: tuple[UUID, ...] = ()
    """In the order of the photos."""
    is_duplicate: bool = False
    """Whether Eva had seen the only photo before."""
    error: EvaError | None = None
    """Why one of the photos could not be judged: the first that failed."""


async def save_result(connection: AsyncConnection, inbox_id: int, result: JobResult) -> None:
    """Write an outcome down, once."""
    if result.look_ids:
        await checkpoints.record(connection, inbox_id, LOOKS_CHECKPOINT, data=" ".join(map(str, result.look_ids)))
    if result.is_duplicate:
        await checkpoints.record(connection, inbox_id, DUPLICATE_CHECKPOINT)
    if result.error is not None:
        # Of the details only the limit is told to people; others might hold something of theirs.
        detail = result.error.detail if isinstance(result.error, DailyLimitError) else ""
        name = type(result.error).__name__
        await checkpoints.record(connection, inbox_id, ERROR_CHECKPOINT, data=f"{name} {detail}".rstrip())


async def load_result(connection: AsyncConnection, inbox_id: int) -> JobResult | None:
    """The outcome, or None if there is none."""
    marks = await checkpoints.list_done(connection, inbox_id)
    if LOOKS_CHECKPOINT not in marks and ERROR_CHECKPOINT not in marks:
        return None
    name, _, detail = (marks.get(ERROR_CHECKPOINT) or "").partition(" ")
    return JobResult(
        look_ids=tuple(map(UUID, (marks.get(LOOKS_CHECKPOINT) or "").split())),
        is_duplicate=DUPLICATE_CHECKPOINT in marks,
        error=_restore_error(name, detail) if name else None,
    )


def _restore_error(name: str, detail: str) -> EvaError:
    kind = getattr(errors, name, None)
    # A newer version of Eva may have kept an error that this one does not know.
    return kind(detail) if isinstance(kind, type) and issubclass(kind, EvaError) else EvaError()


log = structlog.get_logger()

EVERY_MINUTE = "* * * * *"
CALLBACK_CHECKPOINT = "callback"
"""The mark of a verdict that was sent to its callback address, which takes one try."""
CALLBACK_TIMEOUT = 55.0
"""Seconds from the call's arrival in which its callback address is used; Kakao closes it after sixty."""
CALLBACK_DELAY = 0.5
"""Seconds after which the answer that promises a callback was surely written: Kakao refuses one that overtakes it."""
TRANSIENT_ERRORS = (RemotePhotoUnavailableError, StorageUnavailableError)
"""Failures that may be over a moment later."""


def register_tasks(conversation: ConversationService, client: httpx.AsyncClient) -> Callable[[App], None]:
    """What puts the tasks `kakao.photo` and `kakao.lapse` into an App.

    Args:
        stylist: looks at the photos.
        client: fetches them and sends verdicts; stays the caller's to close.
    """
    work = PhotoJobs(conversation, client)

    def put(app: App) -> None:
        app.task(name=JUDGE_TASK, retry=ExponentialBackoff(), pass_context=True)(work.judge_photos)
        app.task(name=EXPIRE_TASK, retry=ExponentialBackoff())(work.expire_consent)
        app.periodic(cron=EVERY_MINUTE)(app.task(name="kakao.lost", queue=MAINTENANCE_QUEUE)(work.requeue_orphans))

    return put


class PhotoJobs:
    """The tasks, with what they work with."""

    def __init__(self, conversation: ConversationService, client: httpx.AsyncClient) -> None:
        self._conversation, self._http_client = conversation, client
        self._database = conversation.resources.database
        self._fetcher = SafePhotoFetcher(client, conversation.settings)
        self._presenter = ReplyPresenter(conversation)

    async def judge_photos(self, context: JobContext, inbox_id: int) -> None:
        """Judge the photos of a call; begun again, it goes on where it was."""
        started = time.monotonic()
        async with self._database.transaction() as connection:
            update = await inbox.get(connection, inbox_id)
            errand = None if update is None else request_from_update(update)
            identity = (
                None
                if update is None or update.external_sender_id is None
                else await people.get_identity(connection, IdentityProvider.KAKAO, update.external_sender_id)
            )
            person = None if identity is None else await people.get(connection, identity.person_id)
            outcome = await load_result(connection, inbox_id)
        if update is None or errand is None or person is None:
            return
        if outcome is None:
            try:
                outcome = await self._judge_all(
                    update, errand, person, is_last_attempt=context.job.attempts >= len(RETRY_DELAYS)
                )
            except PersonNotFoundError:
                return
            async with self._database.transaction() as connection:
                await save_result(connection, inbox_id, outcome)
                if errand.callback_url is None:
                    await inbox.mark_processed(connection, inbox_id)
        if errand.callback_url is not None:
            await asyncio.sleep(max(0.0, started + CALLBACK_DELAY - time.monotonic()))
            await self._post_result(inbox_id, errand.callback_url, errand.requested_at + CALLBACK_TIMEOUT, person)
            async with self._database.transaction() as connection:
                await inbox.mark_processed(connection, inbox_id)

    async def expire_consent(self, inbox_id: int) -> None:
        """Drop photos to which nobody agreed."""
        async with self._database.transaction() as connection:
            await cancel_if_unconsented(connection, inbox_id)

    async def requeue_orphans(self, timestamp: int) -> None:
        """Take up errands whose job was lost."""
        async with self._database.transaction() as connection:
            if count := await requeue_orphans(connection):
                log.warning("taken up again", updates=count)

    async def _judge_all(
        self, update: InboxUpdate, request: PhotoRequest, person: Person, *, is_last_attempt: bool
    ) -> JobResult:
        """Look at all photos. Those of an earlier try are remembered by their source.

        Raises:
            PersonNotFoundError: the person was forgotten.
            RemotePhotoUnavailableError, StorageUnavailableError: and this is not the last try.
        """
        found, known, first_error = [], False, None
        for number, url in enumerate(request.photo_urls):
            try:
                data = await self._fetcher.fetch_photo(url)
                judged = await self._conversation.photo_judging.judge_photo(
                    data,
                    person_id=person.id,
                    channel=Channel.KAKAO,
                    source_message_id=f"{update.external_id}:{number}",
                    language=person.language,
                )
            except PersonNotFoundError:
                raise
            except EvaError as error:
                if isinstance(error, TRANSIENT_ERRORS) and not is_last_attempt:
                    raise
                log.info("not judged", inbox=update.id, error=type(error).__name__)
                first_error = first_error or error
            else:
                found.append(judged.look.id)
                known = judged.is_duplicate
        return JobResult(
            look_ids=tuple(dict.fromkeys(found)), is_duplicate=known and len(request.photo_urls) == 1, error=first_error
        )

    async def _post_result(self, inbox_id: int, url: str, deadline: float, person: Person) -> None:
        """Send what became of the photos to the callback address, once or, if it is too late, never.

        Unsent, it stays where the button that brings results finds it.
        """
        reply = await self._presenter.result_reply(inbox_id, person)
        async with self._database.transaction() as connection:
            if not await checkpoints.try_claim(connection, inbox_id, CALLBACK_CHECKPOINT):
                return
        outcome = "late"
        for pause in (*RETRY_DELAYS, None):
            if time.time() >= deadline:
                break
            try:
                acknowledged = await post_callback(self._http_client, url, reply, self._conversation.settings)
            except DeliveryError:
                outcome = "unreachable"
                if pause is None:
                    break
                await asyncio.sleep(pause)
            except EvaError as error:
                outcome = type(error).__name__
                break
            else:
                outcome = acknowledged.status
                break
        DELIVERIES.labels(Channel.KAKAO, outcome).inc()
        log.info("called back", inbox=inbox_id, outcome=outcome)
