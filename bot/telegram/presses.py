"""Pressed buttons: what they ask for, and the buttons that are there afterwards."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from bot.actions import Verb
from bot.telegram.answers import once, tell
from bot.telegram.keyboards import first_keyboard
from bot.telegram.messages import say
from bot.telegram.verdicts import keyboard_of
from bot.texts import text

if TYPE_CHECKING:
    from bot.actions import Action
    from bot.stylist import Answer, Stylist
    from bot.telegram.incoming import Press
    from bot.telegram.thread import Thread
    from core.db.people import Person

__all__ = ["press"]

ON_BOARD = {Verb.SHARE, Verb.TAKE, Verb.KEEP, Verb.UNSHARE}
"""After these a look has other buttons."""
SETTLED = {Verb.GUESS, Verb.CORRECT, Verb.RESULT, Verb.SPEAK, Verb.ERASE, Verb.STAY}
"""The answers to a question; its buttons go when they have done their work."""


async def press(thread: Thread, stylist: Stylist, person: Person, pressed: Press) -> None:
    """Do what a button asks, and say so.

    Raises:
        EvaError: see `Stylist.grant`.
    """
    action = pressed.action
    if action is None:
        await thread.send("answer", *say(text("telegram.unknown_button", thread.language)))
        return
    answer = await once(thread, partial(stylist.grant, person, action))
    if answer is None:
        return
    keyboard = None
    if action.look is None and action.verb in {Verb.GUESS, Verb.TELL}:
        keyboard = first_keyboard(answer.language, guesses_first=action.verb is Verb.GUESS)
    await tell(thread, stylist, person, answer, keyboard=keyboard)
    if pressed.message is not None:
        await _change_buttons(thread, stylist, person, action, answer, pressed.message)


async def _change_buttons(
    thread: Thread, stylist: Stylist, person: Person, action: Action, answer: Answer, message: int
) -> None:
    """Leave no buttons under the pressed message that are for what is over."""
    if answer.ask is not None or (action.look is not None and answer.look is None):
        return
    if action.verb in ON_BOARD and answer.look is not None:
        keyboard = keyboard_of(thread, stylist, person, answer.look)
        await thread.sender.change_keyboard(thread.chat, message, keyboard)
    elif action.verb in SETTLED and (action.look is not None or action.verb in {Verb.SPEAK, Verb.ERASE, Verb.STAY}):
        await thread.sender.change_keyboard(thread.chat, message, None)
