"""Photos that are judged and of which nothing is stored: those of other people, and of senders who are not known.

A person who replies to another person's photo asks about it; the photo is not theirs to keep, to share or to correct. A
message in the name of a group or a channel has no sender whom a look could belong to.

See ADR 0023.
"""

import re
from collections.abc import Sequence

from telegram.constants import ChatAction

from bot.telegram.commands import handle_command
from bot.telegram.delivery import UpdateDelivery
from bot.telegram.outgoing_messages import text_messages
from bot.telegram.photos import album_failures, answer_self_harm, verdict_step
from bot.telegram.updates import CommandMessage, IncomingUpdate, PhotoMessage, TextMessage, UnsupportedMessage
from bot.telegram.verdicts import format_verdict
from core.conversation.album_summary import MAX_ALBUM_PHOTOS, AlbumPhoto, summarize_album
from core.conversation.narration import public_verdict_messages
from core.conversation.service import ConversationService
from core.conversation.smalltalk import unsupported_media_reply
from core.db.schema import Channel
from core.i18n.translations import Language, translate
from core.services.photo_judging import UnstoredPhoto

HANGUL = re.compile("[가-힣ㄱ-ㅎㅏ-ㅣ]")


async def handle_photo_of_other(
    delivery: UpdateDelivery, conversation: ConversationService, photo: PhotoMessage
) -> None:
    """Judge the photo of another person, about which the sender asks.

    Args:
        delivery: sends the reply.
        conversation: the business logic.
        photo: the photo, of this chat or of another one.

    Raises:
        EvaError: see `PhotoJudgingService.judge_unstored_photo`, `TelegramClient.download` and
            `UpdateDelivery.send_all`.
    """
    if photo.caption and await answer_self_harm(delivery, photo.caption):
        return
    judged = await _judge(delivery, conversation, photo)
    # Members of a group may not have seen what was sent to another chat.
    is_shown = delivery.is_private or not photo.is_from_other_chat
    await _send_verdict(
        delivery, judged, note=translate("telegram.photo_of_other", delivery.language), is_shown=is_shown
    )


async def handle_anonymous(
    delivery: UpdateDelivery, conversation: ConversationService, updates: Sequence[IncomingUpdate]
) -> None:
    """Reply to a message, or an album, in the name of a group or a channel.

    Args:
        delivery: sends the reply.
        conversation: the business logic.
        updates: a single message, or the messages of an album in their order.

    Raises:
        EvaError: see `handle_photo_of_other`.
    """
    first = updates[0]
    # Telegram does not tell the language of such senders.
    if any(HANGUL.search(_written_text(update)) for update in updates):
        delivery.language = Language.KO
    language = delivery.language
    written = " ".join(filter(None, map(_written_text, updates)))
    if written and await answer_self_harm(delivery, written):
        return
    if len(updates) > 1 and any(isinstance(update, PhotoMessage) for update in updates):
        await _handle_album(delivery, conversation, updates)
    elif isinstance(first, PhotoMessage):
        judged = await _judge(delivery, conversation, first)
        is_shown = not first.is_from_other_chat
        await _send_verdict(
            delivery, judged, note=translate("telegram.photo_of_anonymous", language), is_shown=is_shown
        )
    elif isinstance(first, CommandMessage):
        await handle_command(delivery, conversation, None, first.name, first.argument, names_bot=first.names_bot)
    elif isinstance(first, UnsupportedMessage):
        await delivery.send_all("reply", text_messages(unsupported_media_reply(first.media, language)))
    else:
        keyboard = delivery.keyboards.private_chat("hello")
        await delivery.send_all("reply", text_messages(translate("telegram.anonymous", language), keyboard=keyboard))


def _written_text(update: IncomingUpdate) -> str:
    match update:
        case PhotoMessage():
            return update.caption
        case TextMessage():
            return update.text
        case _:
            return ""


async def _handle_album(
    delivery: UpdateDelivery, conversation: ConversationService, updates: Sequence[IncomingUpdate]
) -> None:
    photos, judged, failures = [], {}, album_failures(delivery)
    for number, update in enumerate(updates[:MAX_ALBUM_PHOTOS], start=1):
        if isinstance(update, UnsupportedMessage):
            photos.append(AlbumPhoto(number=number, failure=update.media))
        elif isinstance(update, PhotoMessage):
            try:
                judged[number] = await _judge(delivery, conversation, update)
            except failures as error:
                photos.append(AlbumPhoto(number=number, failure=error))
            else:
                photos.append(AlbumPhoto(number=number, verdict=judged[number].verdict))
    omitted_count = max(0, len(updates) - MAX_ALBUM_PHOTOS)
    summary = summarize_album(photos, delivery.language, omitted_count=omitted_count)
    if summary.best is None:
        await delivery.send_all("album", text_messages(summary.text))
        return
    note = f"{translate('telegram.photo_of_anonymous', delivery.language)}\n{summary.text}"
    step = verdict_step(summary.best)
    await _send_verdict(delivery, judged[summary.best.number], note=note, is_shown=True, step=step)


async def _judge(delivery: UpdateDelivery, conversation: ConversationService, photo: PhotoMessage) -> UnstoredPhoto:
    async with (
        delivery.chat_action(ChatAction.TYPING),
        delivery.client.download(photo.file_id, photo.file_size) as data,
    ):
        return await conversation.photo_judging.judge_unstored_photo(
            data,
            channel=Channel.TELEGRAM,
            asked_by=str(photo.chat_id if photo.is_anonymous else photo.user_id),
            request_id=str(photo.update_id),
            language=delivery.language,
        )


async def _send_verdict(
    delivery: UpdateDelivery, judged: UnstoredPhoto, *, note: str, is_shown: bool, step: str = "verdict"
) -> None:
    """Send what strangers may read about a look, without buttons."""
    messages = format_verdict(
        public_verdict_messages(judged.verdict, seed=judged.seed, language=delivery.language),
        judged.verdict,
        heatmap=judged.heatmap if is_shown else None,
        keyboard=None,
        note=note,
    )
    await delivery.send_all(step, messages)
