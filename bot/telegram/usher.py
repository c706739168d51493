"""Manners under load: who waits sees that Eva knows, and after a while hears how many are before them."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from telegram.constants import ChatAction

from bot.telegram.incoming import Photo, read
from bot.telegram.mailbox import ALBUM, UPDATE
from bot.telegram.messages import say
from bot.telegram.thread import QUEUED
from bot.texts import Language, negotiate, text
from core.db import deliveries, people
from core.db.engine import DATABASE_FAULTS
from core.db.tables import Provider
from core.db.waiting import waiting
from core.errors import MalformedCall, MessengerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.ext.asyncio import AsyncConnection
    from telegram import User

    from bot.telegram.sender import Sender
    from core.db.waiting import Waiting
    from core.memory import Memory

__all__ = ["Usher"]

INTERVAL = 1.0
"""Seconds between two looks at the queue."""
NOTICED = timedelta(seconds=1)
TOLD = timedelta(seconds=5)
SHOWN = 4.5
"""Seconds for which a chat needs no new sign: Telegram shows one for five."""
MOST = 20
"""Chats that are looked after: signs count against the limit of messages, and shall not slow down the answers."""

log = structlog.get_logger()


class Usher:
    """Looks after those who wait; one for each process that answers."""

    def __init__(
        self, memory: Memory, sender: Sender, me: User, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Args: memory; sender; me, the bot itself; clock, that of the event loop."""
        self._memory, self._sender, self._me, self._clock = memory, sender, me, clock
        self._shown: dict[int, float] = {}

    async def work(self) -> None:
        """Look after them until cancelled."""
        while True:
            try:
                await self.look()
            except DATABASE_FAULTS as fault:
                log.warning("the database cannot be reached", fault=type(fault).__name__)
            await asyncio.sleep(INTERVAL)

    async def look(self) -> None:
        """Look after those who wait right now.

        Raises:
            Exception: the database is away, one of `DATABASE_FAULTS`.
        """
        async with self._memory.database.begin() as connection:
            found = await waiting(connection, [UPDATE, ALBUM], since=NOTICED, limit=MOST)
        now = self._clock()
        self._shown = {chat: at for chat, at in self._shown.items() if at > now - SHOWN}
        await asyncio.gather(*map(self._look_after, found))

    async def _look_after(self, one: Waiting) -> None:
        photo = self._photo(one)
        if photo is None:
            return
        if one.since >= TOLD and one.ahead > 0 and await self._tell(one, photo):
            return
        if photo.chat not in self._shown:
            self._shown[photo.chat] = self._clock()
            await self._sender.sign(photo.chat, ChatAction.TYPING)

    def _photo(self, one: Waiting) -> Photo | None:
        """What waits, if it is a photo that is meant for Eva."""
        try:
            incoming = read(one.payload, self._me)
        except MalformedCall:
            return None
        return incoming if isinstance(incoming, Photo) else None

    async def _tell(self, one: Waiting, photo: Photo) -> bool:
        """Say the place in the queue, if nobody did."""
        async with self._memory.database.begin() as connection:
            if not await deliveries.claim(connection, one.id, QUEUED):
                return False
            language = await _language_of(connection, photo)
        (message,) = say(text("talk.queue", language, place=one.ahead))
        reply_to = None if photo.chat == photo.person else photo.message
        try:
            await self._sender.send(photo.chat, message, reply_to=reply_to)
        except MessengerError as error:
            log.info("the place was not told", inbox=one.id, reason=type(error).__name__)
        return True


async def _language_of(connection: AsyncConnection, photo: Photo) -> Language:
    identity = await people.identity_of(connection, Provider.TELEGRAM, str(photo.person))
    person = await people.get(connection, identity.person_id) if identity is not None else None
    return Language(person.language) if person is not None else negotiate(photo.language)
