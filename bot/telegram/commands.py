"""Eva's commands on Telegram, and her answers to those that need no memory."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from bot.telegram.keyboards import forget_keyboard, language_keyboard
from bot.telegram.messages import Outgoing, say
from bot.texts import text, variants
from bot.voice import describe, style_name
from core.styles import STYLES

if TYPE_CHECKING:
    from bot.texts import Language

__all__ = ["Name", "answer"]


class Name(StrEnum):
    """A command, as it is typed after the slash; in the order of the menu."""

    START = "start"
    HELP = "help"
    STYLES = "styles"
    ME = "me"
    BOARD = "board"
    LANGUAGE = "language"
    PRIVACY = "privacy"
    FORGET = "forget"


def answer(name: str, language: Language, *, hours: int) -> tuple[Outgoing, ...] | None:
    """What Eva says to a command.

    Args:
        name: the command, without its slash.
        language: the language she speaks.
        hours: how long a photo that is not shared is kept.

    Returns:
        Her messages; None for the commands whose answer is in the database, `/me` and `/board`. One that she does
        not know gets a sentence, too.
    """
    keyboard = None
    match name:
        case Name.START:
            sentences = [text(key, language) for key in variants("telegram.start", language)]
        case Name.HELP:
            sentences = [text("telegram.help", language)]
        case Name.STYLES:
            lines = [f"{style_name(style, language)}: {describe(style, language)}" for style in STYLES]
            sentences = ["\n\n".join([text("telegram.styles", language), *lines])]
        case Name.LANGUAGE:
            sentences, keyboard = [text("talk.language.ask", language)], language_keyboard()
        case Name.PRIVACY:
            sentences = [text("telegram.privacy", language, hours=hours)]
        case Name.FORGET:
            sentences, keyboard = [text("talk.forget.ask", language)], forget_keyboard(language)
        case Name.ME | Name.BOARD:
            return None
        case _:
            sentences = [text("telegram.unknown_command", language)]
    return say(*sentences, keyboard=keyboard)
