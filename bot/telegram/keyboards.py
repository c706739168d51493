"""Inline keyboards."""

from collections.abc import Sequence
from urllib.parse import urlsplit
from uuid import UUID

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.telegram.callback_data import encode_callback_data
from core.conversation.actions import Action, ActionType
from core.conversation.reply import Reply
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
    """The actions on a judged photo.

    Args:
        look_id: the look.
        language: of the labels.
        has_outfit: False leaves out sharing and correcting.
        is_shared: whether the look is on the leaderboard.
        guesses_first: whether the person wants to guess before the verdict.
        page_url: the look's page, if it is public.
    """
    next_photo = [
        _button(Action(type=ActionType.NEW_PHOTO), language),
        _button(Action(type=ActionType.REVEAL_FIRST if guesses_first else ActionType.GUESS), language),
    ]
    if not has_outfit:
        return InlineKeyboardMarkup([next_photo])
    sharing = (ActionType.UNSHARE,) if is_shared else (ActionType.SHARE, ActionType.KEEP_PRIVATE)
    return InlineKeyboardMarkup(
        [
            [_button(Action(type=action_type, look_id=look_id), language) for action_type in sharing],
            next_photo,
            [
                _button(Action(type=ActionType.CORRECT, look_id=look_id), language),
                *_link_buttons("talk.button.page", page_url, language),
            ],
        ]
    )


def page_keyboard(page_url: str | None, language: Language) -> InlineKeyboardMarkup | None:
    """A link to the page of a look; None without a public URL."""
    buttons = _link_buttons("talk.button.page", page_url, language)
    return InlineKeyboardMarkup([buttons]) if buttons else None


def login_keyboard(login_url: str | None, language: Language) -> InlineKeyboardMarkup | None:
    """A link that logs in to the person's account; None without a public URL."""
    buttons = _link_buttons("talk.button.enter", login_url, language)
    return InlineKeyboardMarkup([buttons]) if buttons else None


def guess_mode_keyboard(language: Language, *, guesses_first: bool) -> InlineKeyboardMarkup:
    """The button that switches guessing on or off, to the other state."""
    action = Action(type=ActionType.REVEAL_FIRST if guesses_first else ActionType.GUESS)
    return InlineKeyboardMarkup([[_button(action, language)]])


def style_keyboard(action_type: ActionType, look_id: UUID, language: Language) -> InlineKeyboardMarkup:
    """The eight styles; `action_type` is `GUESS` or `CORRECT`."""
    return _two_columns([Action(type=action_type, look_id=look_id, style=style) for style in STYLES], language)


def guess_keyboard(look_id: UUID, language: Language) -> InlineKeyboardMarkup:
    """The eight styles for a guess, and the verdict without a guess."""
    rows = style_keyboard(ActionType.GUESS, look_id, language).inline_keyboard
    return InlineKeyboardMarkup([*rows, [_button(Action(type=ActionType.SHOW_RESULT, look_id=look_id), language)]])


def language_keyboard() -> InlineKeyboardMarkup:
    """The languages, each with its own name."""
    return _two_columns([Action(type=ActionType.SET_LANGUAGE, language=language) for language in Language], Language.EN)


def erase_keyboard(language: Language) -> InlineKeyboardMarkup:
    """The confirmation of erasure."""
    return _two_columns(
        [Action(type=action_type) for action_type in (ActionType.CONFIRM_ERASE, ActionType.CANCEL)], language
    )


def name_keyboard(look_id: UUID, language: Language) -> InlineKeyboardMarkup:
    """Whether to share a look under the suggested name."""
    action_types = (ActionType.ACCEPT_NAME, ActionType.KEEP_PRIVATE)
    return _two_columns([Action(type=action_type, look_id=look_id) for action_type in action_types], language)


def prompt_keyboard(reply: Reply) -> InlineKeyboardMarkup | None:
    """The buttons that a reply prompts for; None for a reply without a prompt."""
    match reply.prompt:
        case ActionType.GUESS | ActionType.CORRECT if reply.look is not None:
            return style_keyboard(reply.prompt, reply.look.id, reply.language)
        case ActionType.ACCEPT_NAME if reply.look is not None:
            return name_keyboard(reply.look.id, reply.language)
        case ActionType.SET_LANGUAGE:
            return language_keyboard()
        case ActionType.ASK_ERASE:
            return erase_keyboard(reply.language)
        case _:
            return None


def _two_columns(actions: Sequence[Action], language: Language) -> InlineKeyboardMarkup:
    buttons = [_button(action, language) for action in actions]
    return InlineKeyboardMarkup([buttons[start : start + 2] for start in range(0, len(buttons), 2)])


def _button(action: Action, language: Language) -> InlineKeyboardButton:
    return InlineKeyboardButton(button_label(action, language), callback_data=encode_callback_data(action))


def _link_buttons(text_key: str, url: str | None, language: Language) -> list[InlineKeyboardButton]:
    """A link, or none to a local host, since Telegram rejects a message with one."""
    if url is None or "." not in (urlsplit(url).hostname or ""):
        return []
    return [InlineKeyboardButton(translate(text_key, language), url=url)]
