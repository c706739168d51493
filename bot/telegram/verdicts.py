"""A verdict, told in a chat: what Eva says, the heat picture, and the buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telegram.constants import ChatAction

from bot.telegram.keyboards import look_keyboard
from bot.telegram.messages import show_verdict
from bot.voice import speak
from core.vision.verdict import Band

if TYPE_CHECKING:
    from telegram import InlineKeyboardMarkup

    from bot.stylist import Stylist
    from bot.telegram.thread import Thread
    from core.db.looks import Look
    from core.db.people import Person

__all__ = ["keyboard_of", "reveal"]


async def reveal(thread: Thread, stylist: Stylist, person: Person, look: Look, *, note: str | None = None) -> None:
    """Tell the verdict on a look.

    Args:
        thread: where.
        stylist: who.
        person: to whom.
        look: the look, which is the person's.
        note: what to say first.
    """
    await stylist.told(look)
    async with thread.busy(ChatAction.UPLOAD_PHOTO):
        bubbles = speak(look.verdict, photo=str(look.id), language=thread.language)
        keyboard = keyboard_of(thread, stylist, person, look)
        heat = await thread.picture(look.cam_key)
        await thread.send("verdict", *show_verdict(bubbles, look.verdict, heat=heat, keyboard=keyboard, note=note))


def keyboard_of(thread: Thread, stylist: Stylist, person: Person, look: Look) -> InlineKeyboardMarkup:
    """What a person can do with a look of theirs, as it is now."""
    return look_keyboard(
        look.id,
        thread.language,
        seen=look.verdict.band is not Band.NOT_AN_OUTFIT,
        shared=look.shared_at is not None,
        guesses_first=person.guesses_first,
        page_url=stylist.page_url(look),
    )
