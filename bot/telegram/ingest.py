"""Takes in what Telegram brings: the update and its job in one unit of work, before anybody looks at what it says.

Here only the few fields are read that say whose it is and what has to be done about it; `incoming` reads the rest when
the job is done, since that takes longer and may stumble.
"""

import math
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from core.db import inbox
from core.db.dead_letters import claim_orphaned
from core.db.schema import Channel, IdentityProvider
from core.errors import InvalidPayloadError
from core.jobs.queue import JobInsert, conversation_lock_key, enqueue
from core.resources import Resources

UPDATE_TASK, ALBUM_TASK = "telegram.update", "telegram.album"
"""The queue's tasks."""
ALBUM_DELAY = timedelta(seconds=1.5)
"""How long an album waits for more photos after each."""
ORPHAN_AGE = timedelta(minutes=2)
"""Age from which an update without a job counts as lost: long after its job was enqueued with it."""
ORPHAN_BATCH = 100
UPDATE_TYPES = ("message", "callback_query", "inline_query", "my_chat_member")
INTERACTIVE_PRIORITY = 10
"""Priority of what people wait for with a finger on the screen."""
UNSTORABLE_CHARS = re.compile("[\0\ud800-\udfff]")
"""Characters that JSON can name and Postgres cannot hold."""
MAX_ID_BITS = 52

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class _RoutingInfo:
    """Whose an update is, and what has to be done about it."""

    user_id: int
    chat_id: int | None
    """The chat whose order it keeps; None where there is none."""
    album_id: str | None
    priority: int


async def store_update(resources: Resources, payload: object) -> int | None:
    """Keep an update, and have it answered.

    An update that is nonsense is kept as done, so that Telegram does not bring it again and again.

    Args:
        memory: where it is kept.
        payload: the JSON of the update.

    Returns:
        Its number in the inbox; None if it came before, or is of a kind that Eva does not answer.

    Raises:
        InvalidPayloadError: it has no number, so it cannot even be kept.
        Exception: the database is away, one of `DATABASE_FAULTS`; the update must come again.
    """
    if not isinstance(payload, dict) or not _is_storable_id(payload.get("update_id")):
        raise InvalidPayloadError("update_id")
    update_id = str(payload["update_id"])
    kind = next((kind for kind in UPDATE_TYPES if kind in payload), None)
    if kind is None and len(payload) > 1:
        return None
    envelope = _read_routing(payload[kind], kind) if kind else None
    try:
        storable: dict[str, Any] = _strip_unstorable(payload) if envelope else {}
    except RecursionError:
        envelope, storable = None, {}
    if envelope is None:
        return await _store_as_processed(resources, update_id)
    async with resources.database.connection() as connection:
        return await inbox.insert_with_job(
            connection,
            Channel.TELEGRAM,
            update_id,
            external_sender_id=str(envelope.user_id),
            payload=storable,
            job=_build_job(envelope),
        )


async def _store_as_processed(resources: Resources, update_id: str) -> int | None:
    async with resources.database.transaction() as connection:
        number = await inbox.insert(connection, Channel.TELEGRAM, update_id, external_sender_id=None, payload={})
        if number is not None:
            await inbox.mark_processed(connection, number)
            log.warning("an update makes no sense", inbox=number)
        return number


async def requeue_orphans(resources: Resources) -> int:
    """Have those updates answered that lost their job; how many they were."""
    async with resources.database.transaction() as connection:
        lost = await claim_orphaned(connection, Channel.TELEGRAM, min_age=ORPHAN_AGE, limit=ORPHAN_BATCH)
        for number, payload in lost:
            kind = next((kind for kind in UPDATE_TYPES if kind in payload), None)
            envelope = _read_routing(payload[kind], kind) if kind else None
            if envelope is None:
                await inbox.mark_processed(connection, number)
            else:
                job = _build_job(envelope)
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


def _build_job(routing: _RoutingInfo) -> JobInsert:
    """What answers an update, but for its number."""
    lock = None if routing.chat_id is None else conversation_lock_key(IdentityProvider.TELEGRAM, str(routing.chat_id))
    if routing.album_id is None:
        return JobInsert(task=UPDATE_TASK, lock=lock, priority=routing.priority)
    # One job for each photo: the last one's answers for all, whenever it came.
    return JobInsert(
        task=ALBUM_TASK, lock=lock, delay=ALBUM_DELAY, arguments={"album": _strip_unstorable(routing.album_id)}
    )


def _read_routing(body: object, kind: str) -> _RoutingInfo | None:
    """What is needed of an update; None if it is nonsense."""
    if not isinstance(body, dict):
        return None
    sender, message = _get_id(body.get("from")), body.get("message") if kind == "callback_query" else body
    chat = _get_id(message.get("chat")) if isinstance(message, dict) else None
    if sender is None or (chat is None and kind in {"message", "my_chat_member"}):
        return None
    if kind == "inline_query":
        # It is answered beside the chat with Eva, and Telegram does not wait for long.
        return _RoutingInfo(user_id=sender, chat_id=None, album_id=None, priority=INTERACTIVE_PRIORITY)
    if kind == "callback_query":
        return _RoutingInfo(
            user_id=sender, chat_id=sender if chat is None else chat, album_id=None, priority=INTERACTIVE_PRIORITY
        )
    album = body.get("media_group_id") if kind == "message" else None
    return _RoutingInfo(user_id=sender, chat_id=chat, album_id=album if isinstance(album, str) else None, priority=0)


def _get_id(value: object) -> int | None:
    number = value.get("id") if isinstance(value, dict) else None
    return number if isinstance(number, int) and _is_storable_id(number) else None


def _is_storable_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value.bit_length() <= MAX_ID_BITS


def _strip_unstorable(value: Any) -> Any:
    """The same JSON, as far as Postgres can hold it."""
    if isinstance(value, str):
        return UNSTORABLE_CHARS.sub("", value)
    if isinstance(value, dict):
        return {UNSTORABLE_CHARS.sub("", key): _strip_unstorable(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_strip_unstorable(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
