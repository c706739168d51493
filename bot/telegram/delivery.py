"""The answer to one update, message by message: what was sent before a crash is not sent again."""

from contextlib import AbstractAsyncContextManager

from telegram.constants import ChatAction

from bot.telegram.client import SendResult, SendStatus, TelegramClient
from bot.telegram.formatting import OutgoingMessage
from bot.telegram.parsing import IncomingUpdate
from core.db import checkpoints, people
from core.db.schema import Channel, IdentityProvider
from core.errors import ChatUnavailableError, ObjectNotFoundError
from core.i18n.translations import negotiate_language
from core.metrics import DELIVERIES, STEP_SECONDS
from core.resources import Resources

QUEUE_NOTICE = "queue"
"""The step in which somebody else told the person how long it takes."""


class UpdateDelivery:
    """One answer on its way."""

    def __init__(
        self,
        resources: Resources,
        client: TelegramClient,
        inbox_id: int,
        update: IncomingUpdate,
        sent: dict[str, str | None],
    ) -> None:
        """Begin, or go on with, the answer to an update.

        Args:
            memory: where each step is noted.
            sender: sends.
            inbox_id: the update's number in the inbox.
            incoming: what it says.
            sent: the steps of earlier tries, see `deliveries.sent`.
        """
        self.resources, self.client, self.inbox_id = resources, client, inbox_id
        self.chat_id, self.is_private = update.chat_id, update.chat_id == update.user_id
        self.language = negotiate_language(update.language_code)
        """What to speak; the person's own choice, once that is known."""
        self._reply_to = None if self.is_private else update.message_id
        self._sent = sent

    async def send_all(self, step: str, *messages: OutgoingMessage) -> None:
        """Send messages, each as one step, those that were not sent yet.

        Args:
            part: the name of what they are together; within an answer each one is used once.
            messages: the same in every try.

        Raises:
            ChatUnavailableError: nobody reads here any more.
            DeliveryError: Telegram could not be reached; a later try goes on from there.
            MessageRejectedError: Telegram will not take one of them.
        """
        for place, message in enumerate(messages, start=1):
            step = f"{step}.{place}"
            if step not in self._sent:
                receipt = await self._send_one(message)
                await self.record_checkpoint(step, str(receipt.message_id or ""))

    @property
    def has_sent_anything(self) -> bool:
        """Whether anything was sent, in this try or an earlier one."""
        return any(step != QUEUE_NOTICE for step in self._sent)

    def checkpoint(self, step: str) -> str | None:
        """What was noted under a step, in this try or an earlier one."""
        return self._sent.get(step)

    async def record_checkpoint(self, step: str, words: str = "") -> None:
        """Note that a step is done."""
        self._sent[step] = words
        async with self.resources.database.connection() as connection:
            await checkpoints.record(connection, self.inbox_id, step, data=words)

    def chat_action(self, action: ChatAction) -> AbstractAsyncContextManager[None]:
        """Show in the chat that Eva is at it."""
        return self.client.chat_action(self.chat_id, action)

    async def load_image(self, key: str | None) -> bytes | None:
        """A picture from the storage; None if it was deleted.

        Raises:
            StorageUnavailableError: the place does not answer.
        """
        if key is None:
            return None
        try:
            return await self.resources.storage.get(key)
        except ObjectNotFoundError:
            return None

    async def _send_one(self, message: OutgoingMessage) -> SendResult:
        with STEP_SECONDS.labels("deliver").time():
            receipt = await self.client.send_message(self.chat_id, message, reply_to=self._reply_to)
            if receipt.status is SendStatus.MIGRATED and receipt.migrated_to is not None:
                self.chat_id, self._reply_to = receipt.migrated_to, None
                receipt = await self.client.send_message(self.chat_id, message)
        DELIVERIES.labels(Channel.TELEGRAM, receipt.status).inc()
        if receipt.status in {SendStatus.BLOCKED, SendStatus.MIGRATED}:
            if self.is_private:
                async with self.resources.database.transaction() as connection:
                    await people.mark_blocked(connection, IdentityProvider.TELEGRAM, str(self.chat_id))
            raise ChatUnavailableError
        self._reply_to = None
        return receipt
