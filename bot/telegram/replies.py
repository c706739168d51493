"""Replies to what a person says or presses: the business logic runs once, however often the job is repeated."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection
from telegram import InlineKeyboardMarkup

from bot.telegram.cards import send_card
from bot.telegram.delivery import REPLY_STEP, UpdateDelivery
from bot.telegram.outgoing_messages import text_messages
from bot.telegram.updates import IncomingUpdate
from bot.telegram.verdicts import send_verdict, shows_picture
from core.conversation.actions import Action
from core.conversation.reply import Reply, ReplyKind
from core.conversation.reply_checkpoints import restore_reply
from core.conversation.reply_texts import reply_sentences
from core.conversation.result_card_texts import can_have_card
from core.conversation.service import ConversationService
from core.db import inbox
from core.db.people import Person
from core.db.schema import Channel
from core.i18n.translations import Language, translate

CARD_REPLIES = {ReplyKind.CARD, ReplyKind.DETAILS}
"""Replies that come with the result card, if there is one."""


async def answer_question(
    delivery: UpdateDelivery, conversation: ConversationService, person: Person, text: str, look_id: UUID | None = None
) -> bool:
    """Reply to text that answers a pending question or is about a new verdict.

    In a group text answers no question, since the question may have been asked in private.

    Args:
        delivery: sends the reply.
        conversation: the business logic.
        person: the sender.
        text: the message.
        look_id: the look that it is about; the one shown last by default.

    Returns:
        Whether there was a reply.

    Raises:
        EvaError: see `ConversationService.handle_text` and `UpdateDelivery.send_all`.
    """
    if not delivery.is_private:
        await conversation.delete_name_question(person)
        return False
    record = partial(_record_reply, delivery)
    operation = partial(conversation.handle_text, person, text, look_id, chat=_chat_key(delivery), record=record)
    reply = await _run_once(delivery, person, operation, text)
    if reply is None:
        return False
    keyboard = None
    if reply.look is not None:
        keyboard = delivery.keyboards.look(reply.look, conversation.settings, guesses_first=person.guesses_first)
    await send_reply(delivery, conversation, person, reply, keyboard=keyboard)
    return True


async def act(
    delivery: UpdateDelivery, conversation: ConversationService, person: Person, action: Action
) -> Reply | None:
    """Execute an action, once in all attempts.

    Args:
        delivery: holds the checkpoints.
        conversation: executes it.
        person: the sender.
        action: what to do.

    Returns:
        The reply; None if an earlier attempt executed it and there is nothing left to say.

    Raises:
        EvaError: see `ConversationService.handle_action`.
    """
    record = partial(_record_reply, delivery)
    operation = partial(conversation.handle_action, person, action, chat=_chat_key(delivery), record=record)
    reply = await _run_once(delivery, person, operation)
    if reply is not None and reply.kind is ReplyKind.ACCOUNT_ERASED:
        # Not in the transaction of the erasure, which may be rolled back.
        delivery.is_erasure = True
    return reply


async def send_reply(
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
    look = reply.look
    has_card = look is not None and can_have_card(look) and shows_picture(delivery, look)
    if reply.kind is ReplyKind.CARD and not has_card:
        reply = replace(reply, kind=ReplyKind.NO_CARD)
    delivery.language, sentences = reply.language, reply_sentences(reply)
    if reply.reveals_verdict and reply.look is not None:
        await send_verdict(delivery, conversation, person, reply.look, note="\n".join(sentences) or None)
        return
    if reply.kind in CARD_REPLIES and look is not None and has_card:
        caption = "\n".join(sentences)
        failed = translate("talk.card.failed", reply.language) if reply.kind is ReplyKind.CARD else caption
        await send_card(delivery, conversation, look, caption, if_missing=failed)
        return
    messages = text_messages(*sentences, keyboard=delivery.keyboards.prompt(reply) or keyboard)
    await delivery.send_all("reply", messages, look_id=None if look is None else look.id)


async def confirm_erasure(delivery: UpdateDelivery, update: IncomingUpdate) -> None:
    """Confirm an erasure that an earlier attempt executed, although everything about the person is gone by then.

    The press that confirmed it stays in the inbox, without its sender and all names, until this is sent. No new person
    is created.

    Raises:
        EvaError: see `UpdateDelivery.send_all`.
    """
    delivery.language = Language(delivery.checkpoint(REPLY_STEP)["language"])
    reply = Reply(kind=ReplyKind.ACCOUNT_ERASED, language=delivery.language)
    await delivery.send_all("reply", text_messages(*reply_sentences(reply)))
    if update.message_id is not None:
        await delivery.client.edit_keyboard(delivery.chat_id, update.message_id, None)


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


async def _record_reply(delivery: UpdateDelivery, connection: AsyncConnection, reply: Reply) -> None:
    """Record the checkpoint of a reply in the transaction of its action."""
    if reply.kind is ReplyKind.ACCOUNT_ERASED:
        await _record_erasure(delivery, connection)
    await delivery.record_checkpoint(REPLY_STEP, reply.to_checkpoint(), transaction=connection)


async def _record_erasure(delivery: UpdateDelivery, transaction: AsyncConnection) -> None:
    """Keep the press that confirmed an erasure, in the transaction of the erasure."""
    update = await inbox.get(transaction, delivery.inbox_id)
    if update is not None and update.payload is not None:
        await inbox.delete_sender(transaction, update.id, _without_names(update.payload))


def _without_names(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The update of a button press with what its job needs: ids, and the data of the button."""
    press = payload["callback_query"]
    reduced = {
        **{name: press[name] for name in ("id", "chat_instance", "data") if name in press},
        "from": {"id": press["from"]["id"], "is_bot": False, "first_name": ""},
    }
    if message := press.get("message"):
        chat = {name: message["chat"][name] for name in ("id", "type")}
        reduced["message"] = {"message_id": message["message_id"], "date": message["date"], "chat": chat}
    return {"update_id": payload["update_id"], "callback_query": reduced}


def _chat_key(delivery: UpdateDelivery) -> str:
    """The chat as the business logic names it."""
    return f"{Channel.TELEGRAM}:{delivery.chat_id}"
