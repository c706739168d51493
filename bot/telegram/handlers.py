"""Handlers of messages and button presses: each runs the business logic and sends its result."""

from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection
from telegram import InlineKeyboardMarkup
from telegram.constants import ChatAction

from bot.telegram.button_rules import is_from_chat
from bot.telegram.cards import send_card, send_week
from bot.telegram.client import LARGE_FILE_BYTES
from bot.telegram.delivery import REPLY_STEP, UpdateDelivery
from bot.telegram.erasure import record_erasure
from bot.telegram.formatting import format_verdict, text_messages
from bot.telegram.public_looks import send_similar_looks
from bot.telegram.updates import ButtonPress, PhotoMessage
from core.conversation.actions import Action, ActionType
from core.conversation.intents import Intent, find_intent
from core.conversation.narration import verdict_messages
from core.conversation.occasion_fit import answer_caption
from core.conversation.reply import Reply, ReplyKind
from core.conversation.reply_checkpoints import restore_reply
from core.conversation.reply_texts import reply_sentences
from core.conversation.result_card_texts import can_have_card
from core.conversation.service import ConversationService
from core.conversation.style_names import parse_style_answer
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import Channel, PendingQuestion
from core.i18n.translations import pick_variant, translate
from core.services.photo_judging import JudgedPhoto

QUOTE_PREFIX = "quoted:"
"""Of the source of a look whose photo its owner quoted in a group from another chat: it was not sent to the group."""
SHARING_ACTIONS = {
    ActionType.SHARE,
    ActionType.ACCEPT_NAME,
    ActionType.CONFIRM_NAME,
    ActionType.CANCEL_NAME,
    ActionType.KEEP_PRIVATE,
    ActionType.UNSHARE,
}
"""Actions that change the buttons of a look."""
FINAL_ACTIONS = {
    ActionType.GUESS,
    ActionType.CORRECT,
    ActionType.SHOW_RESULT,
    ActionType.SET_LANGUAGE,
    ActionType.CONFIRM_ERASE,
    ActionType.ALLOW_LEARNING,
    ActionType.DECLINE_LEARNING,
    ActionType.START_DAILY_NEWS,
    ActionType.STOP_DAILY_NEWS,
    ActionType.CANCEL,
}
"""Answers to a question, whose buttons are removed afterward."""
FINAL_PERSON_ACTIONS = FINAL_ACTIONS - {ActionType.GUESS, ActionType.CORRECT, ActionType.SHOW_RESULT}
"""The final actions that are about no look."""


async def handle_photo(
    delivery: UpdateDelivery, conversation: ConversationService, person: Person, photo: PhotoMessage
) -> None:
    """Judge a photo and send the verdict, or ask for a guess first if the person wants to guess.

    Args:
        delivery: sends the reply.
        conversation: the business logic.
        person: the sender.
        photo: the message.

    Raises:
        EvaError: see `PhotoJudgingService.judge_photo`, `TelegramClient.download` and `UpdateDelivery.send_all`.
    """
    if photo.caption and await answer_self_harm(delivery, photo.caption):
        return
    if delivery.has_sent_anything and delivery.checkpoint("ask.1") is not None:
        return  # An earlier attempt asked for a guess, which may have been answered since then.
    async with delivery.chat_action(ChatAction.TYPING):
        judged = await judge_photo(delivery, conversation, person, photo)
    look, language = judged.look, delivery.language
    answer = answer_caption(photo.caption, look.verdict, language) if photo.caption else None
    # By an earlier attempt, which recorded the reply and could not send it.
    has_guessed = bool(photo.caption) and delivery.checkpoint(REPLY_STEP) is not None
    if judged.is_duplicate:
        await conversation.mark_verdict_shown(look)
    if judged.is_duplicate and not shows_picture(delivery, look):
        await send_verdict(delivery, conversation, person, look, note=answer)
    elif judged.is_duplicate:
        remembered = translate(pick_variant("talk.remembered", look.variant_seed, language), language)
        note = "\n".join(filter(None, [remembered, answer]))
        await send_verdict(delivery, conversation, person, look, note=note)
    elif look.pending_question is not PendingQuestion.GUESS and not has_guessed:
        await send_verdict(delivery, conversation, person, look, heatmap=judged.heatmap, note=answer)
    elif (guess := parse_style_answer(photo.caption)) is None:
        keyboard = delivery.keyboards.guess(look.id)
        await delivery.send_all("ask", text_messages(translate("talk.guess.ask", language), keyboard=keyboard))
    else:
        action = Action(type=ActionType.GUESS, look_id=look.id, style=guess)
        reply = await _act(delivery, conversation, person, action)
        if reply is not None:
            await _send_reply(delivery, conversation, person, reply)


