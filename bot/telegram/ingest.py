"""Storage of incoming updates: the update and its job are stored in one statement, before the update is parsed.

Only the routing fields are read here: sender, chat and album. `parsing` reads the rest in the job, since that takes
longer and can fail.

See ADR 0004.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

import structlog
from pydantic import Field, TypeAdapter, ValidationError

from core.db import inbox, queued_updates
from core.db.schema import Channel, IdentityProvider
from core.errors import InvalidPayloadError
from core.jobs.queue import JobInsert, conversation_lock_key, enqueue
from core.resources import Resources

UPDATE_TASK, ALBUM_TASK = "telegram.update", "telegram.album"
"""Names of the tasks."""
TELEGRAM_QUEUE = "telegram"
"""Of all jobs that need Telegram: a worker that has not reached it yet leaves them to the others."""
UPDATE_TYPES = ("message", "callback_query", "inline_query", "my_chat_member", "message_reaction")
ALBUM_DELAY = timedelta(seconds=1.5)
"""Time to wait for more photos of an album after each of them."""
INTERACTIVE_PRIORITY = 10
"""Priority of button presses and inline queries, for which people expect an immediate response."""
UNSTORABLE_CHARS = re.compile("[\0\ud800-\udfff]")
"""Characters that JSON can contain and PostgreSQL cannot store."""
MAYBE_UNSTORABLE = re.compile(r"\\u(?:0000|d[89a-f])|NaN|Infinity")
"""Such a character or number in encoded JSON; also each pair of surrogates, and text that looks like it."""
TELEGRAM_ID = TypeAdapter(Annotated[int, Field(strict=True, gt=-(2**52), lt=2**52)])
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
    if not isinstance(payload, dict):
        raise InvalidPayloadError("update")
    try:
        update_id = TELEGRAM_ID.validate_python(payload.get("update_id"))
    except ValidationError as error:
        raise InvalidPayloadError("update_id") from error
    if len(payload) > 1 and payload.keys().isdisjoint(UPDATE_TYPES):
        return None
    routing = _route(payload, album_delay)
    try:
        encoded = json.dumps(payload)
        if MAYBE_UNSTORABLE.search(encoded):
            encoded = json.dumps(_strip_unstorable(payload))
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
            payload=encoded,
            job=job,
        )


async def requeue_orphans(resources: Resources) -> int:
    """Enqueue orphaned updates again, each a limited number of times; see `core.db.queued_updates`.

    Returns:
        The number of updates that were enqueued.
    """
    async with resources.database.transaction() as connection:
        orphans = await queued_updates.claim_orphaned(connection, Channel.TELEGRAM)
        for inbox_id, payload in orphans:
            routing = _route(payload, ALBUM_DELAY)
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
                queue=job.queue,
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


def _route(payload: Mapping[str, Any], album_delay: timedelta) -> tuple[int, JobInsert] | None:
    """The sender of an update and its job, without the inbox id; None if sender or chat are missing or invalid.

    Updates of one chat have the same lock, so that they are handled in order.
    """
    kind = next((kind for kind in UPDATE_TYPES if kind in payload), "")
    try:
        body = payload[kind]
        user_id = TELEGRAM_ID.validate_python(body["user" if kind == "message_reaction" else "from"]["id"])
        lock = None
        if kind != "inline_query":
            # A button below an inline result is in no chat that the bot is in.
            message = body.get("message") or {"chat": {"id": user_id}} if kind == "callback_query" else body
            chat_id = TELEGRAM_ID.validate_python(message["chat"]["id"])
            lock = conversation_lock_key(IdentityProvider.TELEGRAM, str(chat_id))
    except (AttributeError, LookupError, TypeError, ValidationError):
        return None
    priority = INTERACTIVE_PRIORITY if kind in {"inline_query", "callback_query"} else 0
    job = JobInsert(task=UPDATE_TASK, lock=lock, priority=priority, queue=TELEGRAM_QUEUE)
    if kind == "message" and isinstance(album_id := body.get("media_group_id"), str):
        # One job for each photo, since the number of photos is unknown: the job of the last one replies to all.
        arguments = {"album_id": UNSTORABLE_CHARS.sub("", album_id)}
        job = replace(job, task=ALBUM_TASK, delay=album_delay, arguments=arguments)
    return user_id, job


def _strip_unstorable(value: Any) -> Any:
    """The same JSON value without what PostgreSQL cannot store."""
    if isinstance(value, str):
        return UNSTORABLE_CHARS.sub("", value)
    if isinstance(value, dict):
        return {UNSTORABLE_CHARS.sub("", key): _strip_unstorable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_strip_unstorable(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
