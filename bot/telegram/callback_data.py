"""Encoding of actions as the `callback_data` of buttons, at most 64 bytes.

    code [. look [. style, language or name tag]] ~ owner [. time]        e.g.  c.AZpfAAAAcACAAAAAAAAAAQ.6~42

The code of the action is one letter, the look its 16 bytes in base64url, the style its position among the eight, the
language its ISO 639-1 code, the name tag that of `tag_name`. The owner is the Telegram id of the person who may press
the button, the time the Unix time at which the question was asked, only for actions that expire. Buttons stay in chats
for years: codes and positions may be added but never reassigned.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from uuid import UUID

from core.conversation.actions import Action, ActionType
from core.i18n.translations import Language
from core.styles import STYLES

ACTION_CODES = {
    ActionType.SHARE: "s",
    ActionType.KEEP_PRIVATE: "k",
    ActionType.UNSHARE: "u",
    ActionType.GUESS: "g",
    ActionType.REVEAL_FIRST: "w",
    ActionType.SHOW_DETAILS: "d",
    ActionType.CORRECT: "c",
    ActionType.SHOW_SIMILAR: "S",
    ActionType.NEW_PHOTO: "a",
    ActionType.SHOW_RESULT: "r",
    ActionType.GRANT_CONSENT: "y",
    ActionType.DECLINE_CONSENT: "n",
    ActionType.SET_LANGUAGE: "l",
    ActionType.OPEN_ACCOUNT: "p",
    ActionType.SHOW_LEADERBOARD: "b",
    ActionType.SHOW_HISTORY: "h",
    ActionType.SHOW_WEEK: "W",
    ActionType.SHOW_PRIVACY: "v",
    ActionType.ACCEPT_NAME: "m",
    ActionType.CONFIRM_NAME: "o",
    ActionType.CANCEL_NAME: "x",
    ActionType.ALLOW_LEARNING: "i",
    ActionType.DECLINE_LEARNING: "j",
    ActionType.START_DAILY_NEWS: "q",
    ActionType.STOP_DAILY_NEWS: "Q",
    ActionType.ASK_ERASE: "f",
    ActionType.CONFIRM_ERASE: "e",
    ActionType.CANCEL: "t",
}
ACTIONS_BY_CODE = {code: action_type for action_type, code in ACTION_CODES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackData:
    """What a button does, and for whom. May be forged, apart from what Telegram says about who pressed it."""

    action: Action
    owner_id: int | None = None
    """Telegram id of the person whom the button belongs to; None for a button of unknown origin."""
    asked_at: int | None = None
    """Unix time in seconds at which the button was sent, for actions that expire."""


def encode_callback_data(data: CallbackData) -> str:
    """Encode the content of a button."""
    action = data.action
    look = urlsafe_b64encode(action.look_id.bytes).rstrip(b"=").decode("ascii") if action.look_id else ""
    argument = str(action.style.position) if action.style else str(action.language or action.name_tag or "")
    encoded = ".".join((ACTION_CODES[action.type], look, argument)).rstrip(".")
    owner = ".".join(str(number) for number in (data.owner_id, data.asked_at) if number is not None)
    return f"{encoded}~{owner}" if owner else encoded


def decode_callback_data(text: str) -> CallbackData | None:
    """Decode the content of a button; None for text of another form."""
    encoded, _, origin = text.partition("~")
    code, *rest = encoded.split(".")
    numbers = origin.split(".") if origin else []
    if code not in ACTIONS_BY_CODE or len(rest) > 2 or len(numbers) > 2 or not all(map(str.isdecimal, numbers)):
        return None
    look_id, argument = (*rest, "", "")[:2]
    owner_id, asked_at = (*map(int, numbers), None, None)[:2]
    action_type, name_tag = ACTIONS_BY_CODE[code], None
    if action_type is ActionType.CONFIRM_NAME:
        argument, name_tag = "", argument or None
    try:
        action = Action(
            type=action_type,
            look_id=UUID(bytes=urlsafe_b64decode(f"{look_id}==")) if look_id else None,
            style=STYLES[int(argument)] if argument.isdecimal() else None,
            language=Language(argument) if argument and not argument.isdecimal() else None,
            name_tag=name_tag,
        )
    except (ValueError, IndexError, binascii.Error):
        return None
    return CallbackData(action=action, owner_id=owner_id, asked_at=asked_at)