async def answer_self_harm(delivery: UpdateDelivery, caption: str) -> bool:
    """Reply to a caption that speaks of self-harm, instead of a verdict.

    Args:
        delivery: sends the reply.
        caption: what is written under the photos.

    Returns:
        Whether there was a reply.

    Raises:
        EvaError: see `UpdateDelivery.send_all`.
    """
    if find_intent(caption) is not Intent.SELF_HARM:
        return False
    await delivery.send_all("crisis", text_messages(translate("talk.crisis", delivery.language)))
    return True


async def answer_question(
    delivery: UpdateDelivery, conversation: ConversationService, person: Person, text: str
) -> bool:
    """Reply to text that answers a pending question or is about a new verdict.

    In a group text answers no question, since the question may have been asked in private.

    Args:
        delivery: sends the reply.
        conversation: the business logic.
        person: the sender.
        text: the message.

    Returns:
        Whether there was a reply.

    Raises:
        EvaError: see `ConversationService.handle_text` and `UpdateDelivery.send_all`.
    """
    if not delivery.is_private:
        await conversation.delete_name_question(person)
        return False
    record = partial(_record_reply, delivery)
    operation = partial(conversation.handle_text, person, text, chat=chat_key(delivery), record=record)
    reply = await _run_once(delivery, person, operation, text)
    if reply is None:
        return False
    keyboard = None
    if reply.look is not None:
        keyboard = delivery.keyboards.look(reply.look, conversation.settings, guesses_first=person.guesses_first)
    await _send_reply(delivery, conversation, person, reply, keyboard=keyboard)
    return True


