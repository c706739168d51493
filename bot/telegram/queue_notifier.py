"""Notices to people who wait: a chat action shortly before the answer, the position in the queue if that takes long."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

import structlog
from telegram import User
from telegram.constants import ChatAction

from bot.telegram.client import TelegramClient
from bot.telegram.delivery import QUEUE_NOTICE
from bot.telegram.ingest import ALBUM_TASK, UPDATE_TASK
from bot.telegram.outgoing_messages import text_messages
from bot.telegram.parsing import parse_update
from bot.telegram.updates import PhotoMessage
from core.db import inbox, people, queued_updates
from core.db.queued_updates import NoticeRule, WaitingPhoto
from core.db.schema import IdentityProvider
from core.errors import DatabaseUnavailableError, InvalidPayloadError, MessengerError
from core.i18n.translations import negotiate_language, translate
from core.resources import Resources

POLL_INTERVAL = 1.0
"""Seconds between two checks of the queue."""
LONGEST_PAUSE = 60.0
"""Seconds between two checks that fail because of a bug."""
TYPING_AFTER = timedelta(seconds=1)
POSITION = NoticeRule(
    checkpoint=QUEUE_NOTICE,
    waited=timedelta(seconds=5),
    remaining=timedelta(seconds=10),
    interval=timedelta(minutes=5),
)
"""A notice right before the answer would only delay it, and one for each of many photos would be a nuisance."""
SEND_SECONDS = 3.0
"""For sending notices, which are given up after it."""
MAX_CHATS = 20
"""Chats that get a notice at once, since notices count against the limit of messages per second."""

log = structlog.get_logger()


class QueueNotifier:
    """Sends notices about waiting photos; runs once in each worker process."""

    def __init__(
        self,
        resources: Resources,
        client: TelegramClient,
        me: User,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Create the notifier.

        Args:
            resources: has the database.
            client: sends the notices.
            me: the bot itself, from `getMe`.
            sleep: waits between two checks.
        """
        self._resources, self._client, self._me = resources, client, me
        self._sleep = sleep
        self._photos: dict[int, PhotoMessage | None] = {}
        """The waiting updates by inbox id, parsed once; None for those that get no notice."""

    async def run(self) -> None:
        """Send notices until canceled."""
        pause = POLL_INTERVAL
        while True:
            try:
                await self.notify_waiting()
                pause = POLL_INTERVAL
            except DatabaseUnavailableError as error:
                log.warning("database_unreachable", error=type(error).__name__)
            except Exception:
                # A bug here must not end the worker, which answers without notices as well.
                log.exception("queue_notices_failed")
                pause = min(2 * pause, LONGEST_PAUSE)
            await self._sleep(pause)

    async def notify_waiting(self) -> None:
        """Send the notices that are due now.

        Raises:
            DatabaseUnavailableError: the database cannot be reached.
        """
        async with self._resources.database.connection() as connection:
            waiting = await queued_updates.list_waiting(
                connection, [UPDATE_TASK, ALBUM_TASK], min_wait=TYPING_AFTER, notice=POSITION, limit=MAX_CHATS
            )
        self._photos = {
            update.id: self._photos[update.id] if update.id in self._photos else self._parse_photo(update)
            for update in waiting
        }
        # A chat from which Telegram demands a pause must not keep the notices of the others waiting.
        with suppress(TimeoutError):
            async with asyncio.timeout(SEND_SECONDS):
                await asyncio.gather(*map(self._notify, waiting))

    async def _notify(self, update: WaitingPhoto) -> None:
        photo = self._photos[update.id]
        if photo is None:
            return
        if update.needs_notice and await self._send_position(update, photo):
            return
        await self._client.show_chat_action(photo.chat_id, ChatAction.TYPING, photo.thread_id)

    def _parse_photo(self, update: WaitingPhoto) -> PhotoMessage | None:
        """The waiting photo; None for anything else, and for photos that are not addressed to the bot."""
        try:
            parsed = parse_update(update.payload, self._me)
        except InvalidPayloadError:
            return None
        return parsed if isinstance(parsed, PhotoMessage) else None

    async def _send_position(self, update: WaitingPhoto, photo: PhotoMessage) -> bool:
        """Send the position in the queue, once for each update; False if it was sent before."""
        async with self._resources.database.connection() as connection:
            if not await inbox.record_checkpoint(connection, update.id, QUEUE_NOTICE, data=photo.chat_id):
                return False
            person = await people.get_by_identity(connection, IdentityProvider.TELEGRAM, str(photo.user_id))
        language = negotiate_language(photo.language_code) if person is None else person.language
        (message,) = text_messages(translate("talk.queue", language, place=update.position))
        reply_to = None if photo.chat_id == photo.user_id else photo.message_id
        try:
            await self._client.send_message(photo.chat_id, message, reply_to=reply_to, thread_id=photo.thread_id)
        except MessengerError as error:
            log.info("queue_notice_not_sent", inbox_id=update.id, reason=type(error).__name__)
        return True
