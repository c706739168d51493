"""Eva's buttons on Telegram."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.actions import Action, Verb
from bot.talk import label
from bot.telegram.callbacks import encode
from bot.texts import Language, text
from core.styles import STYLES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

__all__ = [
    "first_keyboard",
    "forget_keyboard",
    "guess_keyboard",
    "language_keyboard",
    "login_keyboard",
    "look_keyboard",
    "name_keyboard",
    "page_keyboard",
    "style_keyboard",
]


def look_keyboard(
    look: UUID,
    language: Language,
    *,
    seen: bool = True,
    shared: bool = False,
    guesses_first: bool = False,
    page_url: str | None = None,
) -> InlineKeyboardMarkup:
    """What one can do with a judged photo.

    Args:
        look: the look.
        language: of the labels.
        seen: whether there is an outfit; without one there is nothing to share or to correct.
        shared: whether the look is on the board.
        guesses_first: whether the person guesses before Eva tells.
        page_url: the look's page, if the person may open it.
    """
    next_photo = [_button(Action(verb=Verb.ANOTHER), language), _first(language, guesses_first=guesses_first)]
    if not seen:
        return InlineKeyboardMarkup([next_photo])
    board = (Verb.UNSHARE,) if shared else (Verb.SHARE, Verb.KEEP)
    return InlineKeyboardMarkup(
        [
            [_button(Action(verb=verb, look=look), language) for verb in board],
            next_photo,
            [_button(Action(verb=Verb.CORRECT, look=look), language), *_page(page_url, language)],
        ]
    )


def page_keyboard(page_url: str | None, language: Language) -> InlineKeyboardMarkup | None:
    """The look's page, if there is one to open."""
    buttons = _page(page_url, language)
    return InlineKeyboardMarkup([buttons]) if buttons else None


def login_keyboard(login_url: str | None, language: Language) -> InlineKeyboardMarkup | None:
    """The person's own page, if there is an address that opens it."""
    buttons = _link(text("talk.button.enter", language), login_url)
    return InlineKeyboardMarkup([buttons]) if buttons else None


def first_keyboard(language: Language, *, guesses_first: bool) -> InlineKeyboardMarkup:
    """Who is to say first what style it is: the other one, from now on."""
    return InlineKeyboardMarkup([[_first(language, guesses_first=guesses_first)]])


def style_keyboard(verb: Verb, look: UUID, language: Language) -> InlineKeyboardMarkup:
    """The eight styles, for a guess or a correction.

    Args:
        verb: `GUESS` or `CORRECT`.
        look: the look it is about.
        language: of the labels.
    """
    return _in_pairs([Action(verb=verb, look=look, style=style) for style in STYLES], language)


def guess_keyboard(look: UUID, language: Language) -> InlineKeyboardMarkup:
    """The eight styles to guess from, or the verdict without a guess."""
    rows = style_keyboard(Verb.GUESS, look, language).inline_keyboard
    return InlineKeyboardMarkup([*rows, [_button(Action(verb=Verb.RESULT, look=look), language)]])


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


def _first(language: Language, *, guesses_first: bool) -> InlineKeyboardButton:
    return _button(Action(verb=Verb.TELL if guesses_first else Verb.GUESS), language)


def _page(page_url: str | None, language: Language) -> list[InlineKeyboardButton]:
    return _link(text("talk.button.page", language), page_url)


def _link(words: str, url: str | None) -> list[InlineKeyboardButton]:
    """Without a dot the host is this machine, and Telegram would refuse the whole message."""
    if url is None or "." not in (urlsplit(url).hostname or ""):
        return []
    return [InlineKeyboardButton(words, url=url)]
