"""Buttons of Telegram: an action as `callback_data`, at most 64 bytes, and back.

    verb [. look [. style or language]]        e.g.  c.AZpfAAAAcACAAAAAAAAAAQ.6

The verb is one letter, the look its 16 bytes in base64url, the style its place among the eight, the language its code.
Buttons stay in chats for years: letters and places may be added, never given a new meaning.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

from bot.actions import Action, Verb
from bot.texts import Language
from core.styles import STYLES

__all__ = ["decode", "encode"]

LETTERS = {
    Verb.SHARE: "s",
    Verb.KEEP: "k",
    Verb.UNSHARE: "u",
    Verb.GUESS: "g",
    Verb.TELL: "w",
    Verb.CORRECT: "c",
    Verb.ANOTHER: "a",
    Verb.RESULT: "r",
    Verb.AGREE: "y",
    Verb.DECLINE: "n",
    Verb.SPEAK: "l",
    Verb.ENTER: "p",
    Verb.BOARD: "b",
    Verb.HISTORY: "h",
    Verb.PRIVACY: "v",
    Verb.TAKE: "m",
    Verb.FORGET: "f",
    Verb.ERASE: "e",
    Verb.STAY: "t",
}
VERBS = {letter: verb for verb, letter in LETTERS.items()}


def encode(action: Action) -> str:
    """An action as the data of a button."""
    look = urlsafe_b64encode(action.look.bytes).rstrip(b"=").decode("ascii") if action.look else ""
    argument = str(action.style.position) if action.style else str(action.language or "")
    return ".".join((LETTERS[action.verb], look, argument)).rstrip(".")


def decode(data: str) -> Action | None:
    """The action of a pressed button; None for data that no button of Eva's has."""
    letter, *rest = data.split(".")
    if letter not in VERBS or len(rest) > 2:
        return None
    look, argument = (*rest, "", "")[:2]
    try:
        return Action(
            verb=VERBS[letter],
            look=UUID(bytes=urlsafe_b64decode(f"{look}==")) if look else None,
            style=STYLES[int(argument)] if argument.isdecimal() else None,
            language=Language(argument) if argument and not argument.isdecimal() else None,
        )
    except (ValueError, IndexError, binascii.Error):
        return None