async def handle_callback(
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
    reply = await _act(delivery, conversation, person, action)
    if reply is None:
        return
    keyboard = None
    if action.look_id is None and action.type in {ActionType.GUESS, ActionType.REVEAL_FIRST}:
        delivery.language = reply.language
        keyboard = delivery.keyboards.guess_mode(guesses_first=action.type is ActionType.GUESS)
    await _send_reply(delivery, conversation, person, reply, keyboard=keyboard)
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
    elif action.type in FINAL_ACTIONS and (action.look_id is not None or action.type in FINAL_PERSON_ACTIONS):
        await delivery.client.edit_keyboard(delivery.chat_id, press.message_id, None)


async def send_verdict(
    delivery: UpdateDelivery,
    conversation: ConversationService,
    person: Person,
    look: Look,
    *,
    heatmap: bytes | None = None,
    note: str | None = None,
    step: str = "verdict",
) -> None:
    """Send the verdict on a look that does not wait for a guess any more, with its heatmap and its buttons.

    In a group a look from another chat has neither: its picture may differ from the one that was sent to the group.

    Args:
        delivery: sends the messages.
        conversation: has the settings.
        person: the owner of the look.
        look: the look.
        heatmap: its heatmap as a JPEG; None to load it from the object storage.
        note: said first.
        step: see `UpdateDelivery.send_all`.

    Raises:
        EvaError: see `UpdateDelivery.send_all` and `UpdateDelivery.load_image`.
    """
    if shows_picture(delivery, look):
        picture = heatmap or await delivery.load_image(look.heatmap_key)
        keyboard = delivery.keyboards.look(look, conversation.settings, guesses_first=person.guesses_first)
    else:
        picture, keyboard = None, delivery.keyboards.private_look(look.id)
    messages = format_verdict(
        verdict_messages(look.verdict, seed=look.variant_seed, language=delivery.language),
        look.verdict,
        heatmap=picture,
        keyboard=keyboard,
        note=note,
    )
    await delivery.send_all(step, messages)


def shows_picture(delivery: UpdateDelivery, look: Look) -> bool:
    """Whether everybody in the chat may see the picture of a look: it was sent there, or the chat is private."""
    return delivery.is_private or is_from_chat(look, delivery.chat_id)


def chat_key(delivery: UpdateDelivery) -> str:
    """The chat as the business logic names it."""
    return f"{Channel.TELEGRAM}:{delivery.chat_id}"


async def judge_photo(
    delivery: UpdateDelivery, conversation: ConversationService, person: Person, photo: PhotoMessage
) -> JudgedPhoto:
    """Download a photo and judge it.

    Args:
        delivery: downloads the photo.
        conversation: judges it.
        person: who sent it.
        photo: the message with the photo.

    Raises:
        EvaError: see `handle_photo`.
    """
    source = f"{photo.chat_id}:{photo.message_id}"
    if photo.is_from_other_chat and not delivery.is_private:
        source = f"{QUOTE_PREFIX}{source}"
    async with delivery.client.large_files if photo.file_size > LARGE_FILE_BYTES else nullcontext():
        return await conversation.photo_judging.judge_photo(
            await delivery.client.download(photo.file_id),
            person_id=person.id,
            channel=Channel.TELEGRAM,
            source_message_id=source,
            language=person.language,
            is_answered=delivery.has_sent_anything,
        )


async def _act(
    delivery: UpdateDelivery, conversation: ConversationService, person: Person, action: Action
) -> Reply | None:
    """Execute an action, once in all attempts."""
    record = partial(_record_reply, delivery)
    operation = partial(conversation.handle_action, person, action, chat=chat_key(delivery), record=record)
    reply = await _run_once(delivery, person, operation)
    if reply is not None and reply.kind is ReplyKind.ACCOUNT_ERASED:
        # Not in the transaction of the erasure, which may be rolled back.
        delivery.is_erasure = True
    return reply


async def _record_reply(delivery: UpdateDelivery, connection: AsyncConnection, reply: Reply) -> None:
    """Record the checkpoint of a reply in the transaction of its action."""
    if reply.kind is ReplyKind.ACCOUNT_ERASED:
        await record_erasure(delivery, connection)
    await delivery.record_checkpoint(REPLY_STEP, reply.to_checkpoint(), transaction=connection)


async def _run_once(
    delivery: UpdateDelivery,
    person: Person,
    operation: Callable[[], Awaitable[Reply | None]],
    text: str | None = None,
) -> Reply | None:
    """Run an operation in the first attempt only; later attempts restore its reply from a checkpoint.

    Running it again could have another result: a shared look cannot be shared, and only the first guess counts.

    Args:
        delivery: holds the checkpoints.
        person: the sender.
        operation: returns a reply, or None if there is nothing to restore; records the reply if it changes anything.
        text: the message that the operation handles, if it handles one.
    """
    checkpoint = delivery.checkpoint(REPLY_STEP)
    if checkpoint is not None:
        async with delivery.resources.database.connection() as connection:
            return await restore_reply(connection, person, checkpoint, text)
    reply = await operation()
    if reply is not None and delivery.checkpoint(REPLY_STEP) is None:
        await delivery.record_checkpoint(REPLY_STEP, reply.to_checkpoint())
    return reply


async def _send_reply(
    delivery: UpdateDelivery,
    conversation: ConversationService,
    person: Person,
    reply: Reply,
    *,
    keyboard: InlineKeyboardMarkup | None = None,
) -> None:
    """Send a reply of the business logic, with the buttons that it prompts for.

    Args:
        delivery: sends the messages.
        conversation: the business logic.
        person: the recipient.
        reply: the reply.
        keyboard: the buttons of a reply without a prompt.
    """
    delivery.language, sentences = reply.language, reply_sentences(reply)
    if reply.reveals_verdict and reply.look is not None:
        await send_verdict(delivery, conversation, person, reply.look, note="\n".join(sentences) or None)
        return
    look = reply.look
    if reply.kind is ReplyKind.DETAILS and look is not None and can_have_card(look) and shows_picture(delivery, look):
        await send_card(delivery, conversation, look, "\n".join(sentences))
        return
    await delivery.send_all("reply", text_messages(*sentences, keyboard=delivery.keyboards.prompt(reply) or keyboard))
