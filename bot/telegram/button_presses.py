"""Presses of buttons: whether they have an effect, the reply to the action, and the buttons afterward.

A button belongs to the person for whom it was sent. In a chat with more than one person only the actions listed here
are executed, and only on photos that were sent to that chat; everything else leads to the private chat.
"""

import time
from enum import Enum, auto

from bot.telegram.cards import send_week
from bot.telegram.commands import send_similar_looks
from bot.telegram.deep_links import look_argument, private_chat_url
from bot.telegram.delivery import REPLY_STEP, UpdateDelivery
from bot.telegram.keyboards import EXPIRING_ACTIONS
from bot.telegram.outgoing_messages import text_messages
from bot.telegram.replies import act, send_reply
from bot.telegram.updates import ButtonPress
from bot.telegram.verdicts import shows_picture
from core.conversation.actions import Action, ActionType
from core.conversation.service import ConversationService
from core.db import looks, people
from core.db.people import Person
from core.db.schema import IdentityProvider
from core.i18n.translations import translate

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
"""Arguments of `/start` that show what a button of a group without a look must not; "hello" for the others."""


class PressRefusal(Enum):
    """Why a button press has no effect."""

    OTHER_OWNER = auto()
    """The button belongs to another person, or to an unknown one."""
    EXPIRED = auto()
    """The question was asked too long ago."""
    PRIVATE_ONLY = auto()
    """The action is executed in the private chat only."""


REFUSAL_TEXT_KEYS = {
    PressRefusal.OTHER_OWNER: "telegram.button_of_other",
    PressRefusal.EXPIRED: "telegram.button_expired",
}
"""The alert for a press without an effect."""
SHARING_ACTIONS = {
    ActionType.SHARE,
    ActionType.ACCEPT_NAME,
    ActionType.CONFIRM_NAME,
    ActionType.CANCEL_NAME,
    ActionType.KEEP_PRIVATE,
    ActionType.UNSHARE,
}
"""Actions that change the buttons of a look."""
LOOK_ANSWERS = {ActionType.GUESS, ActionType.CORRECT, ActionType.SHOW_RESULT}
"""Answers to a question about a look, whose buttons are removed afterward. Without a look they are no answers."""
ANSWERS = {
    ActionType.SET_LANGUAGE,
    ActionType.CONFIRM_ERASE,
    ActionType.ALLOW_LEARNING,
    ActionType.DECLINE_LEARNING,
    ActionType.START_DAILY_NEWS,
    ActionType.STOP_DAILY_NEWS,
    ActionType.CANCEL,
}
"""The same for all other questions."""


async def accept_press(delivery: UpdateDelivery, press: ButtonPress) -> bool:
    """Whether a press is to be executed; if not, only the person who pressed is told why.

    Raises:
        DeliveryError: Telegram could not be reached or demands a long wait.
    """
    refusal, client = await _find_refusal(delivery, press), delivery.client
    if refusal is None:
        await client.answer_callback_query(press.query_id)
        return True
    if refusal is PressRefusal.PRIVATE_ONLY and press.data is not None:
        action = press.data.action
        argument = PRIVATE_CHAT_ARGUMENTS.get(action.type, "hello")
        if action.look_id is not None:
            argument = look_argument(action.look_id)
        url = private_chat_url(client.bot_username, argument)
        await client.answer_callback_query(press.query_id, url=url)
        return False
    await client.answer_callback_query(press.query_id, alert=translate(REFUSAL_TEXT_KEYS[refusal], delivery.language))
    if refusal is PressRefusal.EXPIRED and press.message_id is not None:
        await client.edit_keyboard(press.chat_id, press.message_id, None)
    return False


async def handle_press(
    delivery: UpdateDelivery, conversation: ConversationService, person: Person, press: ButtonPress
) -> None:
    """Run the action of a button, send its result and update the buttons of the message.

    Args:
        delivery: sends the reply.
        conversation: the business logic.
        person: who pressed.
        press: the button press.

    Raises:
        EvaError: see `ConversationService.handle_action` and `UpdateDelivery.send_all`.
    """
    if press.data is None:
        await delivery.send_all("reply", text_messages(translate("telegram.unknown_button", delivery.language)))
        return
    action = press.data.action
    if action.type is ActionType.SHOW_SIMILAR:
        await conversation.delete_name_question(person)
        await send_similar_looks(delivery, conversation, person, action.look_id)
        return
    if action.type is ActionType.SHOW_WEEK:
        await conversation.delete_name_question(person)
        await send_week(delivery, conversation, person)
        return
    reply = await act(delivery, conversation, person, action)
    if reply is None:
        return
    keyboard = None
    if action.look_id is None and action.type in {ActionType.GUESS, ActionType.REVEAL_FIRST}:
        delivery.language = reply.language
        keyboard = delivery.keyboards.guess_mode(guesses_first=action.type is ActionType.GUESS)
    await send_reply(delivery, conversation, person, reply, keyboard=keyboard)
    # The question whether Eva may learn follows an answer; every other prompt leaves the question open.
    is_open = reply.prompt not in {None, ActionType.ALLOW_LEARNING}
    if press.message_id is None or is_open or (action.look_id is not None and reply.look is None):
        return
    if action.type in SHARING_ACTIONS and reply.look is not None:
        is_kept = action.type is ActionType.KEEP_PRIVATE
        keyboard = delivery.keyboards.look(
            reply.look, conversation.settings, guesses_first=person.guesses_first, is_kept=is_kept
        )
        await delivery.client.edit_keyboard(delivery.chat_id, press.message_id, keyboard)
    elif action.type in ANSWERS or (action.type in LOOK_ANSWERS and action.look_id is not None):
        await delivery.client.edit_keyboard(delivery.chat_id, press.message_id, None)


async def _find_refusal(delivery: UpdateDelivery, press: ButtonPress) -> PressRefusal | None:
    """Why a press has no effect; None for one to execute."""
    if delivery.checkpoint(REPLY_STEP) is not None:
        return None  # An earlier attempt checked it, and executed the action.
    if press.data is None:
        return None if delivery.is_private else PressRefusal.OTHER_OWNER
    owner_id, action = press.data.owner_id, press.data.action
    if owner_id != press.user_id and not (delivery.is_private and owner_id is None):
        return PressRefusal.OTHER_OWNER
    if not delivery.is_private:
        return await _find_group_refusal(delivery, action)
    is_expired = action.type in EXPIRING_ACTIONS and time.time() - (press.data.asked_at or 0) > QUESTION_SECONDS
    return PressRefusal.EXPIRED if is_expired else None


async def _find_group_refusal(delivery: UpdateDelivery, action: Action) -> PressRefusal | None:
    """Why an action has no effect in a group: it is none for groups, or on a look of another person or chat."""
    if action.type not in (GROUP_ACTIONS if action.look_id is None else GROUP_LOOK_ACTIONS):
        return PressRefusal.PRIVATE_ONLY
    if action.look_id is None:
        return None
    async with delivery.resources.database.connection() as connection:
        person = await people.get_by_identity(connection, IdentityProvider.TELEGRAM, str(delivery.user_id))
        look = await looks.get(connection, action.look_id)
    if person is None or (look is not None and look.person_id != person.id):
        return PressRefusal.OTHER_OWNER
    # The answer to a press for a look that is gone says so.
    return None if look is None or shows_picture(delivery, look) else PressRefusal.PRIVATE_ONLY
