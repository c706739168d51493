"""Manners under load: who waits sees that Eva knows, and after a while hears how many are before them."""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection
from telegram import User
from telegram.constants import ChatAction

from bot.telegram.client import TelegramClient
from bot.telegram.delivery import QUEUE_NOTICE
from bot.telegram.formatting import text_messages
from bot.telegram.ingest import ALBUM_TASK, UPDATE_TASK
from bot.telegram.parsing import PhotoMessage, parse_update
from core.db import checkpoints, people
from core.db.database import CONNECTION_ERRORS
from core.db.inbox import QueuedUpdate, list_waiting
from core.db.schema import IdentityProvider
from core.errors import InvalidPayloadError, MessengerError
from core.i18n.translations import Language, negotiate_language, translate
from core.resources import Resources

POLL_INTERVAL = 1.0
"""Seconds between two looks at the queue."""
TYPING_AFTER = timedelta(seconds=1)
POSITION_AFTER = timedelta(seconds=5)
CHAT_ACTION_TTL = 4.5
"""Seconds for which a chat needs no new sign: Telegram shows one for five."""
MAX_CHATS = 20
"""Chats that are looked after: signs count against the limit of messages, and shall not slow down the answers."""

log = structlog.get_logger()


class QueueNotifier:
    """Looks after those who wait; one for each process that answers."""

    def __init__(
        self, resources: Resources, client: TelegramClient, me: User, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Args: memory; sender; me, the bot itself; clock, that of the event loop."""
        self._resources, self._client, self._me, self._clock = resources, client, me, clock
        self._chat_action_sent_at: dict[int, float] = {}

    async def run(self) -> None:
        """Look after them until cancelled."""
        while True:
            try:
                await self.notify_waiting()
            except CONNECTION_ERRORS as fault:
                log.warning("the database cannot be reached", fault=type(fault).__name__)
            await asyncio.sleep(POLL_INTERVAL)

    async def notify_waiting(self) -> None:
        """Look after those who wait right now.

        Raises:
            Exception: the database is away, one of `DATABASE_FAULTS`.
        """
        async with self._resources.database.transaction() as connection:
            found = await list_waiting(connection, [UPDATE_TASK, ALBUM_TASK], min_wait=TYPING_AFTER, limit=MAX_CHATS)
        now = self._clock()
        self._chat_action_sent_at = {
            chat: at for chat, at in self._chat_action_sent_at.items() if at > now - CHAT_ACTION_TTL
        }
        await asyncio.gather(*map(self._notify, found))

    async def _notify(self, update: QueuedUpdate) -> None:
        photo = self._parse_photo(update)
        if photo is None:
            return
        if update.waited >= POSITION_AFTER and update.position > 0 and await self._send_position(update, photo):
            return
        if photo.chat_id not in self._chat_action_sent_at:
            self._chat_action_sent_at[photo.chat_id] = self._clock()
            await self._client.send_chat_action_once(photo.chat_id, ChatAction.TYPING)

    def _parse_photo(self, update: QueuedUpdate) -> PhotoMessage | None:
        """What waits, if it is a photo that is meant for Eva."""
        try:
            incoming = parse_update(update.payload, self._me)
        except InvalidPayloadError:
            return None
        return incoming if isinstance(incoming, PhotoMessage) else None

    async def _send_position(self, update: QueuedUpdate, photo: PhotoMessage) -> bool:
        """Say the place in the queue, if nobody did."""
        async with self._resources.database.transaction() as connection:
            if not await checkpoints.try_claim(connection, update.id, QUEUE_NOTICE):
                return False
            language = await _get_language(connection, photo)
        (message,) = text_messages(translate("talk.queue", language, place=update.position))
        reply_to = None if photo.chat_id == photo.user_id else photo.message_id
        try:
            await self._client.send_message(photo.chat_id, message, reply_to=reply_to)
        except MessengerError as error:
            log.info("the place was not told", inbox=update.id, reason=type(error).__name__)
        return True


async def _get_language(connection: AsyncConnection, photo: PhotoMessage) -> Language:
    identity = await people.get_identity(connection, IdentityProvider.TELEGRAM, str(photo.user_id))
    person = await people.get(connection, identity.person_id) if identity is not None else None
    return person.language if person is not None else negotiate_language(photo.language_code)
