"""Erasure of a person: the confirmation is sent although everything about the person is gone by then.

The press that confirmed it stays in the inbox, without its sender and all names, until the confirmation is sent. So a
worker that is killed, or does not reach Telegram, leaves that to another attempt.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.telegram.delivery import REPLY_STEP, UpdateDelivery
from bot.telegram.outgoing_messages import text_messages
from bot.telegram.updates import IncomingUpdate
from core.conversation.reply import Reply, ReplyKind
from core.conversation.reply_texts import reply_sentences
from core.db import inbox
from core.i18n.translations import Language


async def record_erasure(delivery: UpdateDelivery, transaction: AsyncConnection) -> None:
    """Keep the press that confirmed an erasure, in the transaction of the erasure."""
    update = await inbox.get(transaction, delivery.inbox_id)
    if update is not None and update.payload is not None:
        await inbox.delete_sender(transaction, update.id, _without_names(update.payload))


async def send_confirmation(delivery: UpdateDelivery, update: IncomingUpdate) -> None:
    """Confirm an erasure that an earlier attempt executed. No new person is created.

    Raises:
        EvaError: see `UpdateDelivery.send_all`.
    """
    delivery.language = Language(delivery.checkpoint(REPLY_STEP)["language"])
    reply = Reply(kind=ReplyKind.ACCOUNT_ERASED, language=delivery.language)
    await delivery.send_all("reply", text_messages(*reply_sentences(reply)))
    if update.message_id is not None:
        await delivery.client.edit_keyboard(delivery.chat_id, update.message_id, None)


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
