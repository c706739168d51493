"""Storage of incoming updates: the update and its job are stored in one statement, before the update is parsed.

Only the routing fields are read here: sender, chat and album. `parsing` reads the rest in the job, since that takes
longer and can fail.
"""

import math
import re
from datetime import timedelta
from typing import Any

import structlog

from core.db import dead_letters, inbox
from core.db.schema import Channel, IdentityProvider
from core.errors import InvalidPayloadError
from core.jobs.queue import JobInsert, conversation_lock_key, enqueue
from core.resources import Resources

UPDATE_TASK, ALBUM_TASK = "telegram.update", "telegram.album"
"""Names of the tasks."""
UPDATE_TYPES = ("message", "callback_query", "inline_query", "my_chat_member", "message_reaction")
ALBUM_DELAY = timedelta(seconds=1.5)
"""Time to wait for more photos of an album after each of them."""
INTERACTIVE_PRIORITY = 10
"""Priority of button presses and inline queries, for which people expect an immediate response."""
ORPHAN_AGE = timedelta(minutes=2)
"""Age from which an update without a job counts as orphaned."""
ORPHAN_BATCH = 100
UNSTORABLE_CHARS = re.compile("[\0\ud800-\udfff]")
"""Characters that JSON can contain and PostgreSQL cannot store."""
MAX_ID_BITS = 52
"""Telegram's ids have at most 52 significant bits."""

log = structlog.get_logger()


async def store_update(resources: Resources, payload: object, *, album_delay: timedelta = ALBUM_DELAY) -> int | None:
    """Store an update together with its job.

    An update without a usable sender or chat is stored as processed, so that Telegram does not send it again.

    Args:
        resources: has the database.
        payload: the JSON of the update, of unknown origin.
        album_delay: time before the job of an album's photo starts.

    Returns:
        The inbox id; None if the update was stored before, or is of a type that is not handled.

    Raises:
        DatabaseUnavailableError: nothing was stored; Telegram must send the update again.
        InvalidPayloadError: there is no update id.
    """
    update_id = _get_id(payload, "update_id")
    if update_id is None or not isinstance(payload, dict):
        raise InvalidPayloadError("update_id")
    update_type = next((update_type for update_type in UPDATE_TYPES if update_type in payload), None)
    if update_type is None and len(payload) > 1:
        return None
    routing = None if update_type is None else _route(payload[update_type], update_type, album_delay)
    try:
        storable = {} if routing is None else _strip_unstorable(payload)
    except RecursionError:
        routing = None
    if routing is None:
        return await _store_as_processed(resources, str(update_id))
    user_id, job = routing
    async with resources.database.connection() as connection:
        return await inbox.insert_with_job(
            connection,
            Channel.TELEGRAM,
            str(update_id),
            external_sender_id=str(user_id),
            payload=storable,
            job=job,
        )


async def requeue_orphans(resources: Resources) -> int:
    """Enqueue orphaned updates again, each a limited number of times; see `core.db.dead_letters`.

    Returns:
        The number of updates that were enqueued.
    """
    async with resources.database.transaction() as connection:
        orphans = await dead_letters.claim_orphaned(
            connection, Channel.TELEGRAM, min_age=ORPHAN_AGE, limit=ORPHAN_BATCH
        )
        for inbox_id, payload in orphans:
            update_type = next((update_type for update_type in UPDATE_TYPES if update_type in payload), None)
            routing = None if update_type is None else _route(payload[update_type], update_type, ALBUM_DELAY)
            if routing is None:
                await inbox.mark_processed(connection, inbox_id)
                continue
            _, job = routing
            await enqueue(
                connection,
                job.task,
                lock=job.lock,
                delay=job.delay,
                priority=job.priority,
                inbox_id=inbox_id,
                **job.arguments,
            )
    return len(orphans)


async def _store_as_processed(resources: Resources, external_id: str) -> int | None:
    async with resources.database.transaction() as connection:
        inbox_id = await inbox.insert(connection, Channel.TELEGRAM, external_id, external_sender_id=None, payload={})
        if inbox_id is not None:
            await inbox.mark_processed(connection, inbox_id)
            log.warning("telegram_update_invalid", inbox_id=inbox_id)
        return inbox_id


def _route(body: object, update_type: str, album_delay: timedelta) -> tuple[int, JobInsert] | None:
    """The sender of an update and its job, without the inbox id; None if sender or chat are missing or invalid.

    Updates of one chat have the same lock, so that they are handled in order.
    """
    if not isinstance(body, dict):
        return None
    user_id = _get_id(body.get("user" if update_type == "message_reaction" else "from"))
    message = body.get("message") if update_type == "callback_query" else body
    chat_id = _get_id(message.get("chat")) if isinstance(message, dict) else None
    if user_id is None or (chat_id is None and update_type in {"message", "my_chat_member", "message_reaction"}):
        return None
    lock = None
    if update_type != "inline_query":
        lock = conversation_lock_key(IdentityProvider.TELEGRAM, str(chat_id or user_id))
    if update_type in {"inline_query", "callback_query"}:
        return user_id, JobInsert(task=UPDATE_TASK, lock=lock, priority=INTERACTIVE_PRIORITY)
    album_id = body.get("media_group_id")
    if update_type != "message" or not isinstance(album_id, str):
        return user_id, JobInsert(task=UPDATE_TASK, lock=lock)
    # One job for each photo, since the number of photos is unknown: the job of the last one replies to all.
    arguments = {"album_id": UNSTORABLE_CHARS.sub("", album_id)}
    return user_id, JobInsert(task=ALBUM_TASK, lock=lock, delay=album_delay, arguments=arguments)


def _get_id(value: object, key: str = "id") -> int | None:
    """An id in a JSON object; None if it is missing or not a valid one."""
    number = value.get(key) if isinstance(value, dict) else None
    is_valid = isinstance(number, int) and not isinstance(number, bool) and number.bit_length() <= MAX_ID_BITS
    return number if is_valid else None


def _strip_unstorable(value: Any) -> Any:
    """The same JSON value without what PostgreSQL cannot store."""
    if isinstance(value, str):
        return UNSTORABLE_CHARS.sub("", value)
    if isinstance(value, dict):
        return {UNSTORABLE_CHARS.sub("", key): _strip_unstorable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_strip_unstorable(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
