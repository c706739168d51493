"""Photos sent on KakaoTalk, stored in the inbox until a job has judged them, and the results of these jobs.

A repeated skill request is the same photo request. Until the person has agreed that photos are judged, a photo request
has no job, and it is canceled when Kakao deletes the photos.
"""

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.kakao.payload import SkillRequest
from core import errors
from core.conversation.album_summary import MAX_ALBUM_PHOTOS
from core.db import inbox
from core.db.inbox import InboxUpdate
from core.db.queued_updates import claim_orphaned
from core.db.schema import Channel
from core.errors import DailyLimitError, EvaError, MessengerError
from core.jobs.queue import conversation_lock_key, enqueue

JUDGE_TASK = "kakao.photo"
"""The task that judges the photos of a request."""
EXPIRE_TASK = "kakao.lapse"
"""The task that cancels a request without consent."""
PHOTO_URL_LIFETIME = timedelta(minutes=10)
"""How long Kakao keeps a photo at its URL."""
RESULT_CHECKPOINT = "result"
FAILED_CALLBACK_CHECKPOINT, SHOWN_CHECKPOINT = "callback_failed", "shown"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoRequest:
    """The photos of one or more skill requests, to be answered together."""

    photo_urls: tuple[str, ...]
    callback_url: str | None
    """Where the verdict is sent; None if the person waits for it or asks for it later."""
    requested_at: float
    """When the verdict was requested, in seconds since 1970."""
    awaits_consent: bool
    omitted_count: int = 0
    """Photos beyond `MAX_ALBUM_PHOTOS`, which are not judged."""
    is_asked_last: bool = True
    """Whether the question for consent is the newest thing that the person was asked."""

    @classmethod
    def from_update(cls, update: InboxUpdate) -> Self | None:
        """The photo request in an inbox row; None if it has been processed."""
        if update.payload is None:
            return None
        payload = update.payload
        return cls(
            photo_urls=tuple(payload["photo_urls"]),
            callback_url=payload["callback_url"],
            requested_at=payload["requested_at"],
            awaits_consent=payload["awaits_consent"],
            omitted_count=payload.get("omitted_count", 0),
            is_asked_last=payload.get("is_asked_last", True),
        )

    def to_payload(self) -> dict[str, Any]:
        """The request as the inbox stores it."""
        return {
            "photo_urls": list(self.photo_urls),
            "callback_url": self.callback_url,
            "requested_at": self.requested_at,
            "awaits_consent": self.awaits_consent,
            "omitted_count": self.omitted_count,
            "is_asked_last": self.is_asked_last,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoOutcome:
    """The outcome of one photo: a look, or an error."""

    look_id: UUID | None = None
    error: EvaError | None = None
    """Why it could not be judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResult:
    """The outcome of a photo request."""

    outcomes: tuple[PhotoOutcome, ...]
    """One for each photo, in their order."""
    omitted_count: int = 0
    """Photos that were not judged because too many were sent at once."""
    is_duplicate: bool = False
    """Whether the only photo had been judged before."""


def photos_still_available(update: InboxUpdate) -> bool:
    """Whether Kakao may still have the photos of a request."""
    return datetime.now(UTC) - update.received_at < PHOTO_URL_LIFETIME


def get_unconsented(update: InboxUpdate | None) -> PhotoRequest | None:
    """The photo request that waits for consent, while Kakao may still have its photos; None for any other update."""
    if update is None or not photos_still_available(update):
        return None
    request = PhotoRequest.from_update(update)
    return request if request is not None and request.awaits_consent else None


async def update_consent_question(connection: AsyncConnection, update: InboxUpdate) -> None:
    """Record that something else was said: from now on only the card's own words and buttons answer it."""
    request = PhotoRequest.from_update(update)
    if request is not None and request.awaits_consent and request.is_asked_last:
        await inbox.update_payload(connection, update.id, replace(request, is_asked_last=False).to_payload())


async def store_request(connection: AsyncConnection, skill_request: SkillRequest, *, has_consent: bool) -> InboxUpdate:
    """Store the photos of a skill request together with their job; a repeated request is not stored again.

    Photos that already wait for consent are added to the new ones, so that all get one answer.

    Args:
        connection: a transaction that has locked the person.
        skill_request: a request with photos.
        has_consent: whether the photos may be judged.

    Raises:
        MessengerError: the row was deleted in the same moment.
    """
    external_id = str(uuid5(NAMESPACE_URL, " ".join((skill_request.user_id, *skill_request.photo_urls))))
    earlier = None if has_consent else await inbox.get_latest(connection, Channel.KAKAO, skill_request.user_id)
    pending = get_unconsented(earlier)
    photo_urls = (*(() if pending is None else pending.photo_urls), *skill_request.photo_urls)
    request = PhotoRequest(
        photo_urls=photo_urls[:MAX_ALBUM_PHOTOS],
        callback_url=skill_request.callback_url,
        requested_at=time.time(),
        awaits_consent=not has_consent,
        omitted_count=len(photo_urls[MAX_ALBUM_PHOTOS:]) + (0 if pending is None else pending.omitted_count),
    )
    new_id = await inbox.insert(
        connection, Channel.KAKAO, external_id, external_sender_id=skill_request.user_id, payload=request.to_payload()
    )
    update = await inbox.get_by_external_id(connection, Channel.KAKAO, external_id)
    if update is None:
        raise MessengerError("the photo request was deleted while it was stored")
    if new_id is None:
        if has_consent and await grant_consent(connection, update, skill_request):
            return await inbox.get_by_external_id(connection, Channel.KAKAO, external_id) or update
    elif has_consent:
        await _enqueue_judging(connection, update)
    else:
        if earlier is not None:
            await cancel_if_unconsented(connection, earlier.id)
        # Without a lock: a job that waits for its time would block the conversation.
        await enqueue(connection, EXPIRE_TASK, lock=None, delay=PHOTO_URL_LIFETIME, inbox_id=new_id)
    return update


async def grant_consent(connection: AsyncConnection, update: InboxUpdate, skill_request: SkillRequest) -> bool:
    """Start the job of a photo request that waits for consent.

    Args:
        connection: a transaction that has locked the person.
        update: the photo request.
        skill_request: the request that grants consent and gets the verdict.

    Returns:
        Whether there was such a photo request.
    """
    request = get_unconsented(update)
    if request is None:
        return False
    request = replace(request, awaits_consent=False, callback_url=skill_request.callback_url, requested_at=time.time())
    await inbox.update_payload(connection, update.id, request.to_payload())
    await _enqueue_judging(connection, update)
    return True


async def cancel_if_unconsented(connection: AsyncConnection, inbox_id: int) -> None:
    """Cancel a photo request that still waits for consent, and delete its URLs."""
    update = await inbox.get(connection, inbox_id)
    request = None if update is None else PhotoRequest.from_update(update)
    if request is not None and request.awaits_consent:
        await inbox.mark_processed(connection, inbox_id)


async def requeue_orphans(connection: AsyncConnection) -> int:
    """Enqueue photo requests that lost their job, and count them; without consent they are canceled instead."""
    orphans = await claim_orphaned(connection, Channel.KAKAO)
    count = 0
    for inbox_id, _ in orphans:
        update = await inbox.get(connection, inbox_id)
        request = None if update is None else PhotoRequest.from_update(update)
        if request is not None and request.awaits_consent:
            await inbox.mark_processed(connection, inbox_id)
        elif update is not None and update.processed_at is None:
            await _enqueue_judging(connection, update)
            count += 1
    return count


async def record_failed_callback(connection: AsyncConnection, inbox_id: int) -> None:
    """Record that a promised result did not arrive."""
    await inbox.record_checkpoint(connection, inbox_id, FAILED_CALLBACK_CHECKPOINT, data=None)


async def owes_result(connection: AsyncConnection, update: InboxUpdate) -> bool:
    """Whether a result was promised for a photo request and neither arrived nor was shown since."""
    done = await inbox.list_checkpoints(connection, update.id)
    return FAILED_CALLBACK_CHECKPOINT in done and SHOWN_CHECKPOINT not in done


async def record_shown(connection: AsyncConnection, inbox_id: int) -> None:
    """Record that the person asked for the result."""
    await inbox.record_checkpoint(connection, inbox_id, SHOWN_CHECKPOINT, data=None)


async def save_result(connection: AsyncConnection, inbox_id: int, result: JobResult) -> None:
    """Record the result of a job; a result that was recorded before stays."""
    data = {
        "outcomes": [_outcome_to_json(outcome) for outcome in result.outcomes],
        "omitted_count": result.omitted_count,
        "is_duplicate": result.is_duplicate,
    }
    await inbox.record_checkpoint(connection, inbox_id, RESULT_CHECKPOINT, data=data)


async def load_result(connection: AsyncConnection, inbox_id: int) -> JobResult | None:
    """The recorded result of a job, None before there is one."""
    data = (await inbox.list_checkpoints(connection, inbox_id)).get(RESULT_CHECKPOINT)
    if data is None:
        return None
    return JobResult(
        outcomes=tuple(
            PhotoOutcome(
                look_id=None if outcome["look_id"] is None else UUID(outcome["look_id"]),
                error=None if outcome["error"] is None else _restore_error(outcome["error"], outcome["detail"]),
            )
            for outcome in data["outcomes"]
        ),
        omitted_count=data["omitted_count"],
        is_duplicate=data["is_duplicate"],
    )


def _outcome_to_json(outcome: PhotoOutcome) -> dict[str, str | None]:
    # The limit is the only detail that is shown to people; other details may contain personal data.
    detail = outcome.error.detail if isinstance(outcome.error, DailyLimitError) else ""
    return {
        "look_id": None if outcome.look_id is None else str(outcome.look_id),
        "error": None if outcome.error is None else type(outcome.error).__name__,
        "detail": detail,
    }


def _restore_error(name: str, detail: str) -> EvaError:
    error_type = getattr(errors, name, None)
    if not (isinstance(error_type, type) and issubclass(error_type, EvaError)):
        return EvaError()  # recorded by another version of Eva
    return error_type(detail)


async def _enqueue_judging(connection: AsyncConnection, update: InboxUpdate) -> None:
    lock = conversation_lock_key(Channel.KAKAO, update.external_sender_id or "")
    await enqueue(connection, JUDGE_TASK, lock=lock, inbox_id=update.id)
