"""Delivery of the reply to one update, message by message: a repeated job does not send a message twice."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection
from telegram.constants import ChatAction

from bot.telegram.client import TelegramClient
from bot.telegram.keyboards import Keyboards
from bot.telegram.outgoing_messages import OutgoingMessage, text_messages
from bot.telegram.updates import IncomingUpdate
from core.conversation.narration import error_message
from core.conversation.reply import ReplyKind
from core.db import inbox
from core.db.identities import mark_blocked
from core.db.people import Person
from core.db.schema import IdentityProvider
from core.errors import (
    ChatUnavailableError,
    DeliveryError,
    EvaError,
    FloodWaitError,
    MessageRejectedError,
    ObjectNotFoundError,
    UpdateTakenOverError,
)
from core.i18n.translations import negotiate_language
from core.metrics import STEP_SECONDS
from core.resources import Resources

REPLY_STEP = "decision"
"""Name of the checkpoint that holds the reply of the business logic."""
QUEUE_NOTICE = "queue"
"""Name of the checkpoint of the notice about the position in the queue; see `queue_notifier`."""

log = structlog.get_logger()


class UpdateDelivery:
    """The reply to one update, or to all updates of an album, and how far it got."""

    def __init__(
        self,
        resources: Resources,
        client: TelegramClient,
        update: IncomingUpdate,
        *,
        sender: Person | None,
        inbox_ids: Sequence[int],
        done: Mapping[str, Any],
    ) -> None:
        """Start or continue a reply.

        Args:
            resources: database and object storage.
            client: sends the messages.
            update: the update to reply to.
            sender: who sent it, if they are known.
            inbox_ids: ids of all updates that this reply settles; the last one holds the checkpoints.
            done: the checkpoints of earlier attempts.
        """
        self.resources, self.client = resources, client
        self.inbox_ids, self.inbox_id = inbox_ids, inbox_ids[-1]
        self.user_id, self.chat_id = update.user_id, update.chat_id
        self.is_private = update.chat_id == update.user_id
        """Whether the sender alone reads the reply."""
        self.sender = sender
        self.language = negotiate_language(update.language_code) if sender is None else sender.language
        """Language of the reply: Telegram's setting until the person's own choice is known."""
        self._reply_to = None if self.is_private else update.message_id
        self._thread_id = update.thread_id
        self.covers_photos = update.is_covered and not self.is_private
        """Whether the photos of the reply are covered, as what was sent to a group is."""
        self.look_ids: dict[int, str] = {}
        """Ids of the looks of messages, for `inbox.find_look_id`: of judged photos, and of what was sent about them."""
        self.is_last_attempt = False
        """Whether what cannot be fetched or stored now has failed for good."""
        self._done = dict(done)
        self.has_sent_anything = any(name != QUEUE_NOTICE for name in done)
        """Whether this attempt or an earlier one sent a message of the reply."""
        self.is_erasure = (self._done.get(REPLY_STEP) or {}).get("kind") == ReplyKind.ACCOUNT_ERASED
        """Whether the sender was erased by this update, of which nothing stays once it is answered."""

    @property
    def keyboards(self) -> Keyboards:
        """The keyboards for the sender, in the language of the reply."""
        return Keyboards(
            owner_id=self.user_id,
            language=self.language,
            is_private=self.is_private,
            bot_username=self.client.bot_username,
            finds_similar=self.resources.finds_similar_looks,
        )

    @asynccontextmanager
    async def chat_action(self, action: ChatAction) -> AsyncGenerator[None, None]:
        """Show a chat action ("typing...") while the block runs; failures to do so are ignored."""
        showing = self.client.show_chat_action(self.chat_id, action, self._thread_id, is_repeated=True)
        task = asyncio.create_task(showing)
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def checkpoint(self, name: str) -> Any:
        """The data of a checkpoint of this attempt or an earlier one; None if there is none."""
        return self._done.get(name)

    async def record_checkpoint(
        self, name: str, data: Any = None, *, transaction: AsyncConnection | None = None
    ) -> None:
        """Record a step as done, with JSON data that later attempts need: ids only, nothing that a person wrote.

        Args:
            name: of the step.
            data: the JSON data.
            transaction: of the step, with which the checkpoint is committed; None commits it at once.

        Raises:
            UpdateTakenOverError: another worker recorded it first.
        """
        self._done[name], self.has_sent_anything = data, True
        context = self.resources.database.connection() if transaction is None else nullcontext(transaction)
        async with context as connection:
            is_first = await inbox.record_checkpoint(connection, self.inbox_id, name, data=data)
            if not is_first and await inbox.get(connection, self.inbox_id) is not None:
                raise UpdateTakenOverError

    async def send_all(self, step: str, messages: Sequence[OutgoingMessage], *, look_id: UUID | None = None) -> None:
        """Send the messages that no earlier attempt sent, recording each one.

        Args:
            step: names the messages together, once in a reply.
            messages: the same ones in every attempt.
            look_id: the look that they are about: what replies to one of them is about it, too.

        Raises:
            ChatUnavailableError: the bot was blocked, or the chat was deleted; recorded for private chats.
            DeliveryError: Telegram could not be reached; a later attempt continues here.
            MessageRejectedError: Telegram rejects one of the messages.
            UpdateTakenOverError: another worker sent the same message.
        """
        for number, message in enumerate(messages, start=1):
            name = f"{step}.{number}"
            if name in self._done:
                continue
            try:
                with STEP_SECONDS.labels("deliver").time():
                    message_id = await self.client.send_message(
                        self.chat_id,
                        replace(message, is_covered=True) if self.covers_photos else message,
                        reply_to=self._reply_to,
                        thread_id=self._thread_id,
                    )
            except ChatUnavailableError:
                if self.is_private:
                    async with self.resources.database.connection() as connection:
                        await mark_blocked(connection, IdentityProvider.TELEGRAM, str(self.chat_id))
                raise
            self._reply_to = None
            if message_id is not None and look_id is not None:
                self.look_ids[message_id] = str(look_id)
            # Ids of messages in groups are those of other messages in the private chat.
            await self.record_checkpoint(name, self.look_ids if self.is_private else {})

    async def send_error(self, error: EvaError, *, is_last_attempt: bool) -> None:
        """Apologize for an error.

        Raises:
            DeliveryError: Telegram could not be reached, and this is not the last attempt, or it demands a wait.
        """
        try:
            await self.send_all("error", text_messages(error_message(error, self.language)))
        except FloodWaitError:
            raise
        except DeliveryError:
            if not is_last_attempt:
                raise
            log.error("apology_not_delivered", inbox_id=self.inbox_id)
        except (ChatUnavailableError, MessageRejectedError) as refusal:
            log.info("recipient_unreachable", inbox_id=self.inbox_id, reason=type(refusal).__name__)

    async def load_image(self, key: str | None) -> bytes | None:
        """Load an image from the object storage; None if it was deleted.

        Raises:
            StorageUnavailableError: the object storage does not answer.
        """
        if key is None:
            return None
        try:
            return await self.resources.storage.get(key)
        except ObjectNotFoundError:
            return None
