"""Encoding of actions as the `callback_data` of buttons, at most 64 bytes.

    code [. look [. style or language]]        e.g.  c.AZpfAAAAcACAAAAAAAAAAQ.6

The code of the action is one letter, the look its 16 bytes in base64url, the style its position among the eight, the
language its ISO 639-1 code. Buttons stay in chats for years: codes and positions may be added but never reassigned.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
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
    ActionType.CORRECT: "c",
    ActionType.NEW_PHOTO: "a",
    ActionType.SHOW_RESULT: "r",
    ActionType.GRANT_CONSENT: "y",
    ActionType.DECLINE_CONSENT: "n",
    ActionType.SET_LANGUAGE: "l",
    ActionType.OPEN_ACCOUNT: "p",
    ActionType.SHOW_LEADERBOARD: "b",
    ActionType.SHOW_HISTORY: "h",
    ActionType.SHOW_PRIVACY: "v",
    ActionType.ACCEPT_NAME: "m",
    ActionType.ASK_ERASE: "f",
    ActionType.CONFIRM_ERASE: "e",
    ActionType.CANCEL: "t",
}
ACTIONS_BY_CODE = {code: action_type for action_type, code in ACTION_CODES.items()}


def encode_callback_data(action: Action) -> str:
    """Encode an action."""
    look = urlsafe_b64encode(action.look_id.bytes).rstrip(b"=").decode("ascii") if action.look_id else ""
    argument = str(action.style.position) if action.style else str(action.language or "")
    return ".".join((ACTION_CODES[action.type], look, argument)).rstrip(".")


def decode_callback_data(data: str) -> Action | None:
    """Decode an action; None for data of another form."""
    code, *rest = data.split(".")
    if code not in ACTIONS_BY_CODE or len(rest) > 2:
        return None
    look_id, argument = (*rest, "", "")[:2]
    try:
        return Action(
            type=ACTIONS_BY_CODE[code],
            look_id=UUID(bytes=urlsafe_b64decode(f"{look_id}==")) if look_id else None,
            style=STYLES[int(argument)] if argument.isdecimal() else None,
            language=Language(argument) if argument and not argument.isdecimal() else None,
        )
    except (ValueError, IndexError, binascii.Error):
        return None
