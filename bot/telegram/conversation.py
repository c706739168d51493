"""What Eva does with each update: reads it, answers it, and is done with it, however it ends."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from bot.talk import chat, receive
from bot.telegram import commands
from bot.telegram.answers import once, tell
from bot.telegram.incoming import Command, Inline, Membership, Odd, Photo, Press, Words, read
from bot.telegram.inline import answer_inline
from bot.telegram.messages import say
from bot.telegram.photos import look_at_album, look_at_photo
from bot.telegram.presses import press
from bot.telegram.shelf import show_board, show_linked, show_own
from bot.telegram.thread import Thread
from bot.telegram.verdicts import keyboard_of
from bot.texts import Language, text
from bot.voice import apologise
from core.db import albums, deliveries, inbox, people
from core.db.engine import DATABASE_FAULTS
from core.db.tables import Provider
from core.errors import (
    ChatGone,
    DailyLimit,
    EvaError,
    LookGone,
    MalformedCall,
    MessageRefused,
    MessengerError,
    ModelError,
    NotDelivered,
    PersonGone,
    PhotoError,
    PictureGone,
    PictureUnreachable,
    StorageUnavailable,
)

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping, Sequence

    from telegram import User

    from bot.stylist import Stylist
    from bot.telegram.incoming import Incoming
    from bot.telegram.sender import Sender
    from core.db.people import Person

__all__ = ["Conversation"]

SORRY = (PhotoError, PictureGone, DailyLimit, ModelError)
"""Faults that a sentence ends."""
PASSING = (PictureUnreachable, StorageUnavailable)
"""Faults that may pass; the last time, a sentence ends them, too."""
OVER = (ChatGone, LookGone, MessageRefused, PersonGone)
"""Nobody is there any more to whom anything could be said."""

log = structlog.get_logger()


class Conversation:
    """Eva on Telegram. May answer many updates at once."""

    def __init__(self, stylist: Stylist, sender: Sender, me: User) -> None:
        """Args: stylist; sender; me, the bot itself as Telegram knows it."""
        self.stylist, self.sender, self.me = stylist, sender, me
        self.memory = stylist.memory

    async def answer(self, inbox_id: int, *, last: bool) -> None:
        """Answer an update, if that was not done yet.

        Args:
            inbox_id: its number in the inbox.
            last: whether it is not tried again; then it is done in any case.

        Raises:
            EvaError: it must be tried again; one of `NotDelivered`, `PictureUnreachable`, `StorageUnavailable`.
            Exception: the database is away, one of `DATABASE_FAULTS`; or a mistake of ours, after an apology.
        """
        async with self.memory.database.direct() as connection:
            update = await inbox.get(connection, inbox_id)
            if update is None or update.done_at is not None:
                return
            sent = await deliveries.sent(connection, inbox_id)
        incoming = self._read(inbox_id, update.payload or {})
        if incoming is None:
            await self._finish([inbox_id])
            return
        thread = Thread(self.memory, self.sender, inbox_id, incoming, sent)
        await self._settle(thread, self._answer(thread, incoming), [inbox_id], last=last)

    async def answer_album(self, inbox_id: int, album: str, *, last: bool) -> None:
        """Answer all photos of an album that came so far, if this is the last of them and it was not done yet.

        Args:
            inbox_id: the number of one of its updates.
            album: Telegram's id of it.
            last: as in `answer`, also for what is raised.
        """
        async with self.memory.database.autocommit() as connection:
            update = await inbox.get(connection, inbox_id)
            if update is None or update.done_at is not None or update.sender is None:
                return
            sent = await deliveries.sent(connection, inbox_id)
            payloads = await albums.undone(connection, update.sender, album)
        # What came later is answered by its own job, together with this one unless that was begun.
        mine = [number for number in payloads if number <= inbox_id]
        incoming = self._read_album({number: payloads[number] for number in mine})
        if not incoming:
            await self._finish(mine)
            return
        own = incoming.get(inbox_id) or next(iter(incoming.values()))
        thread = Thread(self.memory, self.sender, inbox_id, own, sent)
        if len(mine) < len(payloads) and not thread.begun:
            return
        photos = [each for each in incoming.values() if isinstance(each, Photo)]
        work = self._answer_photos(thread, photos) if photos else self._answer(thread, own)
        await self._settle(thread, work, mine, last=last)

    def _read_album(self, payloads: Mapping[int, Mapping[str, object]]) -> dict[int, Incoming]:
        """What an album's updates say. In a group one of them names Eva, and means all."""
        meant = any(self._read(number, payload) is not None for number, payload in payloads.items())
        read = {number: self._read(number, payload, meant=meant) for number, payload in payloads.items()}
        return {number: understood for number, understood in read.items() if understood is not None}

    def _read(self, inbox_id: int, payload: Mapping[str, object], *, meant: bool = False) -> Incoming | None:
        try:
            return read(payload, self.me, meant=meant)
        except MalformedCall as error:
            log.warning("an update makes no sense", inbox=inbox_id, detail=error.detail)
            return None

    async def _finish(self, inbox_ids: Sequence[int]) -> None:
        async with self.memory.database.direct() as connection:
            await inbox.finish(connection, *inbox_ids)

    async def _settle(
        self, thread: Thread, work: Coroutine[object, object, None], inbox_ids: Sequence[int], *, last: bool
    ) -> None:
        """Answer, say what can be said where that fails, and be done with these updates."""
        try:
            try:
                await work
            except SORRY as error:
                await self._apologise(thread, error)
            except PASSING as error:
                if not last:
                    raise
                log.warning("given up", inbox=thread.inbox_id, reason=type(error).__name__)
                await self._apologise(thread, error)
        except OVER as error:
            log.info("left alone", inbox=thread.inbox_id, reason=type(error).__name__)
        except NotDelivered as error:
            if not last:
                raise
            log.error("not delivered", inbox=thread.inbox_id, detail=error.detail)
        except (*PASSING, *DATABASE_FAULTS):
            raise
        except Exception:
            # Whatever it was, nobody shall wait for an answer that does not come, and once more would not help.
            with suppress(MessengerError):
                await self._apologise(thread, EvaError())
            await self._finish(inbox_ids)
            raise
        await self._finish(inbox_ids)

    async def _apologise(self, thread: Thread, error: EvaError) -> None:
        await thread.send("sorry", *say(apologise(error, thread.language)))

    async def _meet(self, thread: Thread, incoming: Incoming) -> Person:
        person = await self.stylist.meet(Provider.TELEGRAM, str(incoming.person), incoming.language)
        thread.language = Language(person.language)
        return person

    async def _answer_photos(self, thread: Thread, photos: Sequence[Photo]) -> None:
        person = await self._meet(thread, photos[0])
        await look_at_album(thread, self.stylist, person, photos)

    async def _answer(self, thread: Thread, incoming: Incoming) -> None:
        if isinstance(incoming, Membership):
            await self._note(incoming)
            return
        if isinstance(incoming, Inline):
            await answer_inline(self.sender, self.stylist, self.me, incoming)
            return
        if isinstance(incoming, Press):
            await self.sender.answer(incoming.query)
        person = await self._meet(thread, incoming)
        match incoming:
            case Photo():
                await look_at_photo(thread, self.stylist, person, incoming)
            case Press():
                await press(thread, self.stylist, person, incoming)
            case Command():
                await self._command(thread, person, incoming)
            case Words():
                await self._words(thread, person, incoming.words)
            case Odd():
                await thread.send("answer", *say(receive(incoming.oddity, thread.language)))

    async def _note(self, membership: Membership) -> None:
        change = people.mark_reachable if membership.welcome else people.mark_unreachable
        async with self.memory.database.begin() as connection:
            await change(connection, Provider.TELEGRAM, str(membership.person))

    async def _words(self, thread: Thread, person: Person, words: str) -> None:
        answer = await once(thread, lambda: self.stylist.hear(person, words))
        if answer is None:
            await thread.send("answer", *say(chat(words, thread.language)))
            return
        keyboard = keyboard_of(thread, self.stylist, person, answer.look) if answer.look is not None else None
        await tell(thread, self.stylist, person, answer, keyboard=keyboard)

    async def _command(self, thread: Thread, person: Person, command: Command) -> None:
        if command.name not in set(commands.Name) and not thread.private:
            # It may be another bot's.
            return
        if command.name == commands.Name.START and await show_linked(thread, self.stylist, command.argument):
            await thread.send("invite", *say(text("telegram.start.2", thread.language)))
        elif command.name == commands.Name.ME:
            await show_own(thread, self.stylist, person)
        elif command.name == commands.Name.BOARD:
            await show_board(thread, self.stylist)
        else:
            hours = self.stylist.settings.keep_private_hours
            messages = commands.answer(command.name, thread.language, hours=hours)
            await thread.send("answer", *(messages or ()))
