"""Takes in what Telegram brings: the update and its job in one unit of work, before anybody looks at what it says.

Here only the few fields are read that say whose it is and what has to be done about it; `incoming` reads the rest when
the job is done, since that takes longer and may stumble.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from core.db import inbox
from core.db.tables import Channel, Provider
from core.db.waiting import orphans
from core.errors import MalformedCall
from core.queue import NewJob, chat_lock, enqueue

if TYPE_CHECKING:
    from typing import Any

    from core.memory import Memory

__all__ = ["ALBUM", "UPDATE", "adopt", "take_in"]

UPDATE, ALBUM = "telegram.update", "telegram.album"
"""The queue's tasks."""
GATHER = timedelta(seconds=1.5)
"""How long an album waits for more photos after each."""
LOST = timedelta(minutes=2)
"""Age from which an update without a job counts as lost: long after its job was enqueued with it."""
MOST = 100
KINDS = ("message", "callback_query", "inline_query", "my_chat_member")
PRESSED = 10
"""Priority of what people wait for with a finger on the screen."""
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""Characters that JSON can name and Postgres cannot hold."""
MOST_BITS = 52

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Envelope:
    """Whose an update is, and what has to be done about it."""

    sender: int
    chat: int | None
    """The chat whose order it keeps; None where there is none."""
    album: str | None
    priority: int


async def take_in(memory: Memory, payload: object) -> int | None:
    """Keep an update, and have it answered.

    An update that is nonsense is kept as done, so that Telegram does not bring it again and again.

    Args:
        memory: where it is kept.
        payload: the JSON of the update.

    Returns:
        Its number in the inbox; None if it came before, or is of a kind that Eva does not answer.

    Raises:
        MalformedCall: it has no number, so it cannot even be kept.
        Exception: the database is away, one of `DATABASE_FAULTS`; the update must come again.
    """
    if not isinstance(payload, dict) or not _is_id(payload.get("update_id")):
        raise MalformedCall("update_id")
    update_id = str(payload["update_id"])
    kind = next((kind for kind in KINDS if kind in payload), None)
    if kind is None and len(payload) > 1:
        return None
    envelope = _read(payload[kind], kind) if kind else None
    try:
        storable: dict[str, Any] = _storable(payload) if envelope else {}
    except RecursionError:
        envelope, storable = None, {}
    if envelope is None:
        return await _keep_nonsense(memory, update_id)
    async with memory.database.direct() as connection:
        return await inbox.receive_for(
            connection,
            Channel.TELEGRAM,
            update_id,
            sender=str(envelope.sender),
            payload=storable,
            job=_job(envelope),
        )


async def _keep_nonsense(memory: Memory, update_id: str) -> int | None:
    async with memory.database.begin() as connection:
        number = await inbox.receive(connection, Channel.TELEGRAM, update_id, sender=None, payload={})
        if number is not None:
            await inbox.finish(connection, number)
            log.warning("an update makes no sense", inbox=number)
        return number


async def adopt(memory: Memory) -> int:
    """Have those updates answered that lost their job; how many they were."""
    async with memory.database.begin() as connection:
        lost = await orphans(connection, Channel.TELEGRAM, age=LOST, limit=MOST)
        for number, payload in lost:
            kind = next((kind for kind in KINDS if kind in payload), None)
            envelope = _read(payload[kind], kind) if kind else None
            if envelope is None:
                await inbox.finish(connection, number)
            else:
                job = _job(envelope)
                await enqueue(
                    connection,
                    job.task,
                    lock=job.lock,
                    delay=job.delay,
                    priority=job.priority,
                    inbox_id=number,
                    **job.arguments,
                )
    return len(lost)


def _job(envelope: _Envelope) -> NewJob:
    """What answers an update, but for its number."""
    lock = None if envelope.chat is None else chat_lock(Provider.TELEGRAM, str(envelope.chat))
    if envelope.album is None:
        return NewJob(task=UPDATE, lock=lock, priority=envelope.priority)
    # One job for each photo: the last one's answers for all, whenever it came.
    return NewJob(task=ALBUM, lock=lock, delay=GATHER, arguments={"album": _storable(envelope.album)})


def _read(body: object, kind: str) -> _Envelope | None:
    """What is needed of an update; None if it is nonsense."""
    if not isinstance(body, dict):
        return None
    sender, message = _id_of(body.get("from")), body.get("message") if kind == "callback_query" else body
    chat = _id_of(message.get("chat")) if isinstance(message, dict) else None
    if sender is None or (chat is None and kind in {"message", "my_chat_member"}):
        return None
    if kind == "inline_query":
        # It is answered beside the chat with Eva, and Telegram does not wait for long.
        return _Envelope(sender=sender, chat=None, album=None, priority=PRESSED)
    if kind == "callback_query":
        return _Envelope(sender=sender, chat=sender if chat is None else chat, album=None, priority=PRESSED)
    album = body.get("media_group_id") if kind == "message" else None
    return _Envelope(sender=sender, chat=chat, album=album if isinstance(album, str) else None, priority=0)


def _id_of(whom: object) -> int | None:
    number = whom.get("id") if isinstance(whom, dict) else None
    return number if isinstance(number, int) and _is_id(number) else None


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value.bit_length() <= MOST_BITS


def _storable(value: Any) -> Any:
    """The same JSON, as far as Postgres can hold it."""
    if isinstance(value, str):
        return UNSTORABLE.sub("", value)
    if isinstance(value, dict):
        return {UNSTORABLE.sub("", key): _storable(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_storable(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
