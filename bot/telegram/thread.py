"""The answer to one update, message by message: what was sent before a crash is not sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.telegram.receipts import Outcome
from bot.texts import negotiate
from core.db import deliveries, people
from core.db.tables import Channel, Provider
from core.errors import ChatGone, PictureMissing
from core.meters import DELIVERIES, STEP_SECONDS

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from telegram.constants import ChatAction

    from bot.telegram.incoming import Incoming
    from bot.telegram.messages import Outgoing
    from bot.telegram.receipts import Receipt
    from bot.telegram.sender import Sender
    from core.memory import Memory

__all__ = ["QUEUED", "Thread"]

QUEUED = "queue"
"""The step in which somebody else told the person how long it takes."""


class Thread:
    """One answer on its way."""

    def __init__(
        self, memory: Memory, sender: Sender, inbox_id: int, incoming: Incoming, sent: dict[str, str | None]
    ) -> None:
        """Begin, or go on with, the answer to an update.

        Args:
            memory: where each step is noted.
            sender: sends.
            inbox_id: the update's number in the inbox.
            incoming: what it says.
            sent: the steps of earlier tries, see `deliveries.sent`.
        """
        self.memory, self.sender, self.inbox_id = memory, sender, inbox_id
        self.chat, self.private = incoming.chat, incoming.chat == incoming.person
        self.language = negotiate(incoming.language)
        """What to speak; the person's own choice, once that is known."""
        self._reply_to = None if self.private else incoming.message
        self._sent = sent

    async def send(self, part: str, *messages: Outgoing) -> None:
        """Send messages, each as one step, those that were not sent yet.

        Args:
            part: the name of what they are together; within an answer each one is used once.
            messages: the same in every try.

        Raises:
            ChatGone: nobody reads here any more.
            NotDelivered: Telegram could not be reached; a later try goes on from there.
            MessageRefused: Telegram will not take one of them.
        """
        for place, message in enumerate(messages, start=1):
            step = f"{part}.{place}"
            if step not in self._sent:
                receipt = await self._deliver(message)
                await self.note(step, str(receipt.message or ""))

    @property
    def begun(self) -> bool:
        """Whether anything was sent, in this try or an earlier one."""
        return any(step != QUEUED for step in self._sent)

    def kept(self, step: str) -> str | None:
        """What was noted under a step, in this try or an earlier one."""
        return self._sent.get(step)

    async def note(self, step: str, words: str = "") -> None:
        """Note that a step is done."""
        self._sent[step] = words
        async with self.memory.database.direct() as connection:
            await deliveries.mark(connection, self.inbox_id, step, message=words)

    def busy(self, action: ChatAction) -> AbstractAsyncContextManager[None]:
        """Show in the chat that Eva is at it."""
        return self.sender.busy(self.chat, action)

    async def picture(self, key: str | None) -> bytes | None:
        """A picture from the storage; None if it was deleted.

        Raises:
            StorageUnavailable: the place does not answer.
        """
        if key is None:
            return None
        try:
            return await self.memory.storage.get(key)
        except PictureMissing:
            return None

    async def _deliver(self, message: Outgoing) -> Receipt:
        with STEP_SECONDS.labels("deliver").time():
            receipt = await self.sender.send(self.chat, message, reply_to=self._reply_to)
            if receipt.outcome is Outcome.MOVED and receipt.moved_to is not None:
                self.chat, self._reply_to = receipt.moved_to, None
                receipt = await self.sender.send(self.chat, message)
        DELIVERIES.labels(Channel.TELEGRAM, receipt.outcome).inc()
        if receipt.outcome in {Outcome.GONE, Outcome.MOVED}:
            if self.private:
                async with self.memory.database.begin() as connection:
                    await people.mark_unreachable(connection, Provider.TELEGRAM, str(self.chat))
            raise ChatGone
        self._reply_to = None
        return receipt
