"""Who may press a button, where, and for how long.

A button belongs to the person for whom it was sent. In a chat with more than one person only the actions listed here
are executed, and only on photos that were sent to that chat; everything else leads to the private chat.
"""

from enum import Enum, auto

from bot.telegram.deep_links import look_argument
from bot.telegram.keyboards import EXPIRING_ACTIONS, CallbackData
from core.conversation.actions import ActionType
from core.db.looks import Look
from core.db.people import Person

QUESTION_SECONDS = 600
"""For which the buttons of a question can be pressed that deletes or publishes something."""
GROUP_LOOK_ACTIONS = {
    ActionType.GUESS,
    ActionType.CORRECT,
    ActionType.SHOW_RESULT,
    ActionType.SHOW_DETAILS,
    ActionType.CANCEL,
}
"""The actions on a look that are executed in groups."""
GROUP_ACTIONS = {ActionType.NEW_PHOTO, ActionType.SHOW_LEADERBOARD, ActionType.SHOW_PRIVACY}
"""The actions without a look that are executed in groups."""
PRIVATE_CHAT_ARGUMENTS = {
    ActionType.SET_LANGUAGE: "language",
    ActionType.ASK_ERASE: "forget",
    ActionType.CONFIRM_ERASE: "forget",
    ActionType.CANCEL: "forget",
    ActionType.OPEN_ACCOUNT: "me",
    ActionType.SHOW_HISTORY: "me",
    ActionType.SHOW_WEEK: "week",
    ActionType.ALLOW_LEARNING: "privacy",
    ActionType.DECLINE_LEARNING: "privacy",
}
"""Arguments of `/start` that show what a button of a group must not; "hello" for the others."""


class PressRefusal(Enum):
    """Why a button press has no effect."""

    OTHER_OWNER = auto()
    """The button belongs to another person, or to an unknown one."""
    EXPIRED = auto()
    """The question was asked too long ago."""
    PRIVATE_ONLY = auto()
    """The action is executed in the private chat only."""


def check_press(data: CallbackData, user_id: int, *, is_private: bool, now: float) -> PressRefusal | None:
    """Whether a press has no effect, as far as the button tells.

    Args:
        data: the content of the button.
        user_id: Telegram id of the person who pressed it.
        is_private: whether the person is alone with Eva in the chat.
        now: Unix time in seconds.

    Returns:
        The reason; None for a press to execute.
    """
    if data.owner_id != user_id and not (is_private and data.owner_id is None):
        return PressRefusal.OTHER_OWNER
    action = data.action
    if not is_private and action.type not in (GROUP_ACTIONS if action.look_id is None else GROUP_LOOK_ACTIONS):
        return PressRefusal.PRIVATE_ONLY
    if action.type in EXPIRING_ACTIONS and now - (data.asked_at or 0) > QUESTION_SECONDS:
        return PressRefusal.EXPIRED
    return None


def check_group_look(look: Look, person: Person, chat_id: int) -> PressRefusal | None:
    """Whether an action on a look has no effect in a group: the look is another person's, or from another chat."""
    if look.person_id != person.id:
        return PressRefusal.OTHER_OWNER
    return None if is_from_chat(look, chat_id) else PressRefusal.PRIVATE_ONLY


def is_from_chat(look: Look, chat_id: int) -> bool:
    """Whether the photo of a look was sent to this chat."""
    return look.source_message_id.startswith(f"{chat_id}:")


def private_chat_argument(data: CallbackData) -> str:
    """The argument of `/start` with which the private chat continues where a button of a group stops."""
    action = data.action
    return look_argument(action.look_id) if action.look_id else PRIVATE_CHAT_ARGUMENTS.get(action.type, "hello")
