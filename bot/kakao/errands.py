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
from core.db.tables import Channel
from core.db.waiting import orphans
from core.errors import MessengerError
from core.queue import chat_lock, enqueue

if TYPE_CHECKING:
    from typing import Any

    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.kakao.payload import SkillCall
    from core.db.inbox import Update

__all__ = ["JUDGE", "LAPSE", "Errand", "adopt", "agree", "drop", "errand_of", "is_fresh", "take_in"]

JUDGE = "kakao.photo"
"""The task that does an errand."""
LAPSE = "kakao.lapse"
"""The task that drops an errand to which nobody agreed."""
LOST = timedelta(minutes=2)
"""Age from which an errand without a job counts as lost."""
MOST = 100
MOST_PHOTOS = 5
"""That wait for one consent; of more the latest."""
GOOD_FOR = timedelta(minutes=10)
"""How long Kakao keeps a photo at its address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What there is to do about the photos of one call."""

    photos: tuple[str, ...]
    callback_url: str | None
    """Where the verdict goes; None if the person waits for it, or asks."""
    arrived: float
    """When the call came that wants the verdict, in seconds since 1970."""
    awaits_consent: bool

    def as_payload(self) -> dict[str, Any]:
        """As the inbox keeps it."""
        return {
            "photos": list(self.photos),
            "callback_url": self.callback_url,
            "arrived": self.arrived,
            "awaits_consent": self.awaits_consent,
        }


def errand_of(update: Update) -> Errand | None:
    """The errand in an update; None once it is done."""
    if update.payload is None:
        return None
    fields = update.payload
    return Errand(
        photos=tuple(fields["photos"]),
        callback_url=fields["callback_url"],
        arrived=fields["arrived"],
        awaits_consent=fields["awaits_consent"],
    )


def is_fresh(update: Update) -> bool:
    """Whether its photos can still be at their addresses."""
    return datetime.now(UTC) - update.received_at < GOOD_FOR


async def take_in(connection: AsyncConnection, call: SkillCall, *, agreed: bool) -> Update:
    """Keep the photos of a call, with the job that judges them; a call that came before stays as it is.

    Photos that wait for consent already wait together with these, for one answer.

    Args:
        connection: the unit of work; the person is locked in it.
        call: with photos.
        agreed: whether they may be judged.
    """
    update_id = str(uuid5(NAMESPACE_URL, " ".join((call.user, *call.photos))))
    earlier = None if agreed else await inbox.latest(connection, Channel.KAKAO, call.user)
    photos = (*_waiting(earlier), *call.photos)[-MOST_PHOTOS:]
    errand = Errand(photos=photos, callback_url=call.callback_url, arrived=time.time(), awaits_consent=not agreed)
    number = await inbox.receive(connection, Channel.KAKAO, update_id, sender=call.user, payload=errand.as_payload())
    update = await inbox.find(connection, Channel.KAKAO, update_id)
    if update is None:
        raise MessengerError("forgotten while it was taken in")
    if number is not None and agreed:
        await _enqueue(connection, update)
    elif number is not None:
        if earlier is not None:
            await drop(connection, earlier.id)
        # Without a lock: what is enqueued for later would hold up the chat.
        await enqueue(connection, LAPSE, lock=None, delay=GOOD_FOR, inbox_id=number)
    elif agreed and await agree(connection, update, call):
        return await inbox.find(connection, Channel.KAKAO, update_id) or update
    return update


async def agree(connection: AsyncConnection, update: Update, call: SkillCall) -> bool:
    """Let an errand be done that waited for consent; False if there is none to do.

    Args:
        connection: the unit of work; the person is locked in it.
        update: the errand's.
        call: the one that agrees, and that gets the verdict.
    """
    errand = errand_of(update)
    if errand is None or not errand.awaits_consent or not is_fresh(update):
        return False
    begun = replace(errand, awaits_consent=False, callback_url=call.callback_url, arrived=time.time())
    await inbox.rewrite(connection, update.id, begun.as_payload())
    await _enqueue(connection, update)
    return True


async def drop(connection: AsyncConnection, inbox_id: int) -> None:
    """Drop an errand if it still waits for consent, with the addresses in it."""
    update = await inbox.get(connection, inbox_id)
    errand = None if update is None else errand_of(update)
    if errand is not None and errand.awaits_consent:
        await inbox.finish(connection, inbox_id)


async def adopt(connection: AsyncConnection) -> int:
    """Have those errands done that lost their job; how many they were. What waits for consent has one that ends it."""
    lost = await orphans(connection, Channel.KAKAO, age=LOST, limit=MOST)
    for number, _ in lost:
        update = await inbox.get(connection, number)
        if update is not None:
            await _enqueue(connection, update)
    return len(lost)


def _waiting(update: Update | None) -> tuple[str, ...]:
    """The photos of an errand that can still be agreed to."""
    errand = errand_of(update) if update is not None and is_fresh(update) else None
    return errand.photos if errand is not None and errand.awaits_consent else ()


async def _enqueue(connection: AsyncConnection, update: Update) -> None:
    lock = chat_lock(Channel.KAKAO, update.sender or "")
    await enqueue(connection, JUDGE, lock=lock, inbox_id=update.id)
