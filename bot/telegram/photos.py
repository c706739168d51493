"""Photos that come: one, or several at once; judged, and answered once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from telegram.constants import ChatAction

from bot.actions import Action, Verb
from bot.talk import compare, named
from bot.telegram.answers import once, tell
from bot.telegram.keyboards import guess_keyboard
from bot.telegram.messages import say
from bot.telegram.verdicts import keyboard_of, reveal
from bot.texts import text
from bot.voice import apologise, choose
from core.db.tables import Channel
from core.errors import DailyLimit, EvaError, PhotoError, PictureGone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.stylist import Stylist
    from bot.telegram.incoming import Photo
    from bot.telegram.thread import Thread
    from core.db.looks import Look
    from core.db.people import Person
    from core.judging import Judged

__all__ = ["look_at_album", "look_at_photo"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What became of an album."""

    looks: Sequence[Look]
    fault: EvaError | None
    """The first fault of a photo that could not be judged."""


async def look_at_photo(thread: Thread, stylist: Stylist, person: Person, photo: Photo) -> None:
    """Judge a photo and answer it; who guesses first is asked first.

    Raises:
        EvaError: see `Judging.judge` and `Sender.fetch`.
    """
    async with thread.busy(ChatAction.TYPING):
        judged = await _judge(thread, stylist, person, photo)
    look = judged.look
    if judged.known:
        note = text(choose("talk.remembered", str(look.id), thread.language), thread.language)
        await reveal(thread, stylist, person, look, note=note)
    elif not person.guesses_first:
        await reveal(thread, stylist, person, look)
    elif (guess := named(photo.caption)) is None:
        words = text("talk.guess.ask", thread.language)
        await thread.send("ask", *say(words, keyboard=guess_keyboard(look.id, thread.language)))
    else:
        action = Action(verb=Verb.GUESS, look=look.id, style=guess)
        answer = await once(thread, partial(stylist.grant, person, action))
        if answer is not None:
            await tell(thread, stylist, person, answer)


async def look_at_album(thread: Thread, stylist: Stylist, person: Person, photos: Sequence[Photo]) -> None:
    """Judge several photos, at least one, and answer them together: all in a line each, the best in full.

    Raises:
        EvaError: none of them could be judged, or it must be tried again.
    """
    if len(photos) == 1:
        await look_at_photo(thread, stylist, person, photos[0])
        return
    async with thread.busy(ChatAction.TYPING):
        seen = await _judge_all(thread, stylist, person, photos)
    if not seen.looks:
        raise seen.fault or PictureGone
    sorry = [apologise(seen.fault, thread.language)] if seen.fault else []
    if len(seen.looks) == 1:
        await reveal(thread, stylist, person, seen.looks[0], note="\n".join(sorry) or None)
        return
    await stylist.told(*seen.looks)
    best, words = compare([look.verdict for look in seen.looks], thread.language)
    note = "\n".join([words, *sorry])
    if best is None:
        keyboard = keyboard_of(thread, stylist, person, seen.looks[0])
        await thread.send("album", *say(note, keyboard=keyboard))
    else:
        await reveal(thread, stylist, person, seen.looks[best], note=note)


async def _judge_all(thread: Thread, stylist: Stylist, person: Person, photos: Sequence[Photo]) -> _Seen:
    found, fault = [], None
    for photo in photos:
        try:
            found.append((await _judge(thread, stylist, person, photo)).look)
        except (PhotoError, PictureGone, DailyLimit) as error:
            fault = fault or error
    return _Seen(looks=found, fault=fault)


async def _judge(thread: Thread, stylist: Stylist, person: Person, photo: Photo) -> Judged:
    data = await thread.sender.fetch(photo.file)
    return await stylist.judging.judge(
        data,
        person_id=person.id,
        channel=Channel.TELEGRAM,
        source=f"{photo.chat}:{photo.message}",
        language=person.language,
    )
