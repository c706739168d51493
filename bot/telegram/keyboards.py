"""Eva's buttons on Telegram."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.actions import Action, Verb
from bot.talk import label
from bot.telegram.callbacks import encode
from bot.texts import Language, text
from core.styles import STYLES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

__all__ = ["forget_keyboard", "language_keyboard", "look_keyboard", "name_keyboard", "style_keyboard"]


def look_keyboard(
    look: UUID, language: Language, *, seen: bool = True, shared: bool = False, page_url: str | None = None
) -> InlineKeyboardMarkup:
    """What one can do with a judged photo.

    Args:
        look: the look.
        language: of the labels.
        seen: whether there is an outfit; without one there is nothing to share or to correct.
        shared: whether the look is on the board.
        page_url: the look's page, if the person may open it.
    """
    another = _button(Action(verb=Verb.ANOTHER), language)
    if not seen:
        return InlineKeyboardMarkup([[another]])
    board = (Verb.UNSHARE,) if shared else (Verb.SHARE, Verb.KEEP)
    rows = [
        [_button(Action(verb=verb, look=look), language) for verb in board],
        [_button(Action(verb=Verb.CORRECT, look=look), language), another],
    ]
    if page_url is not None:
        rows.append([InlineKeyboardButton(text("talk.button.page", language), url=page_url)])
    return InlineKeyboardMarkup(rows)


def style_keyboard(verb: Verb, look: UUID, language: Language) -> InlineKeyboardMarkup:
    """The eight styles, for a guess or a correction.

    Args:
        verb: `GUESS` or `CORRECT`.
        look: the look it is about.
        language: of the labels.
    """
    return _in_pairs([Action(verb=verb, look=look, style=style) for style in STYLES], language)


def language_keyboard() -> InlineKeyboardMarkup:
    """The languages, each in its own words."""
    return _in_pairs([Action(verb=Verb.SPEAK, language=each) for each in Language], Language.EN)


def forget_keyboard(language: Language) -> InlineKeyboardMarkup:
    """Whether to delete everything."""
    return _in_pairs([Action(verb=verb) for verb in (Verb.ERASE, Verb.STAY)], language)


def name_keyboard(look: UUID, language: Language) -> InlineKeyboardMarkup:
    """Whether the made-up name will do, when a look is put on the board."""
    return _in_pairs([Action(verb=verb, look=look) for verb in (Verb.TAKE, Verb.KEEP)], language)


def _in_pairs(actions: Sequence[Action], language: Language) -> InlineKeyboardMarkup:
    buttons = [_button(action, language) for action in actions]
    return InlineKeyboardMarkup([buttons[at : at + 2] for at in range(0, len(buttons), 2)])


def _button(action: Action, language: Language) -> InlineKeyboardButton:
    return InlineKeyboardButton(label(action, language), callback_data=encode(action))
