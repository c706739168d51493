"""Eva's buttons on Telegram."""

from collections.abc import Sequence
from urllib.parse import urlsplit
from uuid import UUID

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.telegram.callback_data import encode_callback_data
from core.conversation.actions import Action, ActionType
from core.conversation.smalltalk import button_label
from core.i18n.translations import Language, translate
from core.styles import STYLES


def look_keyboard(
    look_id: UUID,
    language: Language,
    *,
    has_outfit: bool = True,
    is_shared: bool = False,
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
    next_photo = [
        _button(Action(type=ActionType.NEW_PHOTO), language),
        _guess_mode_button(language, guesses_first=guesses_first),
    ]
    if not has_outfit:
        return InlineKeyboardMarkup([next_photo])
    board = (ActionType.UNSHARE,) if is_shared else (ActionType.SHARE, ActionType.KEEP_PRIVATE)
    return InlineKeyboardMarkup(
        [
            [_button(Action(type=verb, look_id=look_id), language) for verb in board],
            next_photo,
            [_button(Action(type=ActionType.CORRECT, look_id=look_id), language), *_page_buttons(page_url, language)],
        ]
    )


def page_keyboard(page_url: str | None, language: Language) -> InlineKeyboardMarkup | None:
    """The look's page, if there is one to open."""
    buttons = _page_buttons(page_url, language)
    return InlineKeyboardMarkup([buttons]) if buttons else None


def login_keyboard(login_url: str | None, language: Language) -> InlineKeyboardMarkup | None:
    """The person's own page, if there is an address that opens it."""
    buttons = _link_buttons(translate("talk.button.enter", language), login_url)
    return InlineKeyboardMarkup([buttons]) if buttons else None


def guess_mode_keyboard(language: Language, *, guesses_first: bool) -> InlineKeyboardMarkup:
    """Who is to say first what style it is: the other one, from now on."""
    return InlineKeyboardMarkup([[_guess_mode_button(language, guesses_first=guesses_first)]])


def style_keyboard(action_type: ActionType, look_id: UUID, language: Language) -> InlineKeyboardMarkup:
    """The eight styles, for a guess or a correction.

    Args:
        verb: `GUESS` or `CORRECT`.
        look: the look it is about.
        language: of the labels.
    """
    return _two_columns([Action(type=action_type, look_id=look_id, style=style) for style in STYLES], language)


def guess_keyboard(look_id: UUID, language: Language) -> InlineKeyboardMarkup:
    """The eight styles to guess from, or the verdict without a guess."""
    rows = style_keyboard(ActionType.GUESS, look_id, language).inline_keyboard
    return InlineKeyboardMarkup([*rows, [_button(Action(type=ActionType.SHOW_RESULT, look_id=look_id), language)]])


def language_keyboard() -> InlineKeyboardMarkup:
    """The languages, each in its own words."""
    return _two_columns([Action(type=ActionType.SET_LANGUAGE, language=each) for each in Language], Language.EN)


def erase_keyboard(language: Language) -> InlineKeyboardMarkup:
    """Whether to delete everything."""
    return _two_columns([Action(type=verb) for verb in (ActionType.CONFIRM_ERASE, ActionType.CANCEL)], language)


def name_keyboard(look_id: UUID, language: Language) -> InlineKeyboardMarkup:
    """Whether the made-up name will do, when a look is put on the board."""
    return _two_columns(
        [Action(type=verb, look_id=look_id) for verb in (ActionType.ACCEPT_NAME, ActionType.KEEP_PRIVATE)], language
    )


def _two_columns(actions: Sequence[Action], language: Language) -> InlineKeyboardMarkup:
    buttons = [_button(action, language) for action in actions]
    return InlineKeyboardMarkup([buttons[at : at + 2] for at in range(0, len(buttons), 2)])


def _button(action: Action, language: Language) -> InlineKeyboardButton:
    return InlineKeyboardButton(button_label(action, language), callback_data=encode_callback_data(action))


def _guess_mode_button(language: Language, *, guesses_first: bool) -> InlineKeyboardButton:
    return _button(Action(type=ActionType.REVEAL_FIRST if guesses_first else ActionType.GUESS), language)


def _page_buttons(page_url: str | None, language: Language) -> list[InlineKeyboardButton]:
    return _link_buttons(translate("talk.button.page", language), page_url)


def _link_buttons(label: str, url: str | None) -> list[InlineKeyboardButton]:
    """Without a dot the host is this machine, and Telegram would refuse the whole message."""
    if url is None or "." not in (urlsplit(url).hostname or ""):
        return []
    return [InlineKeyboardButton(label, url=url)]
